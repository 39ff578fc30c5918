/* Goal: a foreign password table is taken over without its weak digests staying, by nobody's single
 * word, and never back (TP-6, TP-10, DESIGN section 5.9). Method: tables as Python's hashlib wrote
 * them, every formula; records that are mixed up, malformed, claimed again, and put back after
 * their upgrade; vaultd killed between the answer and the store. Canaries of everything that was
 * ever secret are searched in all answers and in the journal. */
#include "vault/password_test_house.h"
#include "vault/vault_test_trace.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "vault/memory_pin.h"
#include "vault/verifier.h"

static const WireOwner li = { CLASS_PASSWORD, SPAN("bank1"), SPAN("users"), SPAN("u1001") };
static const LegacyForm sample = { LEGACY_SHA256_DATA_MD5, LEGACY_INNER_HEX_LOWER };
static const LegacyForm salted = { LEGACY_SHA256_DATA_PW, LEGACY_INNER_NONE };

#define KEY "Zx9QpL3mVt7Rw2Yc"

/* What the old system stored. */
static Span old_digest(LegacyForm form, Span user, const char *password)
{
    static uint8_t digest[LEGACY_DIGEST_BYTES_MAX];
    const LegacyParts parts = { SPAN("8f3a"), user,
        span_of_text(sample.formula == form.formula ? KEY : ""), span_of_text(password) };
    legacy_password_digest(form, &parts, digest);
    return (Span) { digest, legacy_digest_bytes(form.formula) };
}

static Status import(Tenant *t, LegacyForm form, const char *password, bool wrap)
{
    Status own = OK;
    const WireLegacyRecord record = { t->owner.user, SPAN("8f3a"),
        old_digest(form, t->owner.user, password) };
    TRY(tenant_import(t, &record, 1, wrap, &own));
    return own;
}

static void tenant_done(Tenant *t) { house_close(t->house); }

static Tenant open_allowed(LegacyForm form)
{
    Tenant t;
    tenant_init(&t, house_open(), &li);
    tenant_enroll_people(&t);
    const bool keyed = form.formula == LEGACY_SHA256_DATA_MD5;
    ASSERT(status_ok(tenant_allow(&t, form, keyed ? KEY : NULL, "bob")));
    return t;
}

static void test_off_until_two_allow_it(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    tenant_init(&t, h, &li);
    tenant_enroll_people(&t);
    EXPECT_REFUSED(import(&t, salted, "284617", false), REFUSED_LEGACY_DISABLED);
    EXPECT_REFUSED(tenant_allow(&t, salted, NULL, "ann"), REFUSED_APPROVAL_QUORUM);
    EXPECT_REFUSED(tenant_allow(&t, salted, KEY, "bob"), REFUSED_LEGACY_RECORD);
    EXPECT_REFUSED(tenant_allow(&t, sample, NULL, "bob"), REFUSED_LEGACY_RECORD);
    EXPECT_REFUSED(import(&t, salted, "284617", false), REFUSED_LEGACY_DISABLED);
    EXPECT_OK(tenant_allow(&t, salted, NULL, "bob"));
    EXPECT_OK(import(&t, salted, "284617", false));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    t.owner.realm = SPAN("admins"); /* another realm is another matter */
    EXPECT_REFUSED(import(&t, salted, "284617", false), REFUSED_LEGACY_DISABLED);
    t.owner.realm = li.realm;
    const LegacyForm none = { LEGACY_NONE, LEGACY_INNER_NONE };
    EXPECT_OK(tenant_allow(&t, none, NULL, "bob")); /* and it is over */
    EXPECT_REFUSED(tenant_login(&t, "284617"), REFUSED_LEGACY_DISABLED);
    EXPECT_OK(
            tenant_allow(&t, (LegacyForm) { LEGACY_MD5_DATA_PW, LEGACY_INNER_NONE }, NULL, "bob"));
    EXPECT_REFUSED(tenant_login(&t, "284617"), REFUSED_LEGACY_DISABLED); /* not this formula */
}

/* Each formula, both ways: verified as it was made, then replaced by a modern record. */
static void test_every_formula_is_upgraded_at_first_use(void)
{
    for (int i = 1; i < 8; i++) {
        for (int wrap = 0; wrap < 2; wrap++) {
            LegacyForm form = { (LegacyFormula)i, LEGACY_INNER_NONE };
            if (form.formula == LEGACY_SHA256_DATA_MD5) form.inner = LEGACY_INNER_HEX_UPPER;
            WirePasswordCounts counts;
            CLEANUP(tenant_done) Tenant t = open_allowed(form);
            EXPECT_OK(import(&t, form, "otter51!", wrap != 0));
            EXPECT_REFUSED(tenant_login(&t, "otter52!"), REFUSED_PIN_WRONG);
            EXPECT_REFUSED(tenant_login(&t, ""), REFUSED_PIN_WRONG);
            EXPECT_OK(tenant_counts(&t, &counts));
            EXPECT(counts.modern == 0 && counts.legacy + counts.wrapped == 1);
            EXPECT(counts.wrapped == (uint64_t)wrap);
            EXPECT_OK(tenant_login(&t, "otter51!"));
            EXPECT(t.next.size == VERIFIER_MODERN_BYTES);
            EXPECT_OK(tenant_store_next(&t));
            EXPECT_OK(tenant_login(&t, "otter51!"));
            EXPECT(t.next.size == 0);
            EXPECT_REFUSED(tenant_login(&t, "otter52!"), REFUSED_PIN_WRONG);
            EXPECT_OK(tenant_counts(&t, &counts));
            EXPECT(counts.modern == 1 && counts.legacy + counts.wrapped == 0);
        }
    }
}

/* After the upgrade the legacy record is an old one, and stays one. */
static void test_no_way_back(void)
{
    CLEANUP(tenant_done) Tenant t = open_allowed(sample);
    EXPECT_OK(import(&t, sample, "otter51!", false));
    uint8_t old[WIRE_VERIFIER_BYTES_MAX];
    const Span legacy = { old, t.verifier.size };
    memcpy(old, t.verifier.data, legacy.size);
    EXPECT_OK(tenant_login(&t, "otter51!"));

    /* Killed before the new one was stored: the old one is still good, and offers again. */
    EXPECT_OK(house_restart(t.house));
    EXPECT_OK(house_scan(t.house));
    EXPECT_OK(tenant_login(&t, "otter51!"));
    EXPECT(t.next.size == VERIFIER_MODERN_BYTES);
    EXPECT_OK(tenant_store_next(&t));
    const Span modern = t.verifier;
    t.verifier = legacy;
    EXPECT_REFUSED(tenant_login(&t, "otter51!"), REFUSED_VERIFIER_ROLLED_BACK);
    EXPECT_REFUSED(tenant_show(&t), REFUSED_VERIFIER_ROLLED_BACK);
    EXPECT_REFUSED(import(&t, sample, "evil-otter!", false), REFUSED_PASSWORD_EXISTS);
    EXPECT_OK(house_restart(t.house));
    EXPECT_OK(house_scan(t.house));
    t.verifier = legacy;
    EXPECT_REFUSED(tenant_login(&t, "otter51!"), REFUSED_VERIFIER_ROLLED_BACK);
    t.verifier = modern;
    EXPECT_OK(tenant_login(&t, "otter51!"));

    /* A login with the new one says as much as showing it. */
    t.owner.user = SPAN("u1002");
    EXPECT_OK(import(&t, sample, "otter51!", true));
    memcpy(old, t.verifier.data, t.verifier.size);
    const Span wrapped = { old, t.verifier.size };
    EXPECT_OK(tenant_login(&t, "otter51!"));
    memcpy(t.verifier_memory, t.next.data, t.next.size);
    t.verifier.size = t.next.size;
    EXPECT_OK(tenant_login(&t, "otter51!"));
    t.verifier = wrapped;
    EXPECT_REFUSED(tenant_login(&t, "otter51!"), REFUSED_VERIFIER_ROLLED_BACK);
}

/* Who gives a new password over a legacy one must know the legacy one; it is an attempt. */
static void test_a_legacy_password_is_changed_by_who_knows_it(void)
{
    CLEANUP(tenant_done) Tenant t = open_allowed(salted);
    EXPECT_OK(import(&t, salted, "otter51!", true));
    EXPECT_REFUSED(tenant_set(&t, "", "violet Kettle, 9 hills"), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(tenant_set(&t, "otter52!", "violet Kettle, 9 hills"), REFUSED_PIN_WRONG);
    EXPECT_OK(tenant_set(&t, "otter51!", "violet Kettle, 9 hills"));
    EXPECT_OK(tenant_login(&t, "violet Kettle, 9 hills"));
    for (int i = 0; i < PIN_TRIES_MAX; i++)
        EXPECT_REFUSED(tenant_login(&t, "otter51!"), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(tenant_login(&t, "violet Kettle, 9 hills"), REFUSED_PIN_LOCKED);
}

/* A record belongs to the user it was imported for, whatever the undelimited formula says; what is
 * malformed refuses itself alone; an import sent again before its store is the same import. */
static void test_records_of_an_import(void)
{
    CLEANUP(tenant_done) Tenant t = open_allowed(salted);
    Status own[TENANT_ITEMS_MAX];
    static const uint8_t bytes[32] = { 1 };
    uint8_t digest[32];
    memcpy(digest, old_digest(salted, SPAN("u"), "otter51!").data, sizeof(digest));
    const WireLegacyRecord records[] = {
        { SPAN("u1"), SPAN("8f3a"), SPAN_OF(digest) },
        { SPAN("u2"), SPAN("8f3a"), { bytes, 31 } }, /* not this formula's size */
        { SPAN("u3"), SPAN("8f3a"), { bytes, 16 } },
        { SPAN("u\n4"), SPAN("8f3a"), SPAN_OF(digest) },
        { SPAN("u1"), SPAN("8f3a"), SPAN_OF(digest) }, /* twice in one table: the last counts */
        { SPAN("u5"), SPAN(""), SPAN_OF(digest) },
    };
    EXPECT_OK(tenant_import(&t, records, 6, false, own));
    EXPECT_OK(own[0]);
    EXPECT_REFUSED(own[1], REFUSED_LEGACY_RECORD);
    EXPECT_REFUSED(own[2], REFUSED_LEGACY_RECORD);
    EXPECT_REFUSED(own[3], REFUSED_PASSWORD_OWNER);
    EXPECT_OK(own[4]);
    EXPECT_OK(own[5]);
    t.owner.user = SPAN("u1"); /* the store has u5's record */
    EXPECT_REFUSED(tenant_login(&t, "otter51!"), REFUSED_SEAL_TAMPERED);
    EXPECT_OK(tenant_import(&t, records, 1, false, own));
    EXPECT_OK(own[0]);
    EXPECT_OK(tenant_show(&t));
    EXPECT_OK(tenant_import(&t, records, 1, false, own));
    EXPECT_REFUSED(own[0], REFUSED_PASSWORD_EXISTS);
    EXPECT_OK(tenant_import(&t, records, 0, false, own));
    EXPECT_REFUSED(
            tenant_import(&t, records, TENANT_ITEMS_MAX + 1, false, own), REFUSED_IPC_TOO_LARGE);
    EXPECT_OK(tenant_login(&t, "otter51!"));
}

/* --- canaries --- */

/* What vaultd itself keeps of a password: read with its own pepper, which nobody else has. */
static Verifier inside_of(const Tenant *t)
{
    uint8_t memory[VERIFIER_PLACE_BYTES_MAX];
    Buffer place = BUFFER_OF(memory);
    Verifier v = { 0 };
    uint32_t version = 0;
    bool old_pepper = false;
    const bool fits = status_ok(buffer_put(&place, SPAN("password")))
            && status_ok(buffer_put_u16(&place, t->owner.data_class))
            && status_ok(buffer_put_framed(&place, t->owner.tenant))
            && status_ok(buffer_put_framed(&place, t->owner.realm))
            && status_ok(buffer_put_framed(&place, t->owner.user));
    ASSERT(fits);
    ASSERT(status_ok(verifier_open(
            house_keys(), span_of_buffer(&place), t->verifier, &version, &old_pepper, &v)));
    return v;
}

/* Every operation that there is, from both sockets, with everything that names the record. */
static void ask_everything(Tenant *t)
{
    uint8_t memory[2048];
    for (int operation = 0; operation < 256; operation++) {
        if (operation == VAULT_STOP) continue;
        for (int shape = 0; shape < 4; shape++) {
            Buffer b = BUFFER_OF(memory);
            const WirePasswordShown shown = { t->owner, t->verifier };
            if (shape == 1) ASSERT(status_ok(wire_put_password_shown(&b, &shown)));
            if (shape == 2) {
                ASSERT(status_ok(buffer_put_u32(&b, 1)));
                ASSERT(status_ok(wire_put_password_shown(&b, &shown)));
            }
            if (shape == 3) ASSERT(status_ok(buffer_put_framed(&b, t->verifier)));
            IGNORE(house_ask(t->house, (uint8_t)operation, span_of_buffer(&b)), "traced");
            IGNORE(house_ask_operator(t->house, (uint8_t)operation, span_of_buffer(&b)), "traced");
        }
    }
}

/* TP-6: nothing gives out any form of a password; TP-7: nor the formula's key. */
static void test_nothing_leaves_the_vault(void)
{
    CLEANUP(tenant_done) Tenant t = open_allowed(sample);
    trace_begin(t.house);
    EXPECT_OK(import(&t, sample, "canary-Otter-51", false));
    uint8_t legacy_digest[32];
    memcpy(legacy_digest, old_digest(sample, t.owner.user, "canary-Otter-51").data, 32);
    const Verifier legacy = inside_of(&t);
    EXPECT(bytes_equal_ct(legacy.digest, legacy_digest, 32)); /* we look in the right place */
    ask_everything(&t);
    EXPECT_REFUSED(tenant_login(&t, "canary-Wrong-52"), REFUSED_PIN_WRONG);
    EXPECT_OK(tenant_login(&t, "canary-Otter-51"));
    EXPECT_OK(tenant_store_next(&t));
    EXPECT_OK(tenant_set(&t, "canary-Otter-51", "canary Kettle, 9 hills"));
    const Verifier modern = inside_of(&t);
    ask_everything(&t);

    const Span places[] = { trace_answers(), t.verifier };
    const Span secrets[] = { SPAN("canary-Otter-51"), SPAN("canary-Wrong-52"),
        SPAN("canary Kettle, 9 hills"), SPAN(KEY), SPAN_OF(legacy_digest),
        SPAN_OF(modern.record.digest), SPAN_OF(modern.record.salt) };
    EXPECT(trace_answers().size > 1000);
    for (size_t s = 0; s < sizeof(secrets) / sizeof(secrets[0]); s++) {
        for (size_t p = 0; p < 2; p++)
            trace_expect_absent(places[p], secrets[s]);
        trace_expect_absent_from_journal(t.house, secrets[s]);
    }
}

/* Small segments: what is allowed, offered, stored, spent and tried is in every snapshot. */
static void test_state_survives_snapshots(void)
{
    CLEANUP(tenant_done) Tenant t = open_allowed(sample);
    t.house->segment_bytes = 16 * 1024;
    EXPECT_OK(house_restart(t.house));
    EXPECT_OK(house_scan(t.house));
    EXPECT_OK(import(&t, sample, "otter51!", false));
    const Tenant first = t;
    t.owner.user = SPAN("u1002");
    EXPECT_OK(import(&t, sample, "otter51!", true));
    EXPECT_OK(tenant_login(&t, "otter51!"));
    EXPECT_OK(tenant_store_next(&t));
    Tenant stranger;
    tenant_init(&stranger, t.house, &li);
    stranger.owner.user = SPAN("nobody");
    for (int i = 0; i < PIN_TRIES_MAX; i++)
        EXPECT_REFUSED(tenant_login(&stranger, "x"), REFUSED_PIN_WRONG);
    for (int i = 0; i < 150; i++) {
        house_begin(t.house);
        EXPECT_OK(house_commit(t.house));
        if (i % 50 != 49) continue;
        EXPECT_OK(house_restart(t.house));
        EXPECT_OK(house_scan(t.house));
    }
    WirePasswordCounts counts;
    EXPECT_OK(tenant_counts(&t, &counts));
    EXPECT(counts.modern == 1 && counts.legacy == 1 && counts.wrapped == 0);
    EXPECT_REFUSED(tenant_login(&stranger, "x"), REFUSED_PIN_LOCKED);
    EXPECT_OK(tenant_login(&t, "otter51!"));
    t.owner.user = li.user;
    memcpy(t.verifier_memory, first.verifier_memory, first.verifier.size);
    t.verifier = (Span) { t.verifier_memory, first.verifier.size };
    EXPECT_OK(tenant_login(&t, "otter51!"));
}

TESTS(TEST(test_off_until_two_allow_it), TEST(test_every_formula_is_upgraded_at_first_use),
        TEST(test_no_way_back), TEST(test_a_legacy_password_is_changed_by_who_knows_it),
        TEST(test_records_of_an_import), TEST(test_nothing_leaves_the_vault),
        TEST(test_state_survives_snapshots))
