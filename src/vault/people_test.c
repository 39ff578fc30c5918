/* Goal: only two different enrolled people together release a row or accept a restored store, once
 * each (TP-15, LL-4.5.2, DESIGN section 5.6); and nobody asks for what rights.c does not give.
 * Method: real Ed25519 signatures, each field wrong in turn. */
#define _GNU_SOURCE
#include "crypto/signed_text.h"
#include "vault/row_seal.h"
#include "vault/scan.h"
#include "vault/vault_test_people.h"

static Status act_on(House *h, uint8_t operation, const Act *act)
{
    uint8_t memory[8192];
    Buffer b = BUFFER_OF(memory);
    TRY(people_put_approvals(h, act, &b));
    return house_ask_operator(h, operation, span_of_buffer(&b));
}

static House *open_with_people(void)
{
    House *h = house_open();
    people_enroll_two(h);
    return h;
}

static void test_release_needs_two(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    EXPECT_OK(house_found(h));
    h->rows[1].seal[20] ^= 1;
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_SEAL_MISMATCH);
    h->rows[1].seal[20] ^= 1;
    uint8_t key_memory[ROW_KEY_BYTES_MAX];
    const Span key = house_key(h, 1);
    memcpy(key_memory, key.data, key.size);
    const Act good = { "release-row", { key_memory, key.size }, { 0, 1 }, 1000000, 1, false,
        false };

    Act act = good;
    act.people[1] = 0;
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_ROW, &act), REFUSED_APPROVAL_QUORUM);
    act = good;
    act.people[1] = 2;
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_ROW, &act), REFUSED_APPROVAL_INVALID);
    act = good;
    act.breaks_signature = true;
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_ROW, &act), REFUSED_APPROVAL_INVALID);
    act = good;
    act.other_subject = true;
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_ROW, &act), REFUSED_APPROVAL_INVALID);
    act = good;
    act.operation = "accept-restore";
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_ROW, &act), REFUSED_APPROVAL_INVALID);
    act = good;
    act.life_us = -1;
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_ROW, &act), REFUSED_APPROVAL_INVALID);
    act = good;
    act.life_us = (int64_t)48 * 3600 * 1000000;
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_ROW, &act), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_FROZEN);

    EXPECT_OK(act_on(h, VAULT_RELEASE_ROW, &good));
    EXPECT_OK(house_verify(h, 1));
    h->rows[1].seal[20] ^= 1; /* again broken: the old approvals are spent */
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_SEAL_MISMATCH);
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_ROW, &good), REFUSED_APPROVAL_REPLAYED);
    EXPECT_OK(house_restart(h));
    h->rows[1].seal[20] ^= 1;
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(act_on(h, VAULT_RELEASE_ROW, &good), REFUSED_APPROVAL_REPLAYED);
}

static void test_restore_needs_two_and_begins_a_new_log(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    EXPECT_OK(house_found(h));
    EXPECT_OK(house_ask(h, VAULT_CHECKPOINT, SPAN("")));
    EXPECT(h->answer.size > 40 && h->answer.data[5 + 32] == '/' && h->answer.data[5 + 33] == '0');
    MerkleHash old_root;
    memcpy(old_root.bytes, h->root, sizeof(old_root.bytes));
    house_begin(h);
    EXPECT_OK(house_commit(h)); /* an empty batch */
    EXPECT_OK(memory_settle(h->memory));
    EXPECT_OK(house_restart(h));
    h->leaf_count = 1; /* the store of before */
    EXPECT_REFUSED(house_scan(h), REFUSED_STORE_ROLLED_BACK);

    uint8_t subject[SCAN_SUBJECT_BYTES];
    scan_subject(2, &old_root, subject);
    Act act = { "accept-restore", SPAN_OF(subject), { 0, 1 }, 1000000, 1, false, false };
    EXPECT_REFUSED(act_on(h, VAULT_ACCEPT_RESTORE, &act), REFUSED_APPROVAL_INVALID);
    scan_subject(1, &old_root, subject);
    act.people[1] = 0;
    EXPECT_REFUSED(act_on(h, VAULT_ACCEPT_RESTORE, &act), REFUSED_APPROVAL_QUORUM);
    act.people[1] = 1;
    EXPECT_OK(act_on(h, VAULT_ACCEPT_RESTORE, &act));
    EXPECT_OK(house_verify(h, 1));
    EXPECT_OK(house_ask(h, VAULT_CHECKPOINT, SPAN("")));
    EXPECT(h->answer.data[5 + 33] == '1'); /* another origin: no two roots under one name */
    house_begin(h);
    EXPECT_OK(house_commit(h));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
}

static void test_the_ceremony_closes(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    EXPECT_REFUSED(people_enroll(h, "ann", people_key(2)), REFUSED_OPERATOR_EXISTS);
    EXPECT_REFUSED(people_enroll(h, "eve", people_key(0)), REFUSED_OPERATOR_EXISTS);
    PrivateKey *rsa = NULL;
    EXPECT_OK(private_key_generate(KEY_RSA, &rsa));
    const Status wrong_kind = people_enroll(h, "dan", rsa);
    private_key_free(&rsa);
    EXPECT(status_refused(wrong_kind));
    EXPECT_OK(house_found(h));
    EXPECT_REFUSED(people_enroll(h, "eve", people_key(2)), REFUSED_CEREMONY_CLOSED);
}

static void test_a_backup_key_opens_for_two(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    EXPECT_OK(house_ask_operator(h, VAULT_WRAP_KEY, SPAN("")));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    Span wrapped;
    Span clear;
    EXPECT_OK(cursor_framed(&c, 512, &wrapped));
    EXPECT_OK(cursor_framed(&c, 64, &clear));
    uint8_t kept[512];
    uint8_t key[32];
    memcpy(kept, wrapped.data, wrapped.size);
    memcpy(key, clear.data, 32);
    wrapped.data = kept;

    uint8_t digest[32];
    sha256(wrapped, digest);
    const Act act = { "unwrap-backup", SPAN_OF(digest), { 0, 1 }, 1000000, 7, false, false };
    uint8_t memory[8192];
    Buffer b = BUFFER_OF(memory);
    EXPECT_OK(people_put_approvals(h, &act, &b));
    EXPECT_OK(buffer_put_framed(&b, wrapped));
    EXPECT_REFUSED(house_ask(h, VAULT_UNWRAP_KEY, span_of_buffer(&b)), REFUSED_VAULT_FORBIDDEN);
    EXPECT_OK(house_ask_operator(h, VAULT_UNWRAP_KEY, span_of_buffer(&b)));
    EXPECT(h->answer.size == 32 && bytes_equal_ct(h->answer.data, key, 32));
    EXPECT_REFUSED(
            house_ask_operator(h, VAULT_UNWRAP_KEY, span_of_buffer(&b)), REFUSED_APPROVAL_REPLAYED);
}

/* The whole table, as it is meant: H hufud, O operator, C another's core. */
static const char *const allowed[VAULT_OPERATION_COUNT] = { [VAULT_STATUS] = "HO",
    [VAULT_SCAN_BEGIN] = "H",
    [VAULT_SCAN_ROWS] = "H",
    [VAULT_SCAN_LEAVES] = "H",
    [VAULT_SCAN_END] = "H",
    [VAULT_VERIFY] = "H",
    [VAULT_PREPARE] = "H",
    [VAULT_CONFIRM] = "H",
    [VAULT_ABORT] = "H",
    [VAULT_SIGN] = "H",
    [VAULT_CHECKPOINT] = "H",
    [VAULT_CHECK_PIN] = "H",
    [VAULT_SET_PIN] = "H",
    [VAULT_BOX_KEY] = "H",
    [VAULT_BOX_PAD] = "H",
    [VAULT_PUBLIC_KEYS] = "HO",
    [VAULT_PSEUDONYM_KEY] = "H",
    [VAULT_MERCHANT_LEAF] = "H",
    [VAULT_KEY_MAC] = "H",
    [VAULT_MAC_KEY_SET] = "H",
    [VAULT_CARD_BIND] = "H",
    [VAULT_CARD_CODE] = "H",
    [VAULT_CARD_PASS] = "H",
    [VAULT_IDENTITY_SAID] = "H",
    [VAULT_IDENTITY_KNOWN] = "H",
    [VAULT_TLS_LEAF] = "H",
    [VAULT_KEY_LIST] = "HO",
    [VAULT_RELEASE_ROW] = "O",
    [VAULT_ACCEPT_RESTORE] = "O",
    [VAULT_WRAP_KEY] = "HO",
    [VAULT_UNWRAP_KEY] = "O",
    [VAULT_ENROLL] = "O",
    [VAULT_OPERATOR_ADD] = "O",
    [VAULT_OPERATOR_CHANGE] = "O",
    [VAULT_OPERATOR_REMOVE] = "O",
    [VAULT_OPERATORS] = "HO",
    [VAULT_PROTECT] = "H",
    [VAULT_ENCRYPT_DOWNLINK] = "H",
    [VAULT_STOP] = "O",
    [VAULT_ROLL_BEGIN] = "H",
    [VAULT_ROLL_ROWS] = "H",
    [VAULT_EVENTS] = "H",
    [VAULT_RECEIVERS] = "HO",
    [VAULT_EXPIRY_COUNT] = "HO",
    [VAULT_HOLD_SUBJECT] = "H",
    [VAULT_RELEASE_HOLD] = "H",
    [VAULT_HELD_UNTIL] = "H",
    [VAULT_CALLER_LEAF] = "H",
    [VAULT_SESSION] = "H",
    [VAULT_PROTECT_FIELDS] = "H",
    [VAULT_LOOKUP_FIELDS] = "H",
    [VAULT_REVEAL_FIELD] = "H",
    [VAULT_RECEIVER_ADD] = "O",
    [VAULT_RECEIVER_REMOVE] = "O",
    [VAULT_REVEAL_LOG] = "HO",
    [VAULT_REVEAL_KEPT] = "H",
    [VAULT_REWRAP_FIELDS] = "H",
    [VAULT_TURN_SUBJECTS] = "H",
    [VAULT_DESTROY_SUBJECTS] = "HO",
    [VAULT_PLANT_HONEY] = "O",
    [VAULT_LEGACY_KEY] = "HO",
    [VAULT_IMPORT_FIELDS] = "H",
    [VAULT_PASSWORD_SET] = "H",
    [VAULT_PASSWORD_CHECK] = "H",
    [VAULT_PASSWORD_SPEND] = "H",
    [VAULT_PASSWORD_LOCKED] = "H",
    [VAULT_PASSWORD_RESET] = "H",
    [VAULT_PASSWORD_RECOVER] = "H",
    [VAULT_PASSWORD_SHOW] = "H",
    [VAULT_PASSWORD_IMPORT] = "H",
    [VAULT_LEGACY_ENABLE] = "O",
    [VAULT_PASSWORD_COUNTS] = "HO",
    [VAULT_SECOND_SET] = "H",
    [VAULT_SECOND_CHECK] = "H",
    [VAULT_SECOND_RESET] = "H",
    [VAULT_SECOND_LOGIN] = "H",
    [VAULT_KEY_REVEAL] = "H",
    [VAULT_POLICY_SET] = "O",
    [VAULT_POLICY_GET] = "HO",
    [VAULT_EXPIRY_GRANT] = "O",
    [VAULT_EXPIRY_END] = "HO",
    [VAULT_EXPIRY_LOOK] = "HO",
    [VAULT_EXPIRY_LIST] = "O",
    [VAULT_KEY_ROTATE] = "O",
    [VAULT_KEY_DESTROY] = "O",
    [VAULT_SIGN_REPORT] = "O",
    [VAULT_CLOSE_INCIDENT] = "O",
    [VAULT_REVIEW_REPORT] = "O",
    [VAULT_ATTACHED_TABLE] = "O",
    [VAULT_ATTACHED_STATUS] = "HOC",
    [VAULT_ATTACHED_SESSION] = "HOC",
    [VAULT_ATTACHED_ANNOUNCE] = "HOC",
    [VAULT_ATTACHED_RESOLVE] = "HOC",
    [VAULT_ATTACHED_CHECK] = "HOC",
    [VAULT_ATTACHED_SCAN_BEGIN] = "HOC",
    [VAULT_ATTACHED_SCAN_ROWS] = "HOC",
    [VAULT_ATTACHED_SCAN_END] = "HOC",
    [VAULT_ATTACHED_RELEASE] = "O" };

static void test_rights(void)
{
    for (int operation = 0; operation < 256; operation++) {
        const char *may = operation < VAULT_OPERATION_COUNT ? allowed[operation] : NULL;
        const bool hufud = may != NULL && strchr(may, 'H') != NULL;
        const bool person = may != NULL && strchr(may, 'O') != NULL;
        EXPECT(rights_allow(ROLE_HUFUD, (uint8_t)operation) == hufud);
        EXPECT(rights_allow(ROLE_OPERATOR, (uint8_t)operation) == person);
        const bool core = may != NULL && strchr(may, 'C') != NULL;
        EXPECT(rights_allow(ROLE_CORE, (uint8_t)operation) == core);
        EXPECT(!rights_allow(ROLE_NONE, (uint8_t)operation));
        EXPECT((rights_lane((uint8_t)operation) >= 0) == (may != NULL));
    }
    const VaultUsers users = { 10, 11 };
    const VaultUsers same = { 10, 10 };
    EXPECT(rights_role(&users, &(ServicePeer) { 10, 1, 0 }) == ROLE_HUFUD);
    EXPECT(rights_role(&users, &(ServicePeer) { 11, 1, 1 }) == ROLE_OPERATOR);
    EXPECT(rights_role(&users, &(ServicePeer) { 10, 1, 1 }) == ROLE_NONE);
    EXPECT(rights_role(&users, &(ServicePeer) { 11, 1, 0 }) == ROLE_NONE);
    EXPECT(rights_role(&users, &(ServicePeer) { 0, 1, 0 }) == ROLE_NONE); /* not even root */
    const VaultUsers cores = { 10, 11, { 12, 13 }, 2 };
    EXPECT(rights_role(&cores, &(ServicePeer) { 13, 1, 2 }) == ROLE_CORE);
    EXPECT(rights_role(&cores, &(ServicePeer) { 10, 1, 2 }) == ROLE_NONE);
    EXPECT(rights_role(&cores, &(ServicePeer) { 13, 1, 1 }) == ROLE_NONE);
    EXPECT(rights_role(&users, &(ServicePeer) { 0, 1, 2 }) == ROLE_NONE);
    EXPECT(rights_role(&same, &(ServicePeer) { 10, 1, 1 }) == ROLE_OPERATOR);
    EXPECT(rights_role(&same, &(ServicePeer) { 10, 1, 2 }) == ROLE_NONE);
}

static void test_keys_need_two(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    EXPECT_OK(house_found(h));
    const uint32_t before = keys_current_version(house_keys(), KEY_SHRED);
    const Act good = { "rotate-key", SPAN("shred"), { 0, 1 }, 1000000, 60, false, false };
    Act act = good;
    act.people[1] = 0;
    EXPECT_REFUSED(act_on(h, VAULT_KEY_ROTATE, &act), REFUSED_APPROVAL_QUORUM);
    act = good;
    act.breaks_signature = true;
    EXPECT_REFUSED(act_on(h, VAULT_KEY_ROTATE, &act), REFUSED_APPROVAL_INVALID);
    act = good;
    act.subject = SPAN("journal");
    EXPECT_REFUSED(act_on(h, VAULT_KEY_ROTATE, &act), REFUSED_KEY_NOT_ROTATED);
    act = good;
    act.nonce = 64;
    act.subject = SPAN("no-such-key");
    EXPECT_REFUSED(act_on(h, VAULT_KEY_ROTATE, &act), REFUSED_KEY_UNKNOWN);
    EXPECT(keys_current_version(house_keys(), KEY_SHRED) == before);
    act = good;
    act.nonce = 62;
    EXPECT_OK(act_on(h, VAULT_KEY_ROTATE, &act));
    EXPECT(keys_current_version(house_keys(), KEY_SHRED) == before + 1);
    EXPECT_REFUSED(act_on(h, VAULT_KEY_ROTATE, &act), REFUSED_APPROVAL_REPLAYED);
    EXPECT_REFUSED(house_ask(h, VAULT_KEY_ROTATE, SPAN("")), REFUSED_VAULT_FORBIDDEN);
    EXPECT_REFUSED(house_ask(h, VAULT_KEY_DESTROY, SPAN("")), REFUSED_VAULT_FORBIDDEN);
}

/* The certificate is what auditors keep: it names the key, the people and the date. */
static void test_a_destruction_is_certified(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    EXPECT_OK(house_found(h));
    EXPECT_OK(keys_rotate(house_keys(), KEY_ONE_TIME));
    Act act = { "destroy-key", SPAN("one-time/1"), { 0, 1 }, 1000000, 70, false, false };
    static const char *const wrong[] = { "one-time", "one-time/", "one-time/01", "one-time/0",
        "one-time/9", "one-time/1x", "card/99999999999", "/1", "map/1" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        Act bad = act;
        bad.subject = span_of_text(wrong[i]);
        EXPECT(status_refused(act_on(h, VAULT_KEY_DESTROY, &bad)));
    }
    EXPECT_OK(act_on(h, VAULT_KEY_DESTROY, &act));
    Span text;
    const Span certificate = span_of_buffer(&h->answer);
    EXPECT_OK(signed_text_verify(
            private_key_public(keys_private(house_keys(), KEY_CHECKPOINT_ED25519)),
            private_key_public(keys_private(house_keys(), KEY_CHECKPOINT_SM2)), certificate,
            &text));
    static const char *const told[] = { "\nkey: one-time/1\n", "\napproved by: ann\nand by: bob\n",
        "\nbackups are blind from: 2", "\nreason: because\n" };
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        EXPECT(memmem(text.data, text.size, told[i], strlen(told[i])) != NULL);
    SealKey key = { 0 };
    EXPECT_REFUSED(keys_seal_copy(house_keys(), KEY_ONE_TIME, 1, &key), REFUSED_KEY_DESTROYED);
    act.nonce = 80;
    EXPECT_REFUSED(act_on(h, VAULT_KEY_DESTROY, &act), REFUSED_KEY_DESTROYED);
}

/* Rows that were sealed before a rotation verify, are sealed anew when they change, and until the
 * last of them has been the old version stays. */
static void test_row_seals_turn(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    EXPECT_OK(house_found(h));
    const uint32_t before = keys_current_version(house_keys(), KEY_ROW_SEAL);
    char subject[16];
    snprintf(subject, sizeof(subject), "seal/%u", before);
    Act act = { "rotate-key", SPAN("seal"), { 0, 1 }, 1000000, 90, false, false };
    EXPECT_OK(act_on(h, VAULT_KEY_ROTATE, &act));
    EXPECT_OK(house_verify(h, 0));
    EXPECT(row_seal_version(h->rows[0].seal) == before);
    /* Not one of these rows was there at the last scan. */
    Act destroy = { "destroy-key", span_of_text(subject), { 0, 1 }, 1000000, 92, false, false };
    EXPECT_REFUSED(act_on(h, VAULT_KEY_DESTROY, &destroy), REFUSED_KEY_IN_USE);
    house_draft_transfer(h, 100);
    EXPECT_OK(house_commit(h));
    EXPECT(row_seal_version(h->rows[0].seal) == before + 1);
    EXPECT_OK(house_verify(h, 0));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    act = (Act) { "destroy-key", span_of_text(subject), { 0, 1 }, 1000000, 94, false, false };
    EXPECT_REFUSED(act_on(h, VAULT_KEY_DESTROY, &act), REFUSED_KEY_IN_USE); /* old postings */
    act.nonce = 98;
    snprintf(subject, sizeof(subject), "seal/%u", before + 1);
    act.subject = span_of_text(subject);
    EXPECT_REFUSED(act_on(h, VAULT_KEY_DESTROY, &act), REFUSED_KEY_IN_USE); /* current */
}

/* Merchants' keys stand under an old version, and nothing makes them anew (TP-7). */
static void test_a_version_with_merchants_keys_stays(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    EXPECT_OK(house_found(h));
    Act act = { "rotate-key", SPAN("field"), { 0, 1 }, 1000000, 110, false, false };
    EXPECT_OK(act_on(h, VAULT_KEY_ROTATE, &act));
    act = (Act) { "destroy-key", SPAN("field/1"), { 0, 1 }, 1000000, 112, false, false };
    EXPECT_REFUSED(act_on(h, VAULT_KEY_DESTROY, &act), REFUSED_KEY_IN_USE);
    act = (Act) { "rotate-key", SPAN("attached"), { 0, 1 }, 1000000, 114, false, false };
    EXPECT_OK(act_on(h, VAULT_KEY_ROTATE, &act));
    act = (Act) { "destroy-key", SPAN("attached/1"), { 0, 1 }, 1000000, 116, false, false };
    EXPECT_REFUSED(act_on(h, VAULT_KEY_DESTROY, &act), REFUSED_KEY_IN_USE);
}

/* keys.a and keys.b as they were last month: the journal remembers that they had come further. */
static void test_an_old_key_store_is_noticed(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    EXPECT_OK(house_found(h));
    const uint64_t now = keys_generation(house_keys());
    EXPECT_OK(memory_note_keystore(h->memory, now + 1)); /* it was once one change further */
    EXPECT_REFUSED(memory_note_keystore(h->memory, now), REFUSED_KEYSTORE_ROLLED_BACK);
    EXPECT_REFUSED(house_restart(h), REFUSED_KEYSTORE_ROLLED_BACK);
}

TESTS(TEST(test_release_needs_two), TEST(test_restore_needs_two_and_begins_a_new_log),
        TEST(test_the_ceremony_closes), TEST(test_a_backup_key_opens_for_two), TEST(test_rights),
        TEST(test_keys_need_two), TEST(test_a_destruction_is_certified), TEST(test_row_seals_turn),
        TEST(test_a_version_with_merchants_keys_stays), TEST(test_an_old_key_store_is_noticed))
