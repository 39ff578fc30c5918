/* Goal: a one-time code is right in its own step and its neighbours, once, and guessing it is
 * locked like guessing a password; its secret comes in and never out; password and code together
 * tell nobody which of them was wrong (LL-4.5.2, TP-4, TP-6). Method: a whole vault; codes made
 * with liboath as an app makes them; restarts, old records, strangers. */
#include "vault/password_test_house.h"
#include "vault/vault_test_trace.h"

#include "crypto/totp.h"
#include "vault/memory_pin.h"
#include "vault/verifier.h"

#define GOOD "green-Otter 51 rivers"
#define OTHER "violet Kettle, 9 hills"

static const WireOwner wang = { CLASS_SECOND_FACTOR, SPAN("bank1"), SPAN("admins"), SPAN("wang") };
static const WireOwner zhao = { CLASS_SECOND_FACTOR, SPAN("bank1"), SPAN("admins"), SPAN("zhao") };
static const WireOwner wang_password = { CLASS_PASSWORD, SPAN("bank1"), SPAN("admins"),
    SPAN("wang") };
static const uint8_t secret[20] = { 0x8e, 0x31, 0xc4, 0x07, 0xa9, 0x5f, 0xd2, 0x66, 0x13, 0xbb,
    0x70, 0xe8, 0x2d, 0x94, 0x4a, 0xf1, 0x05, 0x9c, 0xde, 0x78 };
static const uint8_t next_secret[32] = { 0x41, 0xf7, 0x0a, 0x9d, 0xe2, 0x56, 0xb3, 0x1c, 0x88, 0x6f,
    0xd4, 0x29, 0x93, 0x7e, 0xc0, 0x15, 0xab, 0x62, 0xfd, 0x38, 0x04, 0xca, 0x97, 0x50, 0xe1, 0x2b,
    0x76, 0xbd, 0x8f, 0x34, 0xd9, 0x6a };

typedef struct Code {
    uint8_t digits[TOTP_DIGITS];
} Code;

/* What the app shows `steps` steps from now. */
static Code code_at(const House *h, Span of, int steps)
{
    Code code = { { 0 } };
    ASSERT(status_ok(totp_code(of, totp_step(h->now_us) + (uint32_t)steps, code.digits)));
    return code;
}

static Code code_now(const House *h) { return code_at(h, SPAN_OF(secret), 0); }

/* A code that none of the steps around has. */
static Code wrong_code(const House *h)
{
    uint32_t step = 1;
    Code code = code_now(h);
    while (step != 0) {
        code.digits[3] = (uint8_t)('0' + (code.digits[3] - '0' + 1) % 10);
        ASSERT(status_ok(totp_match(SPAN_OF(secret), h->now_us, SPAN_OF(code.digits), &step)));
    }
    return code;
}

static void keep(const House *h, Tenant *t)
{
    memcpy(t->verifier_memory, h->answer.data, h->answer.size);
    t->verifier = (Span) { t->verifier_memory, h->answer.size };
}

static Status set_second(Tenant *t, Span old_code, Span of)
{
    uint8_t memory[256];
    uint8_t message[WIRE_BOX_BYTES_MAX + 2048];
    Buffer plain = BUFFER_OF(memory);
    Buffer b = BUFFER_OF(message);
    TRY(buffer_put_u8(&plain, (uint8_t)old_code.size));
    TRY(buffer_put(&plain, old_code));
    TRY(buffer_put(&plain, of));
    const TenantWish wish = { .purpose = BOX_PURPOSE_SET_SECOND, .plain = span_of_buffer(&plain) };
    const WirePasswordSet set = { t->owner, tenant_box(t, &wish), SPAN_OF(t->nonce), t->verifier };
    TRY(wire_put_password_set(&b, &set));
    TRY(house_ask(t->house, VAULT_SECOND_SET, span_of_buffer(&b)));
    keep(t->house, t);
    return OK;
}

static Status take_right(Tenant *t)
{
    WirePasswordRight right;
    Cursor c = cursor_of(span_of_buffer(&t->house->answer));
    TRY(wire_take_password_right(&c, &right));
    TRY(cursor_end(&c));
    memcpy(t->grant, right.grant, sizeof(t->grant));
    return OK;
}

static Status check_box(Tenant *t, Span box, const char *reference)
{
    uint8_t message[WIRE_BOX_BYTES_MAX + 2048];
    Buffer b = BUFFER_OF(message);
    const WirePasswordCheck check = { t->owner, box, SPAN_OF(t->nonce), BOX_PURPOSE_CODE,
        span_of_text(reference), 0, t->verifier };
    TRY(wire_put_password_check(&b, &check));
    TRY(house_ask(t->house, VAULT_SECOND_CHECK, span_of_buffer(&b)));
    return take_right(t);
}

static Span code_box(Tenant *t, Code code, const char *reference)
{
    const TenantWish wish = { .purpose = BOX_PURPOSE_CODE,
        .plain = SPAN_OF(code.digits),
        .reference = span_of_text(reference) };
    return tenant_box(t, &wish);
}

static Status check(Tenant *t, Code code) { return check_box(t, code_box(t, code, ""), ""); }

/* `t` is the password's owner. */
static Status login(Tenant *t, const char *password, Code code, Span second)
{
    uint8_t memory[256];
    uint8_t message[WIRE_BOX_BYTES_MAX + 4096];
    Buffer plain = BUFFER_OF(memory);
    Buffer b = BUFFER_OF(message);
    TRY(buffer_put_u8(&plain, TOTP_DIGITS));
    TRY(buffer_put(&plain, SPAN_OF(code.digits)));
    TRY(buffer_put(&plain, span_of_text(password)));
    const TenantWish wish = { .purpose = BOX_PURPOSE_LOGIN_CODE, .plain = span_of_buffer(&plain) };
    const WireSecondLogin wire = { t->owner, tenant_box(t, &wish), SPAN_OF(t->nonce), t->verifier,
        second };
    TRY(wire_put_second_login(&b, &wire));
    TRY(house_ask(t->house, VAULT_SECOND_LOGIN, span_of_buffer(&b)));
    return take_right(t);
}

static void next_step(House *h) { h->now_us += (int64_t)TOTP_STEP_S * 1000000; }

static void test_each_code_counts_once(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &wang);
    EXPECT_OK(set_second(&t, SPAN(""), SPAN_OF(secret)));
    EXPECT_OK(check(&t, code_now(h)));
    EXPECT_REFUSED(check(&t, code_now(h)), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(check(&t, code_at(h, SPAN_OF(secret), -1)), REFUSED_PIN_WRONG);
    EXPECT_OK(check(&t, code_at(h, SPAN_OF(secret), 1))); /* a clock that is fast */
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    next_step(h);
    EXPECT_REFUSED(check(&t, code_now(h)), REFUSED_PIN_WRONG); /* used before the restart */
    next_step(h);
    EXPECT_OK(check(&t, code_now(h)));
    h->now_us -= (int64_t)2 * TOTP_STEP_S * 1000000; /* and when the clock goes back */
    EXPECT_REFUSED(check(&t, code_now(h)), REFUSED_PIN_WRONG);
}

static void test_other_steps_are_wrong(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &wang);
    EXPECT_OK(set_second(&t, SPAN(""), SPAN_OF(secret)));
    EXPECT_REFUSED(check(&t, code_at(h, SPAN_OF(secret), -2)), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(check(&t, code_at(h, SPAN_OF(secret), 2)), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(check(&t, code_at(h, SPAN_OF(next_secret), 0)), REFUSED_PIN_WRONG);
    EXPECT_OK(check(&t, code_at(h, SPAN_OF(secret), -1)));
}

/* The sixth guess waits, over a restart; so does one at a name that nobody has. */
static void test_guesses_are_locked(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    Tenant nobody;
    tenant_init(&t, h, &wang);
    tenant_init(&nobody, h, &zhao);
    EXPECT_OK(set_second(&t, SPAN(""), SPAN_OF(secret)));
    for (int i = 0; i < PIN_TRIES_MAX; i++) {
        EXPECT_REFUSED(check(&t, wrong_code(h)), REFUSED_PIN_WRONG);
        EXPECT_REFUSED(check(&nobody, wrong_code(h)), REFUSED_PIN_WRONG);
    }
    EXPECT_REFUSED(check(&t, code_now(h)), REFUSED_PIN_LOCKED);
    EXPECT_REFUSED(check(&nobody, code_now(h)), REFUSED_PIN_LOCKED);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(check(&t, code_now(h)), REFUSED_PIN_LOCKED);
    EXPECT_REFUSED(check(&nobody, code_now(h)), REFUSED_PIN_LOCKED);
    h->now_us += PIN_LOCK_FIRST_US + 1;
    EXPECT_OK(check(&t, code_now(h)));
}

/* A grant is good once, for its reference; the same box gives the same grant. */
static void test_a_grant_is_spent_once(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    uint8_t first[WIRE_GRANT_BYTES];
    tenant_init(&t, h, &wang);
    EXPECT_OK(set_second(&t, SPAN(""), SPAN_OF(secret)));
    const Span box = code_box(&t, code_now(h), "act-7");
    EXPECT_REFUSED(check_box(&t, box, "act-8"), REFUSED_BOX_CONTEXT);
    EXPECT_OK(check_box(&t, box, "act-7"));
    memcpy(first, t.grant, sizeof(first));
    EXPECT_OK(check_box(&t, box, "act-7"));
    EXPECT(bytes_equal_ct(first, t.grant, sizeof(first)));
    EXPECT_REFUSED(tenant_spend(&t, BOX_PURPOSE_CODE, "act-8", 0), REFUSED_GRANT_INVALID);
    t.owner = wang_password;
    EXPECT_REFUSED(tenant_spend(&t, BOX_PURPOSE_CODE, "act-7", 0), REFUSED_GRANT_INVALID);
    t.owner = wang;
    EXPECT_OK(tenant_spend(&t, BOX_PURPOSE_CODE, "act-7", 0));
    EXPECT_REFUSED(tenant_spend(&t, BOX_PURPOSE_CODE, "act-7", 0), REFUSED_GRANT_INVALID);
}

static void test_it_is_replaced_with_the_old_code_alone(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &wang);
    EXPECT_OK(set_second(&t, SPAN(""), SPAN_OF(secret)));
    const Tenant old = t;
    const Code wrong = wrong_code(h);
    const Code right = code_now(h);
    EXPECT_REFUSED(set_second(&t, SPAN(""), SPAN_OF(next_secret)), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(set_second(&t, SPAN_OF(wrong.digits), SPAN_OF(next_secret)), REFUSED_PIN_WRONG);
    EXPECT_OK(set_second(&t, SPAN_OF(right.digits), SPAN_OF(next_secret)));
    next_step(h);
    EXPECT_REFUSED(check(&t, code_now(h)), REFUSED_PIN_WRONG); /* of the old secret */
    EXPECT_OK(check(&t, code_at(h, SPAN_OF(next_secret), 0)));
    next_step(h);
    memcpy(t.verifier_memory, old.verifier_memory, sizeof(t.verifier_memory));
    t.verifier.size = old.verifier.size; /* an old store */
    EXPECT_REFUSED(check(&t, code_now(h)), REFUSED_VERIFIER_ROLLED_BACK);
    t.verifier.size = 0; /* hidden */
    EXPECT_REFUSED(check(&t, code_now(h)), REFUSED_VERIFIER_ROLLED_BACK);
}

static void test_weak_secrets_are_refused(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    uint8_t long_one[65];
    tenant_init(&t, h, &wang);
    for (size_t i = 0; i < sizeof(long_one); i++)
        long_one[i] = (uint8_t)(i * 37 + 128);
    EXPECT_REFUSED(set_second(&t, SPAN(""), SPAN("")), REFUSED_KEY_TOO_SHORT);
    EXPECT_REFUSED(set_second(&t, SPAN(""), (Span) { secret, 19 }), REFUSED_KEY_TOO_SHORT);
    EXPECT_REFUSED(set_second(&t, SPAN(""), SPAN_OF(long_one)), REFUSED_KEY_TOO_SHORT);
    EXPECT_REFUSED(set_second(&t, SPAN(""), SPAN("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")),
            REFUSED_KEY_IS_TEXT);
    uint8_t zeros[20] = { 0 };
    EXPECT_REFUSED(set_second(&t, SPAN(""), SPAN_OF(zeros)), REFUSED_KEY_IS_PATTERN);
    EXPECT_OK(set_second(&t, SPAN(""), (Span) { next_secret, 20 }));
}

/* A record and a box are good for their own person, and a second factor is no password. */
static void test_nothing_moves_to_another(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    Tenant other;
    Tenant password;
    tenant_init(&t, h, &wang);
    tenant_init(&other, h, &zhao);
    tenant_init(&password, h, &wang_password);
    EXPECT_OK(set_second(&t, SPAN(""), SPAN_OF(secret)));
    EXPECT_OK(set_second(&other, SPAN(""), SPAN_OF(next_secret)));
    EXPECT_OK(tenant_set(&password, "", GOOD));
    EXPECT_REFUSED(check_box(&other, code_box(&t, code_now(h), ""), ""), REFUSED_BOX_CONTEXT);
    memcpy(other.verifier_memory, t.verifier_memory, t.verifier.size);
    EXPECT_REFUSED(check(&other, code_now(h)), REFUSED_SEAL_TAMPERED);
    memcpy(password.verifier_memory, t.verifier_memory, t.verifier.size);
    password.verifier.size = t.verifier.size;
    EXPECT_REFUSED(tenant_login(&password, GOOD), REFUSED_SEAL_TAMPERED);
    EXPECT_REFUSED(tenant_set(&t, "", GOOD), REFUSED_PASSWORD_OWNER);
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PASSWORD_OWNER);
    EXPECT_REFUSED(check(&password, code_now(h)), REFUSED_PASSWORD_OWNER);
    EXPECT_REFUSED(set_second(&password, SPAN(""), SPAN_OF(secret)), REFUSED_PASSWORD_OWNER);
}

static void test_reset_by_two(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &wang);
    tenant_enroll_people(&t);
    EXPECT_OK(set_second(&t, SPAN(""), SPAN_OF(secret)));
    for (int i = 0; i < PIN_TRIES_MAX; i++)
        EXPECT_REFUSED(check(&t, wrong_code(h)), REFUSED_PIN_WRONG);
    const TenantReset alone = { .second = "ann", .secret = SPAN_OF(next_secret) };
    const TenantReset slipped = {
        .second = "bob", .other_box = true, .secret = SPAN_OF(next_secret)
    };
    const TenantReset short_one = { .second = "bob", .secret = { next_secret, 16 } };
    const TenantReset both = { .second = "bob", .secret = SPAN_OF(next_secret) };
    EXPECT_REFUSED(tenant_reset(&t, &alone), REFUSED_APPROVAL_QUORUM);
    EXPECT_REFUSED(tenant_reset(&t, &slipped), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(tenant_reset(&t, &short_one), REFUSED_KEY_TOO_SHORT);
    EXPECT_OK(tenant_reset(&t, &both));
    EXPECT_OK(check(&t, code_at(h, SPAN_OF(next_secret), 0))); /* and the lock is lifted */
    next_step(h);
    EXPECT_REFUSED(check(&t, code_now(h)), REFUSED_PIN_WRONG);
}

/* One refusal, whichever is wrong; a right password does not use a code up, nor the other way
 * round; five wrong pairs, of which each had one right part, lock. */
static void test_password_and_code_are_judged_together(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    Tenant second;
    tenant_init(&t, h, &wang_password);
    tenant_init(&second, h, &wang);
    EXPECT_OK(tenant_set(&t, "", GOOD));
    EXPECT_OK(set_second(&second, SPAN(""), SPAN_OF(secret)));
    EXPECT_REFUSED(login(&t, OTHER, code_now(h), second.verifier), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(login(&t, GOOD, wrong_code(h), second.verifier), REFUSED_PIN_WRONG);
    EXPECT_OK(login(&t, GOOD, code_now(h), second.verifier)); /* not used up before */
    EXPECT_OK(tenant_spend(&t, BOX_PURPOSE_LOGIN_CODE, "", 0));
    EXPECT_REFUSED(login(&t, GOOD, code_now(h), second.verifier), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(check(&second, code_now(h)), REFUSED_PIN_WRONG); /* nor at the other door */
    next_step(h);
    for (int i = 1; i < PIN_TRIES_MAX; i++) {
        const char *password = i % 2 == 0 ? GOOD : OTHER;
        const Code code = i % 2 == 0 ? wrong_code(h) : code_now(h);
        EXPECT_REFUSED(login(&t, password, code, second.verifier), REFUSED_PIN_WRONG);
    }
    EXPECT_REFUSED(login(&t, GOOD, code_now(h), second.verifier), REFUSED_PIN_LOCKED);
}

/* A log-in with a code needs one; a record that is hidden, old or another's does not help. */
static void test_no_login_without_the_second_factor(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    Tenant second;
    Tenant nobody;
    tenant_init(&t, h, &wang_password);
    tenant_init(&second, h, &wang);
    tenant_init(&nobody, h, &wang_password);
    nobody.owner.user = SPAN("nobody");
    EXPECT_OK(tenant_set(&t, "", GOOD));
    EXPECT_REFUSED(login(&t, GOOD, code_now(h), SPAN("")), REFUSED_PIN_WRONG); /* has none */
    EXPECT_REFUSED(login(&nobody, GOOD, code_now(h), SPAN("")), REFUSED_PIN_WRONG);
    EXPECT_OK(set_second(&second, SPAN(""), SPAN_OF(secret)));
    EXPECT_REFUSED(login(&t, GOOD, code_now(h), SPAN("")), REFUSED_VERIFIER_ROLLED_BACK);
    EXPECT(h->alerts > 0);
    EXPECT_REFUSED(login(&t, GOOD, code_now(h), t.verifier), REFUSED_SEAL_TAMPERED);
    EXPECT_OK(login(&t, GOOD, code_now(h), second.verifier));
}

/* The turn of the pepper reaches these records too; and they are no passwords in the counts. */
static void test_the_pepper_is_turned(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    SealHeader before;
    SealHeader after;
    WirePasswordCounts counts;
    tenant_init(&t, h, &wang);
    EXPECT_OK(set_second(&t, SPAN(""), SPAN_OF(secret)));
    EXPECT_OK(seal_parse((Span) { t.verifier.data + 4, t.verifier.size - 4 }, &before));
    EXPECT_OK(keys_rotate(house_keys(), KEY_PEPPER));
    EXPECT_OK(check(&t, code_now(h)));
    EXPECT_OK(tenant_show(&t));
    EXPECT_OK(seal_parse((Span) { t.verifier.data + 4, t.verifier.size - 4 }, &after));
    EXPECT(after.key_version == before.key_version + 1);
    next_step(h);
    EXPECT_OK(check(&t, code_now(h)));
    EXPECT_OK(tenant_counts(&t, &counts));
    EXPECT(counts.modern == 0 && counts.legacy == 0 && counts.locked == 0);
}

/* Small segments: which codes were used is in every snapshot. */
static void test_used_codes_survive_snapshots(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    h->segment_bytes = 16 * 1024;
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    tenant_init(&t, h, &wang);
    EXPECT_OK(set_second(&t, SPAN(""), SPAN_OF(secret)));
    EXPECT_OK(check(&t, code_now(h)));
    for (int i = 0; i < 150; i++) {
        house_begin(h);
        EXPECT_OK(house_commit(h));
    }
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(check(&t, code_now(h)), REFUSED_PIN_WRONG);
    next_step(h);
    EXPECT_OK(check(&t, code_now(h)));
}

static void test_the_secret_never_comes_out(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &wang);
    trace_begin(h);
    EXPECT_OK(set_second(&t, SPAN(""), SPAN_OF(secret)));
    EXPECT_OK(check(&t, code_now(h)));
    for (int operation = 0; operation < 256; operation++) { /* the record shown to each of them */
        if (operation == VAULT_STOP) continue;
        IGNORE(house_ask(h, (uint8_t)operation, t.verifier), "most refuse it");
        IGNORE(house_ask_operator(h, (uint8_t)operation, t.verifier), "most refuse it");
    }
    trace_expect_absent(trace_answers(), SPAN_OF(secret));
    trace_expect_absent_from_journal(h, SPAN_OF(secret));
}

TESTS(TEST(test_each_code_counts_once), TEST(test_other_steps_are_wrong),
        TEST(test_guesses_are_locked), TEST(test_a_grant_is_spent_once),
        TEST(test_it_is_replaced_with_the_old_code_alone), TEST(test_weak_secrets_are_refused),
        TEST(test_nothing_moves_to_another), TEST(test_reset_by_two),
        TEST(test_password_and_code_are_judged_together),
        TEST(test_no_login_without_the_second_factor), TEST(test_the_pepper_is_turned),
        TEST(test_used_codes_survive_snapshots), TEST(test_the_secret_never_comes_out))
