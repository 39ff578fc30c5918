#define _GNU_SOURCE
/* Goal: a full number leaves vaultd only for an enrolled receiver, for a purpose it has, within its
 * budgets, with a reason, and in the log before the answer; a captured hufud gets it in no other
 * way (TP-8, TP-15, DESIGN section 5.6). Method: a whole vault; each condition missing in turn; the
 * log's chain recomputed as an auditor does. */
#include "vault/field_test_desk.h"

static const char card[] = "6222021234567894";
static const int both[2] = { 0, 1 };

static Desk desk;
static DeskKept kept;
static DeskReceiver bank;
static char value[WIRE_VALUE_BYTES_MAX + 1];

static House *open_desk(void)
{
    House *h = house_open();
    desk_open(&desk, h, "shop");
    desk_people(h);
    kept = (DeskKept) { 0 };
    ASSERT(status_ok(desk_protect(&desk, "payer-1", "", card, &kept)));
    if (bank.key == NULL) ASSERT(status_ok(private_key_generate(KEY_P256, &bank.key)));
    bank = (DeskReceiver) { "bank", bank.key,
        1 << REVEAL_BANK_CHANNEL | 1 << REVEAL_LEGAL_ORDER | 1 << REVEAL_FULL_DISPLAY, 5, 3 };
    return h;
}

static void close_desk(House **h)
{
    desk_close(&desk);
    house_close(*h);
}
#define DESK(h) __attribute__((unused)) CLEANUP(close_desk) House *h = open_desk()

static Status reveal(const WireReveal *r, const int people[2])
{
    value[0] = '\0';
    return desk_reveal(&desk, r, people, &bank, value);
}

/* --- the log --- */

static WireRevealHead head;
static WireRevealRecord last;
static uint32_t log_count;

/* Read the log from `first`, and continue `chain`. */
static Status read_log(House *h, uint64_t first, uint8_t chain[WIRE_HASH_BYTES])
{
    uint8_t memory[8];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, first));
    TRY(house_ask_operator(h, VAULT_REVEAL_LOG, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    TRY(wire_take_reveal_head(&c, &head));
    TRY(wire_take_count(&c, WIRE_REVEALS_MAX, &log_count));
    for (uint32_t i = 0; i < log_count; i++) {
        Span record;
        TRY(cursor_framed(&c, MEMORY_RECORD_BYTES_MAX, &record));
        const Span parts[] = { { chain, WIRE_HASH_BYTES }, record };
        uint8_t next[DIGEST_SHA256_BYTES];
        digest_parts(DIGEST_SHA256, parts, 2, next);
        memcpy(chain, next, sizeof(next));
        Cursor line = cursor_of(record);
        TRY(wire_take_reveal_record(&line, &last));
        TRY(cursor_end(&line));
    }
    return cursor_end(&c);
}

static Status kept_until(House *h, uint64_t number)
{
    uint8_t memory[8];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, number));
    return house_ask(h, VAULT_REVEAL_KEPT, span_of_buffer(&b));
}

/* --- tests --- */

static void test_a_bank_reads_what_it_may(void)
{
    DESK(h);
    uint8_t chain[WIRE_HASH_BYTES] = { 0 };
    EXPECT_OK(desk_enroll(h, &bank, both));
    const WireReveal r = desk_reveal_of(&desk, "payer-1", &kept, "bank");
    EXPECT_OK(reveal(&r, NULL));
    EXPECT(strcmp(value, card) == 0);
    /* hufud, which carried it, saw a box. */
    EXPECT(memmem(h->answer_memory, h->answer.size, card, 16) == NULL);
    EXPECT_OK(read_log(h, 1, chain));
    EXPECT(log_count == 1 && head.count == 1 && head.kept == 0);
    EXPECT(bytes_equal_ct(chain, head.chain, sizeof(chain)));
    EXPECT(last.number == 1 && last.status == 0 && span_equal(last.receiver, SPAN("bank")));
    EXPECT(span_equal(last.reason, SPAN("settlement 20261127")));
    EXPECT(span_equal(last.row_key, span_of_text(kept.token)));
}

static void test_the_same_on_the_sm_suite(void)
{
    house_use(KEYS_SM);
    PrivateKey *p256 = bank.key;
    bank.key = NULL;
    ASSERT(status_ok(private_key_generate(KEY_SM2, &bank.key)));
    {
        DESK(h);
        EXPECT_OK(desk_enroll(h, &bank, both));
        const WireReveal r = desk_reveal_of(&desk, "payer-1", &kept, "bank");
        EXPECT_OK(reveal(&r, NULL));
        EXPECT(strcmp(value, card) == 0);
    }
    private_key_free(&bank.key);
    bank.key = p256;
    house_use(KEYS_INTERNATIONAL);
}

static void test_receivers_need_two(void)
{
    DESK(h);
    static const int one[2] = { 0, 0 };
    static const int stranger[2] = { 0, 2 };
    const WireReveal r = desk_reveal_of(&desk, "payer-1", &kept, "bank");
    EXPECT_REFUSED(reveal(&r, NULL), REFUSED_RECEIVER_UNKNOWN);
    EXPECT_REFUSED(desk_enroll(h, &bank, one), REFUSED_APPROVAL_QUORUM);
    EXPECT_REFUSED(desk_enroll(h, &bank, stranger), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(reveal(&r, NULL), REFUSED_RECEIVER_UNKNOWN);
    EXPECT_OK(desk_enroll(h, &bank, both));
    EXPECT_REFUSED(desk_enroll(h, &bank, both), REFUSED_RECEIVER_EXISTS);
    EXPECT_OK(reveal(&r, NULL));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_OK(reveal(&r, NULL));
    uint8_t memory[8192];
    Buffer b = BUFFER_OF(memory);
    desk_approve(h, both, "remove-receiver", SPAN("bank"), "over", &b);
    EXPECT_OK(buffer_put_framed(&b, SPAN("bank")));
    EXPECT_REFUSED(house_ask(h, VAULT_RECEIVER_REMOVE, span_of_buffer(&b)),
            REFUSED_VAULT_FORBIDDEN); /* not from hufud */
    EXPECT_OK(house_ask_operator(h, VAULT_RECEIVER_REMOVE, span_of_buffer(&b)));
    EXPECT_REFUSED(reveal(&r, NULL), REFUSED_RECEIVER_UNKNOWN);
}

static void test_purposes(void)
{
    DESK(h);
    static const int one[2] = { 1, 1 };
    EXPECT_OK(desk_enroll(h, &bank, both));
    WireReveal r = desk_reveal_of(&desk, "payer-1", &kept, "bank");
    r.purpose = REVEAL_LEGAL_ORDER;
    EXPECT_REFUSED(reveal(&r, NULL), REFUSED_REVEAL_FORBIDDEN);
    EXPECT_REFUSED(reveal(&r, one), REFUSED_APPROVAL_QUORUM);
    EXPECT_OK(reveal(&r, both));
    EXPECT(strcmp(value, card) == 0);
    EXPECT_REFUSED(house_ask(h, VAULT_REVEAL_FIELD, (Span) { desk.request, desk.request_bytes }),
            REFUSED_APPROVAL_REPLAYED);
    r.purpose = REVEAL_FULL_DISPLAY; /* no override is in force */
    EXPECT_REFUSED(reveal(&r, both), REFUSED_REVEAL_FORBIDDEN);
    r.purpose = 7;
    EXPECT_REFUSED(reveal(&r, both), REFUSED_RECEIVER_UNKNOWN);
    r.purpose = 200;
    EXPECT_REFUSED(reveal(&r, NULL), REFUSED_RECEIVER_UNKNOWN);
    uint8_t chain[WIRE_HASH_BYTES] = { 0 };
    EXPECT_OK(read_log(h, 1, chain)); /* denials are lines like any other */
    EXPECT(log_count == 7 && bytes_equal_ct(chain, head.chain, sizeof(chain)));
    EXPECT(last.status == REFUSED_RECEIVER_UNKNOWN && last.purpose == 200);
}

/* Approvals for one card, receiver, purpose or reason open no other. */
static void test_approvals_are_for_one_reveal(void)
{
    DESK(h);
    EXPECT_OK(desk_enroll(h, &bank, both));
    WireReveal r = desk_reveal_of(&desk, "payer-1", &kept, "bank");
    r.purpose = REVEAL_LEGAL_ORDER;
    for (int wrong = 0; wrong < 2; wrong++) {
        uint8_t memory[8192];
        uint8_t message_memory[512];
        uint8_t digest[DIGEST_SHA256_BYTES];
        Buffer b = BUFFER_OF(memory);
        Buffer message = BUFFER_OF(message_memory);
        WireReveal signed_one = r;
        if (wrong == 0) signed_one.row_key = SPAN("1234567890123456");
        EXPECT_OK(wire_put_reveal(&b, &r));
        EXPECT_OK(buffer_put_u8(&b, 2));
        sha256(signed_one.sealed, digest);
        EXPECT_OK(wire_reveal_message(&signed_one, digest, &message));
        sha256(span_of_buffer(&message), digest);
        desk_approve(h, both, "reveal-field", SPAN_OF(digest),
                wrong == 1 ? "another reason" : "settlement 20261127", &b);
        EXPECT_REFUSED(
                house_ask(h, VAULT_REVEAL_FIELD, span_of_buffer(&b)), REFUSED_APPROVAL_INVALID);
    }
}

static void test_budgets(void)
{
    DESK(h);
    EXPECT_OK(desk_enroll(h, &bank, both));
    DeskKept second = { 0 };
    EXPECT_OK(desk_protect(&desk, "payer-2", "", card, &second));
    const WireReveal r = desk_reveal_of(&desk, "payer-1", &kept, "bank");
    const WireReveal r2 = desk_reveal_of(&desk, "payer-2", &second, "bank");
    for (int i = 0; i < 3; i++)
        EXPECT_OK(reveal(&r, NULL));
    EXPECT_REFUSED(reveal(&r, NULL), REFUSED_REVEAL_BUDGET); /* three a subject */
    EXPECT(value[0] == '\0' && h->alerts > 0);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(reveal(&r, NULL), REFUSED_REVEAL_BUDGET);
    EXPECT_OK(reveal(&r2, NULL));
    EXPECT_OK(reveal(&r2, NULL));
    EXPECT_REFUSED(reveal(&r2, NULL), REFUSED_REVEAL_BUDGET); /* five in all */
    h->now_us += (int64_t)24 * 3600 * 1000000;
    EXPECT_OK(reveal(&r, NULL));
}

static void test_moved_and_destroyed_fields_are_not_revealed(void)
{
    DESK(h);
    EXPECT_OK(desk_enroll(h, &bank, both));
    DeskKept second = { 0 };
    EXPECT_OK(desk_protect(&desk, "payer-2", "", card, &second));
    WireReveal r = desk_reveal_of(&desk, "payer-1", &kept, "bank");
    r.row_key = span_of_text(second.token);
    EXPECT_REFUSED(reveal(&r, NULL), REFUSED_SEAL_TAMPERED);
    EXPECT(h->alerts > 0);
    r = desk_reveal_of(&desk, "payer-1", &kept, "bank");
    r.tenant = SPAN("thief");
    EXPECT_REFUSED(reveal(&r, NULL), REFUSED_SEAL_TAMPERED);
    r = desk_reveal_of(&desk, "payer-1", &kept, "bank");
    r.reason = (Span) { NULL, 0 };
    EXPECT(!status_ok(reveal(&r, NULL)));
    r.reason = SPAN("card 6222021234567894"); /* the log is no way out */
    EXPECT_REFUSED(reveal(&r, NULL), REFUSED_DATA_CARD_NUMBER);
    uint8_t chain[WIRE_HASH_BYTES] = { 0 };
    EXPECT_OK(read_log(h, 1, chain));
    EXPECT(memmem(h->answer_memory, h->answer.size, card, 16) == NULL);
    EXPECT(span_equal(last.reason, SPAN("(withheld)")));
}

/* Power is cut at each disk operation of a reveal: no answer without its line in the log. */
static void test_no_answer_without_its_line(void)
{
    for (uint64_t cut = 1; cut < 6; cut++) {
        DESK(h);
        EXPECT_OK(desk_enroll(h, &bank, both));
        const WireReveal r = desk_reveal_of(&desk, "payer-1", &kept, "bank");
        torn_power_restart(&h->power, cut);
        const Status s = reveal(&r, NULL);
        torn_disk_restart(h->journal[0]);
        torn_disk_restart(h->journal[1]);
        EXPECT_OK(house_restart(h));
        EXPECT_OK(house_scan(h));
        uint8_t chain[WIRE_HASH_BYTES] = { 0 };
        EXPECT_OK(read_log(h, 1, chain));
        EXPECT(!status_ok(s) || head.count == 1);
        EXPECT(bytes_equal_ct(chain, head.chain, sizeof(chain)));
    }
}

/* The log waits for hufud to keep it, and what was kept is told from what was lost. */
static void test_the_log_is_kept_elsewhere(void)
{
    DESK(h);
    bank.per_day = 1000000;
    bank.per_subject_day = 1000000;
    EXPECT_OK(desk_enroll(h, &bank, both));
    const WireReveal r = desk_reveal_of(&desk, "payer-1", &kept, "bank");
    uint8_t chain[WIRE_HASH_BYTES] = { 0 };
    for (int i = 0; i < 200; i++) /* over several turns of the journal's segments */
        EXPECT_OK(reveal(&r, NULL));
    EXPECT_OK(read_log(h, 1, chain));
    EXPECT(log_count == WIRE_REVEALS_MAX && head.count == 200);
    EXPECT_OK(read_log(h, WIRE_REVEALS_MAX + 1, chain));
    EXPECT(log_count == 200 - WIRE_REVEALS_MAX);
    EXPECT(bytes_equal_ct(chain, head.chain, sizeof(chain)));
    EXPECT_REFUSED(kept_until(h, 201), REFUSED_IPC_FORMAT);
    EXPECT_OK(kept_until(h, 200));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_OK(reveal(&r, NULL));
    EXPECT_OK(read_log(h, 1, chain)); /* goes on where the kept ones end */
    EXPECT(log_count == 1 && head.kept == 200 && last.number == 201);
    EXPECT(bytes_equal_ct(chain, head.chain, sizeof(chain)));
    for (int i = 0; i < MEMORY_RECORDS_MAX - 1; i++)
        EXPECT_OK(reveal(&r, NULL));
    EXPECT_REFUSED(reveal(&r, NULL), REFUSED_REVEAL_LOG_FULL);
    EXPECT_OK(kept_until(h, 202));
    EXPECT_OK(reveal(&r, NULL));
}

/* --- honey --- */

static Status plant(House *h, DeskKept *honey)
{
    uint8_t memory[1024];
    Buffer b = BUFFER_OF(memory);
    uint32_t number = 0;
    WireSubjectAnswer subject;
    WireProtected made;
    const WireBatchHead planted = {
        .tenant = SPAN("shop"), .data_class = CLASS_CARD, .table = TABLE_CARD, .column = CARD_NUMBER
    };
    TRY(wire_put_batch_head(&b, &planted));
    TRY(buffer_put_u32(&b, 1));
    TRY(wire_put_subject(&b, &(WireSubject) { SPAN("payer-9"), { NULL, 0 } }));
    TRY(buffer_put_u32(&b, 1));
    REQUIRE(status_is(house_ask(h, VAULT_PLANT_HONEY, span_of_buffer(&b)), REFUSED_VAULT_FORBIDDEN),
            REFUSED_IPC_FORMAT); /* hufud must not know */
    TRY(house_ask_operator(h, VAULT_PLANT_HONEY, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    TRY(cursor_u32(&c, &number));
    TRY(wire_take_subject_answer(&c, &subject));
    memcpy(honey->wrapped, subject.wrapped.data, subject.wrapped.size);
    honey->wrapped_bytes = subject.wrapped.size;
    TRY(cursor_u32(&c, &number));
    TRY(cursor_u32(&c, &number));
    TRY(wire_take_protected(&c, &made));
    memcpy(honey->sealed, made.sealed.data, made.sealed.size);
    honey->sealed_bytes = made.sealed.size;
    memcpy(honey->token, made.token.data, made.token.size);
    memcpy(honey->mask, made.mask.data, made.mask.size);
    honey->indexes = made.indexes;
    return OK;
}

/* From outside a planted card is a card; who touches it is told of. */
static void test_honey(void)
{
    DESK(h);
    DeskKept honey = { 0 };
    WireIndexes found;
    EXPECT_OK(desk_enroll(h, &bank, both));
    EXPECT_OK(plant(h, &honey));
    EXPECT(honey.sealed_bytes == kept.sealed_bytes && strlen(honey.token) == strlen(kept.token));
    EXPECT(strlen(honey.mask) == strlen(kept.mask));
    const WireReveal ordinary = desk_reveal_of(&desk, "payer-1", &kept, "bank");
    EXPECT_OK(reveal(&ordinary, NULL));
    EXPECT(h->alerts == 0);
    const size_t ordinary_bytes = h->answer.size;
    const WireReveal r = desk_reveal_of(&desk, "payer-9", &honey, "bank");
    EXPECT_OK(reveal(&r, NULL));
    EXPECT(h->alerts == 1 && status_is(h->last_alert, REFUSED_HONEY_TOUCHED));
    EXPECT(h->answer.size == ordinary_bytes && strlen(value) == 16);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_OK(desk_lookup(&desk, value, &found));
    EXPECT(h->alerts == 2 && status_is(h->last_alert, REFUSED_HONEY_TOUCHED));
    EXPECT(bytes_equal_ct(found.index, honey.indexes.index, WIRE_INDEX_BYTES));
    EXPECT_OK(desk_lookup(&desk, card, &found));
    EXPECT(h->alerts == 2);
    bool moved = false;
    EXPECT_OK(keys_rotate(house_keys(), KEY_CARD));
    EXPECT_OK(desk_rewrap(&desk, "payer-9", honey.token, &honey, &moved));
    EXPECT(moved && h->alerts == 2); /* routine is no touch, and it stays honey */
    const WireReveal again = desk_reveal_of(&desk, "payer-9", &honey, "bank");
    EXPECT_OK(reveal(&again, NULL));
    EXPECT(h->alerts == 3);
}

TESTS(TEST(test_a_bank_reads_what_it_may), TEST(test_the_same_on_the_sm_suite),
        TEST(test_receivers_need_two), TEST(test_purposes), TEST(test_approvals_are_for_one_reveal),
        TEST(test_budgets), TEST(test_moved_and_destroyed_fields_are_not_revealed),
        TEST(test_no_answer_without_its_line), TEST(test_the_log_is_kept_elsewhere),
        TEST(test_honey))
