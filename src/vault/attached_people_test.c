/* Goal: only the core has rows sealed, only two people together attach, detach, release and accept
 * (TP-12, TP-15, DESIGN section 5.6). Method: other keys, bent and repeated messages. */
#include "vault/attached_test_core.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "vault/vault_test_people.h"

/* Not the core's key, a bent message, the same message twice, a session of before the restart. */
static void test_only_the_core(void)
{
    CLEANUP(core_done) Core c;
    CLEANUP(private_key_free) PrivateKey *thief = NULL;
    CoreRow row = { .size = 0 };
    CoreRow next = { .size = 0 };
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &row, 1, 100));
    core_image(&c, 1, 1, &next);
    PrivateKey *own = c.key;
    EXPECT_OK(private_key_generate(KEY_ED25519, &thief));
    c.key = thief;
    const Status forged = core_announce(&c, &row, &next);
    c.key = own;
    EXPECT_REFUSED(forged, REFUSED_ATTACHED_SIGNATURE);

    c.transaction++;
    EXPECT_OK(core_announce(&c, &row, &next));
    EXPECT_REFUSED(house_ask_core(c.house, VAULT_ATTACHED_ANNOUNCE, span_of_buffer(&c.request)),
            REFUSED_ATTACHED_REPLAYED);
    EXPECT_REFUSED(house_ask_core(c.house, VAULT_ATTACHED_RESOLVE, span_of_buffer(&c.request)),
            REFUSED_ATTACHED_SIGNATURE);
    for (size_t i = 8; i < c.request.size; i += 7) {
        c.request.data[i] ^= 1;
        EXPECT(status_refused(
                house_ask_core(c.house, VAULT_ATTACHED_ANNOUNCE, span_of_buffer(&c.request))));
        c.request.data[i] ^= 1;
    }
    EXPECT_OK(house_restart(c.house));
    EXPECT_REFUSED(house_ask_core(c.house, VAULT_ATTACHED_ANNOUNCE, span_of_buffer(&c.request)),
            REFUSED_ATTACHED_SESSION_UNKNOWN);
}

/* A captured database server may ask and look; it may neither register, complete nor release. */
static void test_rights(void)
{
    CLEANUP(core_done) Core c;
    EXPECT_OK(core_open(&c));
    EXPECT_REFUSED(
            house_ask_core(c.house, VAULT_ATTACHED_TABLE, SPAN("x")), REFUSED_VAULT_FORBIDDEN);
    EXPECT_REFUSED(
            house_ask_core(c.house, VAULT_ATTACHED_RELEASE, SPAN("x")), REFUSED_VAULT_FORBIDDEN);
    EXPECT_REFUSED(house_ask_core(c.house, VAULT_SIGN, SPAN("x")), REFUSED_VAULT_FORBIDDEN);
    EXPECT_REFUSED(house_ask_core(c.house, VAULT_STATUS, SPAN("")), REFUSED_VAULT_FORBIDDEN);
    EXPECT_REFUSED(house_ask(c.house, VAULT_ATTACHED_TABLE, SPAN("x")), REFUSED_VAULT_FORBIDDEN);
    EXPECT_REFUSED(core_register(&c, "pay"), REFUSED_ATTACHED_TABLE_EXISTS);
}

static Status decide(Core *c, const char *verb, const CoreRow *row, const char *what, Span image)
{
    uint8_t subject_memory[512];
    uint8_t memory[4096];
    RowView view;
    Buffer subject = BUFFER_OF(subject_memory);
    Buffer b = BUFFER_OF(memory);
    TRY(row_parse((Span) { row->image, row->size }, &view));
    TRY(buffer_print(&subject, "%s %u ", verb, c->table));
    TRY(hex_encode(view.key, &subject));
    TRY(buffer_print(&subject, "%s", what));
    TRY(core_approve(c, SPAN(ATTACHED_OPERATION_RELEASE), span_of_buffer(&subject), &b));
    TRY(buffer_put_framed(&b, image));
    return house_ask_operator(c->house, VAULT_ATTACHED_RELEASE, span_of_buffer(&b));
}

/* Two people release a row: it is looked at as before, and freezes again when it is still wrong. Or
 * they accept what stands there, or that it is gone: from then on that is right. */
static void test_two_people_decide(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &row, 1, 100));
    CoreRow changed = row;
    core_image(&c, 1, 1, &changed);
    EXPECT_REFUSED(core_locked(&c, &changed), REFUSED_ATTACHED_ROW_CHANGED);
    EXPECT_OK(decide(&c, "release", &row, "", (Span) { NULL, 0 }));
    EXPECT_OK(core_write(&c, &row, 1, 101));
    core_image(&c, 1, 2, &changed);
    EXPECT_REFUSED(core_locked(&c, &changed), REFUSED_ATTACHED_ROW_CHANGED);
    EXPECT_OK(decide(&c, "release", &row, "", (Span) { NULL, 0 }));
    EXPECT_REFUSED(core_locked(&c, &changed), REFUSED_ATTACHED_ROW_CHANGED); /* still wrong */

    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t what_memory[80] = { 0 };
    Buffer what = BUFFER_OF(what_memory);
    const Span image = { changed.image, changed.size };
    sha256(image, digest);
    EXPECT_OK(buffer_put_u8(&what, ' '));
    EXPECT_OK(hex_encode(SPAN_OF(digest), &what));
    EXPECT_REFUSED(
            decide(&c, "accept", &row, (const char *)what_memory, (Span) { row.image, row.size }),
            REFUSED_APPROVAL_INVALID); /* not the image that they signed */
    EXPECT_OK(decide(&c, "accept", &row, (const char *)what_memory, image));
    memcpy(changed.seal, c.house->answer.data, WIRE_SEAL_BYTES);
    EXPECT_OK(core_locked(&c, &changed));
    EXPECT_REFUSED(core_locked(&c, &row), REFUSED_ATTACHED_ROW_ROLLED_BACK);
    EXPECT_OK(decide(&c, "accept", &row, " absent", (Span) { NULL, 0 }));
    WireAttachedVerdict verdict;
    EXPECT_OK(core_check_absent(&c, &row, 0, &verdict));
    EXPECT(verdict.status == 0 && !verdict.frozen);
}

/* One signature twice, a used one, another's subject: nothing happens. */
static void test_two_people_are_needed(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    uint8_t memory[8192];
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &row, 1, 100));
    EXPECT_REFUSED(decide(&c, "forgive", &row, "", (Span) { NULL, 0 }), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(decide(&c, "accept", &row, " 00", (Span) { row.image, row.size }),
            REFUSED_APPROVAL_INVALID);
    const Act alone = { ATTACHED_OPERATION_RELEASE, SPAN("release 4096 1000"), { 0, 0 }, 1000000,
        100, false, false };
    Buffer one = BUFFER_OF(memory);
    EXPECT_OK(people_put_approvals(c.house, &alone, &one));
    EXPECT_OK(buffer_put_framed(&one, (Span) { NULL, 0 }));
    EXPECT_REFUSED(house_ask_operator(c.house, VAULT_ATTACHED_RELEASE, span_of_buffer(&one)),
            REFUSED_APPROVAL_QUORUM);
    Buffer b = BUFFER_OF(memory);
    EXPECT_OK(buffer_put_u8(&b, ATTACHED_DETACH));
    EXPECT_OK(buffer_put_u16(&b, c.table));
    EXPECT_OK(core_approve(&c, SPAN(ATTACHED_OPERATION_DETACH), SPAN("4097"), &b));
    EXPECT_REFUSED(house_ask_operator(c.house, VAULT_ATTACHED_TABLE, span_of_buffer(&b)),
            REFUSED_APPROVAL_INVALID);
    b.size = 3;
    EXPECT_OK(core_approve(&c, SPAN(ATTACHED_OPERATION_DETACH), SPAN("4096"), &b));
    EXPECT_OK(house_ask_operator(c.house, VAULT_ATTACHED_TABLE, span_of_buffer(&b)));
    EXPECT_REFUSED(core_write(&c, &row, 1, 1), REFUSED_ATTACHED_TABLE_UNKNOWN);
    EXPECT_OK(core_register(&c, "pay")); /* as a new table, of which nothing is known */
    EXPECT_REFUSED(core_locked(&c, &row), REFUSED_ATTACHED_TABLE_UNKNOWN);
}

/* What cannot be done spends nobody's signature: the same ones count when it can. */
static void test_a_refusal_spends_no_approval(void)
{
    CLEANUP(core_done) Core c;
    uint8_t memory[64 + 8192];
    EXPECT_OK(core_open(&c));
    EXPECT_REFUSED(core_register(&c, "pay"), REFUSED_ATTACHED_TABLE_EXISTS);
    uint8_t again_bytes[sizeof(c.memory)];
    Buffer again = BUFFER_OF(again_bytes);
    EXPECT_OK(buffer_put(&again, c.registration));
    EXPECT_REFUSED(house_ask_operator(c.house, VAULT_ATTACHED_TABLE, span_of_buffer(&again)),
            REFUSED_ATTACHED_TABLE_EXISTS);

    Buffer b = BUFFER_OF(memory);
    EXPECT_OK(buffer_put_u8(&b, ATTACHED_DETACH));
    EXPECT_OK(buffer_put_u16(&b, (uint16_t)(c.table + 1)));
    EXPECT_OK(core_approve(&c, SPAN(ATTACHED_OPERATION_DETACH), SPAN("4097"), &b));
    for (int i = 0; i < 2; i++)
        EXPECT_REFUSED(house_ask_operator(c.house, VAULT_ATTACHED_TABLE, span_of_buffer(&b)),
                REFUSED_ATTACHED_TABLE_UNKNOWN);
    EXPECT_OK(buffer_put_u8(&b, 0)); /* a byte behind the message */
    EXPECT_REFUSED(house_ask_operator(c.house, VAULT_ATTACHED_TABLE, span_of_buffer(&b)),
            REFUSED_BYTES_TRAILING);
    b.size = 3;
    b.data[2] = (uint8_t)c.table;
    EXPECT_OK(core_approve(&c, SPAN(ATTACHED_OPERATION_DETACH), SPAN("4096"), &b));
    EXPECT_OK(house_ask_operator(c.house, VAULT_ATTACHED_TABLE, span_of_buffer(&b)));

    EXPECT_OK(house_ask_operator(c.house, VAULT_ATTACHED_TABLE, span_of_buffer(&again)));
    EXPECT_REFUSED(house_ask_operator(c.house, VAULT_ATTACHED_TABLE, span_of_buffer(&again)),
            REFUSED_APPROVAL_REPLAYED);
}

TESTS(TEST(test_only_the_core), TEST(test_rights), TEST(test_two_people_decide),
        TEST(test_two_people_are_needed), TEST(test_a_refusal_spends_no_approval))
