/* Goal: anybody's password can only be checked, five times and then seldom; it belongs to its user
 * alone; only its owner, or two people, replace it (TP-6, TP-10, DESIGN section 5.3). Method: a
 * whole vault; boxes as an institution's page makes them; a store that is rolled back, mixed up and
 * lost. */
#include "vault/password_test_house.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "vault/memory_pin.h"
#include "vault/password_rules.h"
#include "vault/verifier.h"

#define GOOD "green-Otter 51 rivers"
#define OTHER "violet Kettle, 9 hills"

static const WireOwner wang = { CLASS_PASSWORD, SPAN("bank1"), SPAN("admins"), SPAN("wang") };
static const WireOwner zhao = { CLASS_PASSWORD, SPAN("bank1"), SPAN("admins"), SPAN("zhao") };
static const WireOwner pin_wang = { CLASS_PIN, SPAN("bank1"), SPAN("users"), SPAN("wang") };

static void test_weak_passwords(void)
{
    static const PersonalFacts nothing_known;
    static const char *const weak[] = { "", "short-9", "elevenchars", "password123456",
        "P@ssw0rd2026!", "abcdefghijklm", "qwertyuiop12", "aaaaaaaaaaaa", "abcabcabcabc",
        "otterotterotter", "123456789012", "Admin@2026#1234", "woaini520131400", "wang-wang-1234",
        "tab\tin the middle", "\xff\xfe not a text", "zhifumima88888888" };
    static const char chinese[] = /* twelve characters of a poem of Meng Haoran */
            "\xe6\x98\xa5\xe7\x9c\xa0\xe4\xb8\x8d\xe8\xa7\x89\xe6\x99\x93\xe5\xa4\x84"
            "\xe5\xa4\x84\xe9\x97\xbb\xe5\x95\xbc\xe9\xb8\x9f\xe5\xa4\x9c\xe6\x9d\xa5";
    static const char *const good[] = { GOOD, OTHER, "9pT!vexing-moor", "correct horse battery",
        chinese };
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
        EXPECT(password_is_weak(
                span_of_text(weak[i]), SPAN("wang"), PASSWORD_LENGTH_MIN, &nothing_known));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        EXPECT(!password_is_weak(
                span_of_text(good[i]), SPAN("wang"), PASSWORD_LENGTH_MIN, &nothing_known));
    EXPECT(password_is_weak(
            SPAN("Ot7!rx"), SPAN("wang"), 1, &nothing_known)); /* the floor is not configured */
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &wang);
    EXPECT_REFUSED(tenant_set(&t, "", "password123456"), REFUSED_PASSWORD_WEAK);
    tenant_init(&t, h, &pin_wang);
    EXPECT_REFUSED(tenant_set(&t, "", GOOD), REFUSED_PIN_WEAK);
    EXPECT_REFUSED(tenant_set(&t, "", "123456"), REFUSED_PIN_WEAK);
}

static void test_right_and_wrong(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &wang);
    EXPECT_OK(tenant_set(&t, "", GOOD));
    EXPECT(t.verifier.size == VERIFIER_MODERN_BYTES);
    EXPECT_OK(tenant_login(&t, GOOD));
    EXPECT(t.next.size == 0);
    EXPECT_REFUSED(tenant_login(&t, OTHER), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(tenant_login(&t, ""), REFUSED_PIN_WRONG);
    EXPECT_OK(tenant_login(&t, GOOD));
    EXPECT_REFUSED(tenant_set(&t, OTHER, OTHER), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(tenant_set(&t, "", OTHER), REFUSED_PIN_WRONG);
    EXPECT_OK(tenant_set(&t, GOOD, OTHER));
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PIN_WRONG);
    EXPECT_OK(tenant_login(&t, OTHER));
    tenant_init(&t, h, &pin_wang); /* the same name, another realm and class */
    EXPECT_OK(tenant_set(&t, "", "284617"));
    EXPECT_OK(tenant_authorize(&t, "284617", "T1", 100));
    EXPECT_REFUSED(tenant_authorize(&t, "284618", "T1", 100), REFUSED_PIN_WRONG);
}

/* A grant is good once, and for what was agreed to. */
static void test_a_grant_is_spent_once(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &pin_wang);
    EXPECT_OK(tenant_set(&t, "", "284617"));
    EXPECT_OK(tenant_authorize(&t, "284617", "T1", 100));
    EXPECT_REFUSED(tenant_spend(&t, BOX_PURPOSE_AUTHORIZE, "T2", 100), REFUSED_GRANT_INVALID);
    EXPECT_REFUSED(tenant_spend(&t, BOX_PURPOSE_AUTHORIZE, "T1", 101), REFUSED_GRANT_INVALID);
    EXPECT_REFUSED(tenant_spend(&t, BOX_PURPOSE_LOGIN, "T1", 100), REFUSED_GRANT_INVALID);
    t.owner.user = SPAN("zhao");
    EXPECT_REFUSED(tenant_spend(&t, BOX_PURPOSE_AUTHORIZE, "T1", 100), REFUSED_GRANT_INVALID);
    t.owner.user = SPAN("wang");
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_OK(tenant_spend(&t, BOX_PURPOSE_AUTHORIZE, "T1", 100));
    EXPECT_REFUSED(tenant_spend(&t, BOX_PURPOSE_AUTHORIZE, "T1", 100), REFUSED_GRANT_INVALID);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(tenant_spend(&t, BOX_PURPOSE_AUTHORIZE, "T1", 100), REFUSED_GRANT_INVALID);
    EXPECT_OK(tenant_authorize(&t, "284617", "T3", 100));
    h->now_us += GRANT_LIFE_US + 1;
    EXPECT_REFUSED(tenant_spend(&t, BOX_PURPOSE_AUTHORIZE, "T3", 100), REFUSED_GRANT_INVALID);
}

/* The sixth try waits, over restarts and with an old store; so does one who sets. */
static void test_the_sixth_try(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &wang);
    EXPECT_OK(tenant_set(&t, "", GOOD));
    const Tenant old_store = t;
    for (int i = 0; i < 3; i++)
        EXPECT_REFUSED(tenant_login(&t, OTHER), REFUSED_PIN_WRONG);
    EXPECT_OK(tenant_unlocked(&t));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(tenant_set(&t, "wrong", OTHER), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(tenant_login(&t, OTHER), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PIN_LOCKED);
    EXPECT_REFUSED(tenant_set(&t, GOOD, OTHER), REFUSED_PIN_LOCKED);
    EXPECT_REFUSED(tenant_unlocked(&t), REFUSED_PIN_LOCKED); /* nor by another way */
    memcpy(t.verifier_memory, old_store.verifier_memory, t.verifier.size);
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PIN_LOCKED);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PIN_LOCKED);
    h->now_us += PIN_LOCK_FIRST_US + 1;
    EXPECT_OK(tenant_unlocked(&t));
    EXPECT_REFUSED(tenant_login(&t, OTHER), REFUSED_PIN_WRONG);
    h->now_us += PIN_LOCK_FIRST_US + 1;
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PIN_LOCKED); /* an hour now */
    h->now_us += PIN_LOCK_FIRST_US;
    EXPECT_OK(tenant_login(&t, GOOD));
}

static void test_an_old_store_is_noticed(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &wang);
    EXPECT_OK(tenant_set(&t, "", GOOD));
    uint8_t old[WIRE_VERIFIER_BYTES_MAX];
    memcpy(old, t.verifier.data, t.verifier.size);
    EXPECT_OK(tenant_set(&t, GOOD, OTHER));
    t.verifier.data = old;
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_VERIFIER_ROLLED_BACK);
    old[3] = 2;
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_SEAL_TAMPERED);
    t.verifier.data = t.verifier_memory;
    for (size_t i = 0; i < t.verifier.size; i++) {
        t.verifier_memory[i] ^= 1;
        EXPECT(!status_ok(tenant_login(&t, OTHER)));
        t.verifier_memory[i] ^= 1;
    }
    EXPECT_OK(tenant_login(&t, OTHER));
}

/* A box and a record are good for their own user, realm, tenant, class and purpose. */
static void test_boxes_and_records_stay_with_their_user(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    Tenant other;
    tenant_init(&t, h, &wang);
    tenant_init(&other, h, &zhao);
    EXPECT_OK(tenant_set(&t, "", GOOD));
    EXPECT_OK(tenant_set(&other, "", OTHER));
    const TenantWish wish = { .purpose = BOX_PURPOSE_LOGIN, .plain = SPAN(GOOD) };
    const Span box = tenant_box(&t, &wish);
    EXPECT_REFUSED(tenant_check_box(&other, box, BOX_PURPOSE_LOGIN, "", 0), REFUSED_BOX_CONTEXT);
    EXPECT_REFUSED(tenant_check_box(&t, box, BOX_PURPOSE_AUTHORIZE, "T1", 0), REFUSED_BOX_CONTEXT);
    EXPECT_REFUSED(tenant_check_box(&t, box, BOX_PURPOSE_PAY, "", 0), REFUSED_BOX_CONTEXT);
    EXPECT_REFUSED(tenant_set_box(&t, box), REFUSED_BOX_CONTEXT);
    EXPECT_OK(tenant_check_box(&t, box, BOX_PURPOSE_LOGIN, "", 0));
    uint8_t first[WIRE_GRANT_BYTES];
    memcpy(first, t.grant, sizeof(first));
    EXPECT_OK(tenant_check_box(&t, box, BOX_PURPOSE_LOGIN, "", 0)); /* again: the same */
    EXPECT(bytes_equal_ct(first, t.grant, sizeof(first)));
    t.nonce[0] ^= 1;
    EXPECT_REFUSED(tenant_check_box(&t, box, BOX_PURPOSE_LOGIN, "", 0), REFUSED_BOX_CONTEXT);
    t.nonce[0] ^= 1;
    memcpy(other.verifier_memory, t.verifier_memory, t.verifier.size); /* records swapped */
    EXPECT_REFUSED(tenant_login(&other, GOOD), REFUSED_SEAL_TAMPERED);
    t.owner.realm = SPAN("users");
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_SEAL_TAMPERED);
    t.owner.realm = SPAN("a/b");
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PASSWORD_OWNER);
    t.owner = wang;
    t.owner.data_class = CLASS_SIGNING_KEY;
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PASSWORD_OWNER);
}

/* Who does not exist is told, counted and locked like who does; a record that is hidden is noticed,
 * and buys no fresh tries. */
static void test_nobody_is_like_somebody(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &zhao);
    for (int i = 0; i < PIN_TRIES_MAX; i++)
        EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PIN_LOCKED);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PIN_LOCKED);
    h->now_us += PIN_LOCK_FIRST_US + 1;
    const TenantWish wish = { .purpose = BOX_PURPOSE_LOGIN, .plain = SPAN(GOOD) };
    const Span box = tenant_box(&t, &wish);
    EXPECT_REFUSED(tenant_check_box(&t, box, BOX_PURPOSE_LOGIN, "", 0), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(tenant_check_box(&t, box, BOX_PURPOSE_LOGIN, "", 0), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_PIN_LOCKED);
    tenant_init(&t, h, &wang);
    EXPECT_OK(tenant_set(&t, "", GOOD));
    t.verifier.size = 0;
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_VERIFIER_ROLLED_BACK);
}

/* Two changes that both proved the old password before either was written: the journal takes one,
 * whatever hufud's own order was, and the same box still gives the same version. */
static void test_of_two_changes_one_counts(void)
{
    CLEANUP(house_done) House *h = house_open();
    PinUse uses[2] = { { .payer = { { 9 } }, .box = { { 1 } } },
        { .payer = { { 9 } }, .box = { { 2 } } } };
    PinUse first = { .payer = { { 9 } }, .box = { { 3 } }, .expires_us = h->now_us + 1 };
    uint8_t unused[MEMORY_GRANT_BYTES];
    uint32_t version = 0;
    bool repeated = false;
    EXPECT_OK(memory_pin_set(h->memory, &first, false, h->now_us, &version));
    for (int i = 0; i < 2; i++) {
        uses[i].version = version;
        uses[i].expires_us = h->now_us + 1;
        EXPECT_OK(memory_pin_attempt(h->memory, &uses[i], h->now_us, &repeated, unused));
    }
    EXPECT_OK(memory_pin_set(h->memory, &uses[1], true, h->now_us, &version));
    EXPECT(version == 2);
    EXPECT_REFUSED(memory_pin_set(h->memory, &uses[0], true, h->now_us, &version),
            REFUSED_VERIFIER_ROLLED_BACK);
    EXPECT_OK(memory_pin_set(h->memory, &uses[1], true, h->now_us, &version));
    EXPECT(version == 2);
}

/* Forgotten, or lost between journal and store: two people, and no one of them. */
static void test_reset_by_two(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &wang);
    tenant_enroll_people(&t);
    EXPECT_OK(tenant_set(&t, "", GOOD));
    uint8_t old[WIRE_VERIFIER_BYTES_MAX];
    memcpy(old, t.verifier.data, t.verifier.size);
    for (int i = 0; i < PIN_TRIES_MAX; i++)
        EXPECT_REFUSED(tenant_login(&t, OTHER), REFUSED_PIN_WRONG);
    t.verifier.size = 0; /* and the record is lost, too */
    EXPECT_REFUSED(
            tenant_reset(&t, &(TenantReset) { OTHER, "ann", false }), REFUSED_APPROVAL_QUORUM);
    EXPECT_REFUSED(
            tenant_reset(&t, &(TenantReset) { OTHER, "bob", true }), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(
            tenant_reset(&t, &(TenantReset) { "short", "bob", false }), REFUSED_PASSWORD_WEAK);
    EXPECT_OK(tenant_reset(&t, &(TenantReset) { OTHER, "bob", false }));
    EXPECT_OK(tenant_login(&t, OTHER)); /* and the lock is lifted */
    t.approval_nonce = (uint8_t)(t.approval_nonce - 2);
    EXPECT_REFUSED(
            tenant_reset(&t, &(TenantReset) { OTHER, "bob", false }), REFUSED_APPROVAL_REPLAYED);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_OK(tenant_login(&t, OTHER));
    t.verifier.data = old;
    EXPECT_REFUSED(tenant_login(&t, GOOD), REFUSED_VERIFIER_ROLLED_BACK);
}

/* A payer of the house whose PIN record was lost, in the same way. */
static void test_a_payers_pin_is_reset(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    const WireOwner payer = { CLASS_PIN, SPAN("hufu"), SPAN("payer"), SPAN("p1") };
    tenant_init(&t, h, &payer);
    tenant_enroll_people(&t);
    EXPECT_OK(tenant_reset(&t, &(TenantReset) { "284617", "bob", false }));
    EXPECT_OK(tenant_authorize(&t, "284617", "T1", 1));
    BoxContext context = { .data_class = CLASS_PIN,
        .purpose = BOX_PURPOSE_CODES,
        .expiry_us = h->now_us + 1000000,
        .payee = SPAN("p1") };
    uint8_t box_memory[BOX_BYTES_MAX];
    uint8_t memory[WIRE_BOX_BYTES_MAX + 2048];
    Buffer box = BUFFER_OF(box_memory);
    Buffer b = BUFFER_OF(memory);
    KeysBox today;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    const Random random = random_system();
    memcpy(context.server_nonce, t.nonce, sizeof(t.nonce));
    EXPECT_OK(keys_box_today(house_keys(), &today));
    EXPECT_OK(public_key_from_point(KEY_P256, SPAN_OF(today.point), &key));
    EXPECT_OK(box_seal(key, today.key_id, &random, &context, SPAN("284617"), &box));
    const WirePinCheck check = { .box = span_of_buffer(&box),
        .purpose = SPAN("codes"),
        .payer = SPAN("p1"),
        .nonce = SPAN_OF(t.nonce),
        .verifier = t.verifier };
    EXPECT_OK(wire_put_pin_check(&b, &check));
    EXPECT_OK(house_ask(h, VAULT_CHECK_PIN, span_of_buffer(&b)));
}

/* A new pepper: what the old one sealed comes back under the new one at its next use or in a sweep,
 * as the same version; when all are through, the old pepper is destroyed and what was left behind
 * with it opens no more. */
static void test_the_pepper_is_turned(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant used;
    Tenant swept;
    tenant_init(&used, h, &wang);
    tenant_init(&swept, h, &zhao);
    EXPECT_OK(tenant_set(&used, "", GOOD));
    EXPECT_OK(tenant_set(&swept, "", OTHER));
    SealHeader before;
    SealHeader after;
    EXPECT_OK(seal_parse((Span) { swept.verifier.data + 4, swept.verifier.size - 4 }, &before));
    uint8_t stolen[WIRE_VERIFIER_BYTES_MAX];
    memcpy(stolen, used.verifier.data, used.verifier.size);
    EXPECT_OK(keys_rotate(house_keys(), KEY_PEPPER));
    EXPECT_OK(tenant_login(&used, GOOD));
    EXPECT(used.next.size == VERIFIER_MODERN_BYTES);
    EXPECT_OK(tenant_store_next(&used));
    EXPECT_OK(tenant_show(&swept)); /* the sweep: no password is needed */
    EXPECT_OK(seal_parse((Span) { swept.verifier.data + 4, swept.verifier.size - 4 }, &after));
    EXPECT(after.key_version == before.key_version + 1);
    EXPECT_OK(keys_destroy(house_keys(), KEY_PEPPER, before.key_version));
    EXPECT_OK(tenant_login(&used, GOOD));
    EXPECT(used.next.size == 0);
    EXPECT_OK(tenant_login(&swept, OTHER));
    used.verifier.data = stolen;
    EXPECT_REFUSED(tenant_login(&used, GOOD), REFUSED_KEY_DESTROYED);
}

/* Both suites: the SM one hashes with PBKDF2-HMAC-SM3 and seals with SM4-GCM. */
static void test_the_sm_suite(void)
{
    static TornPower power;
    static _Alignas(64) uint8_t secrets[KEYS_SECRET_BYTES];
    power = torn_power(3, 0);
    TornDisk *disks[2];
    Secret root = { .size = 32 };
    bool ceremony = false;
    Keys *keys = NULL;
    for (int i = 0; i < 2; i++)
        ASSERT(status_ok(torn_disk_open(&power, 1 << 20, &disks[i])));
    const KeysConfig config = { .segments = { torn_disk_seam(disks[0]), torn_disk_seam(disks[1]) },
        .root = &root,
        .suite = KEYS_SM,
        .random = random_system(),
        .clock = clock_system(),
        .secrets = secrets };
    ASSERT(status_ok(keys_open(&config, &keys, &ceremony)));
    const Random random = random_system();
    uint8_t memory[VERIFIER_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    Verifier made = { 0 };
    Verifier read = { 0 };
    uint32_t version = 0;
    bool old_pepper = true;
    bool right = false;
    EXPECT_OK(verifier_make(keys, &random, PASSWORD_COST_PIN, SPAN("284617"), &made));
    EXPECT(made.record.algorithm == PASSWORD_PBKDF2_SM3);
    EXPECT_OK(verifier_close(keys, &random, SPAN("place"), 7, &made, &b));
    EXPECT_OK(verifier_open(keys, SPAN("place"), span_of_buffer(&b), &version, &old_pepper, &read));
    EXPECT(version == 7 && !old_pepper);
    LegacyParts tried = { .password = SPAN("284617") };
    EXPECT_OK(verifier_check(keys, &read, PASSWORD_COST_PIN, &tried, &right));
    EXPECT(right);
    tried.password = SPAN("284618");
    EXPECT_OK(verifier_check(keys, &read, PASSWORD_COST_PIN, &tried, &right));
    EXPECT(!right);
    EXPECT(!status_ok(verifier_open(
            house_keys(), SPAN("place"), span_of_buffer(&b), &version, &old_pepper, &read)));
    keys_close(keys);
    torn_disk_close(disks[0]);
    torn_disk_close(disks[1]);
}

TESTS(TEST(test_weak_passwords), TEST(test_right_and_wrong), TEST(test_a_grant_is_spent_once),
        TEST(test_the_sixth_try), TEST(test_an_old_store_is_noticed),
        TEST(test_boxes_and_records_stay_with_their_user), TEST(test_nobody_is_like_somebody),
        TEST(test_of_two_changes_one_counts), TEST(test_reset_by_two),
        TEST(test_a_payers_pin_is_reset), TEST(test_the_pepper_is_turned), TEST(test_the_sm_suite))
