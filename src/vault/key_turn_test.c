/*
 * Goal: two people turn the house's key pairs at the times that they signed; questions for a
 * version that signs no more are refused; and an auditor who trusts the log's first keys follows to
 * the newest (TP-7, LL-4.3.9). Method: real approvals; what vaultd shows and signs is read with
 * public keys, the notes with the auditor's own code.
 */
#include "audit/key_change.h"
#include "crypto/certificate.h"
#include "keys/pairs.h"
#include "vault/vault_test_people.h"

enum { KEYS_MAX = 32 };

static uint8_t next_nonce = 1;

static House *open_with_people(void)
{
    House *h = house_open();
    people_enroll_two(h);
    ASSERT(status_ok(house_found(h)));
    return h;
}

static Status rotate(House *h, const char *subject)
{
    uint8_t memory[8192];
    Buffer b = BUFFER_OF(memory);
    const Act act = { "rotate-key", span_of_text(subject), { 0, 1 }, 1000000, next_nonce, false,
        false };
    next_nonce = (uint8_t)(next_nonce + 2);
    TRY(people_put_approvals(h, &act, &b));
    return house_ask_operator(h, VAULT_KEY_ROTATE, span_of_buffer(&b));
}

static Status sign_with(House *h, uint32_t version)
{
    uint8_t memory[64];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u32(&b, 1));
    TRY(wire_put_sign_item(&b, &(WireSignItem) { WIRE_SIGN_SM2, version, SPAN("answer") }));
    return house_ask(h, VAULT_SIGN, span_of_buffer(&b));
}

/* What vaultd shows of this name; spans into the house's answer. */
static size_t shown_of(House *h, const char *name, WirePublicKey ret_keys[KEYS_MAX])
{
    uint32_t all = 0;
    size_t count = 0;
    if (!status_ok(house_ask(h, VAULT_PUBLIC_KEYS, SPAN("")))) return 0;
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    if (!status_ok(cursor_u32(&c, &all))) return 0;
    for (uint32_t i = 0; i < all; i++) {
        WirePublicKey key;
        if (!status_ok(wire_take_public_key(&c, &key))) return 0;
        if (span_equal(key.name, span_of_text(name)) && count < KEYS_MAX) ret_keys[count++] = key;
    }
    return c.rest.size == 0 ? count : 0;
}

static void test_subjects_that_are_refused(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    static const char *const times[] = { "platform-sm2", "platform-sm2/1", "tls-ca", "merchant-ca",
        "card/1/1", "checkpoint-sm2/0/1", "platform-sm2/99999999/1", "platform-sm2/1/99999999" };
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        EXPECT_REFUSED(rotate(h, times[i]), REFUSED_KEY_TURN_TIME);
    static const char *const unknown[] = { "platform-sm2/x/1", "platform-sm2/01/1",
        "platform-sm2/1/", "platform-sm2/-1/1", "platform-sm2/1/1/1", "platform/1/1", "/1/1" };
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        EXPECT_REFUSED(rotate(h, unknown[i]), REFUSED_KEY_UNKNOWN);
    EXPECT_REFUSED(rotate(h, "box/1/1"), REFUSED_KEY_NOT_ROTATED);
    EXPECT(keys_current_version(house_keys(), KEY_PLATFORM_SM2) == 1);
}

/* The keys' own clock stands still here: what time does to them is keys/pairs_test.c's. */
static void test_the_times_are_those_that_were_signed(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    static WirePublicKey shown[KEYS_MAX];
    const int64_t second_us = 1000000;
    EXPECT_OK(sign_with(h, 1));
    EXPECT_OK(rotate(h, "platform-sm2/0/1000"));
    EXPECT(shown_of(h, "platform-sm2", shown) == 2);
    EXPECT(shown[0].state == KEY_OLD && shown[1].state == KEY_CURRENT && shown[1].version == 2);
    EXPECT(shown[0].ends_us == shown[1].from_us + 1000 * second_us);
    EXPECT_OK(sign_with(h, 2));
    EXPECT_OK(sign_with(h, 1)); /* it was on its way */
    EXPECT_REFUSED(sign_with(h, 3), REFUSED_KEY_UNKNOWN);
    const int64_t before_us = shown[1].from_us;
    EXPECT_OK(rotate(h, "platform-sm2/100/2000"));
    EXPECT(shown_of(h, "platform-sm2", shown) == 3);
    EXPECT(shown[1].state == KEY_CURRENT && shown[2].state == KEY_NEXT && shown[2].version == 3);
    EXPECT(shown[2].from_us == before_us + 100 * second_us);
    EXPECT(shown[1].ends_us == shown[2].from_us + 2000 * second_us);
    EXPECT_REFUSED(sign_with(h, 3), REFUSED_KEY_NOT_CURRENT);
    EXPECT_OK(sign_with(h, 0));
}

/* Who pinned the platform's key before the turn believes the day's box key until the overlap
 * ends. */
static void test_a_box_key_is_signed_by_both(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    static WirePublicKey shown[KEYS_MAX];
    uint8_t der_memory[CERTIFICATE_DER_BYTES_MAX];
    uint8_t message_memory[128];
    Buffer der = BUFFER_OF(der_memory);
    Buffer message = BUFFER_OF(message_memory);
    CLEANUP(certificate_free) Certificate *pinned = NULL;
    WireBoxKey key;
    EXPECT(shown_of(h, "platform-rsa", shown) == 1);
    EXPECT_OK(buffer_put(&der, shown[0].der));
    EXPECT_OK(certificate_from_der(span_of_buffer(&der), &pinned));
    EXPECT_OK(house_ask(h, VAULT_BOX_KEY, SPAN("")));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    EXPECT_OK(wire_take_box_key(&c, &key));
    EXPECT(key.signature_before.size == 0);
    EXPECT_OK(rotate(h, "platform-rsa/0/1000"));
    EXPECT_OK(house_ask(h, VAULT_BOX_KEY, SPAN("")));
    c = cursor_of(span_of_buffer(&h->answer));
    EXPECT_OK(wire_take_box_key(&c, &key));
    EXPECT_OK(buffer_put(&message, SPAN("hufu-box-key")));
    EXPECT_OK(buffer_put_u32(&message, key.key_id));
    EXPECT_OK(buffer_put_u8(&message, key.suite));
    EXPECT_OK(buffer_put_i64(&message, key.expires_us));
    EXPECT_OK(buffer_put(&message, key.public_key));
    const Span text = span_of_buffer(&message);
    EXPECT_OK(sign_verify(certificate_key(pinned), text, key.signature_before));
    EXPECT_REFUSED(
            sign_verify(certificate_key(pinned), text, key.signature), REFUSED_SIGNATURE_INVALID);
    EXPECT_OK(sign_verify(certificate_key(keys_certificate(house_keys(), KEY_PLATFORM_RSA)), text,
            key.signature));
}

/* The first keys of each algorithm, as an auditor has them. */
static Status first_keys(House *h, AuditKeys *ret_keys)
{
    static const char *const names[] = { "checkpoint-ed25519", "checkpoint-sm2" };
    static WirePublicKey shown[KEYS_MAX];
    for (size_t i = 0; i < 2; i++) {
        REQUIRE(shown_of(h, names[i], shown) > 0, REFUSED_KEY_UNKNOWN);
        TRY(public_key_from_spki(shown[0].der, &ret_keys->keys[ret_keys->count]));
        ret_keys->count++;
    }
    return OK;
}

static Status follow(House *h, const char *name, AuditKeys *keys)
{
    static WirePublicKey shown[KEYS_MAX];
    const size_t count = shown_of(h, name, shown);
    REQUIRE(count > 1, REFUSED_KEY_UNKNOWN);
    return audit_key_change(shown[count - 1].note, keys);
}

static Status checkpoint_verifies(House *h, const AuditKeys *keys)
{
    AuditCheckpoint checkpoint;
    TRY(house_ask(h, VAULT_CHECKPOINT, SPAN("")));
    return audit_checkpoint_verify(span_of_buffer(&h->answer), keys, &checkpoint);
}

static void test_an_auditor_follows_the_logs_keys(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    CLEANUP(audit_keys_free) AuditKeys keys = { 0 };
    EXPECT_OK(first_keys(h, &keys));
    EXPECT_OK(checkpoint_verifies(h, &keys));
    EXPECT_OK(rotate(h, "checkpoint-ed25519"));
    EXPECT_REFUSED(checkpoint_verifies(h, &keys), REFUSED_CHECKPOINT_SIGNATURE);
    EXPECT_OK(follow(h, "checkpoint-ed25519", &keys));
    EXPECT_OK(checkpoint_verifies(h, &keys));
    EXPECT_OK(rotate(h, "checkpoint-sm2"));
    EXPECT_OK(follow(h, "checkpoint-sm2", &keys));
    house_draft_transfer(h, 100);
    EXPECT_OK(house_commit(h));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_OK(checkpoint_verifies(h, &keys));
    EXPECT(keys.count == 4 && keys.terms[0].ended && keys.terms[1].ended);
}

TESTS(TEST(test_subjects_that_are_refused), TEST(test_the_times_are_those_that_were_signed),
        TEST(test_a_box_key_is_signed_by_both), TEST(test_an_auditor_follows_the_logs_keys))
