/*
 * Goal: what two people have kept for an authority stays kept: over a restart, over a new journal
 * segment, against a replay, one person alone, and another subject than they signed (LL-4.5.4,
 * TP-15). Method: real Ed25519 signatures through the vault's own door, each part wrong in turn.
 */
#include "crypto/digest.h"
#include "ipc/hold_wire.h"
#include "vault/legal_hold.h"
#include "vault/vault_test_house.h"

static PrivateKey *keys[2];
static const char *const names[] = { "ann", "bob" };
static uint8_t nonce_next = 1;

static House *open_with_people(void)
{
    House *h = house_open();
    for (int i = 0; i < 2; i++) {
        uint8_t memory[512];
        uint8_t spki_memory[SIGN_SPKI_BYTES_MAX];
        Buffer b = BUFFER_OF(memory);
        Buffer spki = BUFFER_OF(spki_memory);
        if (keys[i] == NULL) ASSERT(status_ok(private_key_generate(KEY_ED25519, &keys[i])));
        ASSERT(status_ok(public_key_to_spki(private_key_public(keys[i]), &spki)));
        ASSERT(status_ok(buffer_put_framed(&b, span_of_text(names[i]))));
        ASSERT(status_ok(buffer_put_framed(&b, span_of_buffer(&spki))));
        ASSERT(status_ok(house_ask_operator(h, VAULT_ENROLL, span_of_buffer(&b))));
    }
    ASSERT(status_ok(house_found(h)));
    return h;
}

typedef struct Act {
    const char *operation;
    WireLegalHold hold;
    int people[2];
    bool other_hold; /* than they signed */
    bool same_nonce; /* as the act before */
} Act;

static Status put_approval(
        House *h, const Act *act, const uint8_t digest[32], int person, uint8_t nonce, Buffer *b)
{
    uint8_t nonce_bytes[16];
    uint8_t message_memory[WIRE_APPROVAL_BYTES_MAX];
    uint8_t signature_memory[SIGN_BYTES_MAX];
    memset(nonce_bytes, nonce, sizeof(nonce_bytes));
    Buffer message = BUFFER_OF(message_memory);
    Buffer signature = BUFFER_OF(signature_memory);
    WireApproval approval = { .name = span_of_text(names[person]),
        .operation = span_of_text(act->operation),
        .subject = { digest, 32 },
        .reason = SPAN("order"),
        .expires_us = h->now_us + 60000000,
        .nonce = SPAN_OF(nonce_bytes) };
    TRY(wire_approval_message(&approval, &message));
    TRY(sign_make(keys[person], span_of_buffer(&message), &signature));
    approval.signature = span_of_buffer(&signature);
    return wire_put_approval(b, &approval);
}

static Status act_on(House *h, VaultOperation operation, const Act *act)
{
    uint8_t memory[4096];
    uint8_t hold_memory[WIRE_HOLD_BYTES_MAX];
    uint8_t digest[32];
    Buffer b = BUFFER_OF(memory);
    Buffer hold = BUFFER_OF(hold_memory);
    TRY(wire_put_legal_hold(&hold, &act->hold));
    sha256(span_of_buffer(&hold), digest);
    if (act->other_hold) hold.data[hold.size - 1] ^= 1; /* one microsecond more or less */
    if (act->same_nonce) nonce_next--;
    TRY(put_approval(h, act, digest, act->people[0], nonce_next, &b));
    TRY(put_approval(h, act, digest, act->people[1], nonce_next, &b));
    nonce_next++;
    TRY(buffer_put(&b, span_of_buffer(&hold)));
    return house_ask(h, (uint8_t)operation, span_of_buffer(&b));
}

static int64_t held_until(House *h, const char *tenant, const char *subject)
{
    uint8_t memory[256];
    Buffer b = BUFFER_OF(memory);
    const WireHeldSubject wire = { span_of_text(tenant), span_of_text(subject) };
    int64_t until_us = -1;
    ASSERT(status_ok(wire_put_held_subject(&b, &wire)));
    ASSERT(status_ok(house_ask(h, VAULT_HELD_UNTIL, span_of_buffer(&b))));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    ASSERT(status_ok(cursor_i64(&c, &until_us)) && status_ok(cursor_end(&c)));
    return until_us;
}

static Act place(const House *h, const char *reference, int64_t seconds)
{
    return (Act) { "hold-subject",
        { SPAN("house"), SPAN("wang"), SPAN("court"), span_of_text(reference),
                h->now_us + seconds * 1000000 },
        { 0, 1 } };
}

static Act release(const char *reference)
{
    return (Act) { "release-hold",
        { SPAN("house"), SPAN("wang"), SPAN("court"), span_of_text(reference), 0 }, { 0, 1 } };
}

static void test_two_people_hold_and_release(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    Act first = place(h, "17", 100);
    Act second = place(h, "18", 50);
    Act free_first = release("17");
    EXPECT(held_until(h, "house", "wang") == 0);
    EXPECT_OK(act_on(h, VAULT_HOLD_SUBJECT, &first));
    EXPECT_OK(act_on(h, VAULT_HOLD_SUBJECT, &second));
    EXPECT(held_until(h, "house", "wang") == first.hold.until_us);
    EXPECT(held_until(h, "house", "li") == 0 && held_until(h, "other", "wang") == 0);
    EXPECT(h->memory->holds.count == 2);
    EXPECT_OK(act_on(h, VAULT_RELEASE_HOLD, &free_first));
    EXPECT(held_until(h, "house", "wang") == second.hold.until_us);
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_HOLD, &free_first), REFUSED_HOLD_UNKNOWN);
    h->now_us = second.hold.until_us; /* it ends by itself */
    EXPECT(held_until(h, "house", "wang") == 0);
}

static void test_what_does_not_fit_is_refused(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    Act act = place(h, "17", 100);
    act.people[1] = 0;
    EXPECT_REFUSED(act_on(h, VAULT_HOLD_SUBJECT, &act), REFUSED_APPROVAL_QUORUM);
    act.people[1] = 1;
    act.other_hold = true;
    EXPECT_REFUSED(act_on(h, VAULT_HOLD_SUBJECT, &act), REFUSED_APPROVAL_INVALID);
    act.other_hold = false;
    act.operation = "release-hold";
    EXPECT_REFUSED(act_on(h, VAULT_HOLD_SUBJECT, &act), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_HOLD, &act), REFUSED_APPROVAL_INVALID); /* has a date */
    act = place(h, "17", 0);
    EXPECT_REFUSED(act_on(h, VAULT_HOLD_SUBJECT, &act), REFUSED_APPROVAL_INVALID);
    EXPECT(held_until(h, "house", "wang") == 0);
    act = place(h, "17", 100);
    EXPECT_OK(act_on(h, VAULT_HOLD_SUBJECT, &act));
    act.same_nonce = true;
    EXPECT_REFUSED(act_on(h, VAULT_HOLD_SUBJECT, &act), REFUSED_APPROVAL_REPLAYED);
    EXPECT_REFUSED(house_ask(h, VAULT_HOLD_SUBJECT, SPAN("")), REFUSED_IPC_FORMAT);
    EXPECT_REFUSED(house_ask(h, VAULT_HELD_UNTIL, SPAN("no")), REFUSED_IPC_FORMAT);
}

static void test_a_hold_is_remembered(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    h->segment_bytes = 16 * 1024;
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    Act first = place(h, "17", 1000);
    Act second = place(h, "18", 500);
    Act gone = release("18");
    EXPECT_OK(act_on(h, VAULT_HOLD_SUBJECT, &first));
    EXPECT_OK(act_on(h, VAULT_HOLD_SUBJECT, &second));
    EXPECT_OK(act_on(h, VAULT_RELEASE_HOLD, &gone));
    const int64_t until_us = first.hold.until_us;
    for (int i = 0; i < 200; i++) { /* until the journal turns to its other segment, twice */
        Act more = place(h, "19", 2000 + i);
        nonce_next = (uint8_t)(20 + i);
        EXPECT_OK(act_on(h, VAULT_HOLD_SUBJECT, &more));
    }
    Act last = release("19");
    nonce_next = 250;
    EXPECT_OK(act_on(h, VAULT_RELEASE_HOLD, &last));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT(held_until(h, "house", "wang") == until_us);
    EXPECT(h->memory->holds.count == 1);
    last.same_nonce = true; /* its approvals are still spent */
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_HOLD, &last), REFUSED_APPROVAL_REPLAYED);
}

TESTS(TEST(test_two_people_hold_and_release), TEST(test_what_does_not_fit_is_refused),
        TEST(test_a_hold_is_remembered))
