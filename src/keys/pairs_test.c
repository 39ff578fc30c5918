/* Goal: a key pair has a successor that is shown before it signs, an old version that is shown
 * until it ends, and a private half that goes without a trace (TP-7, LL-4.3.9). Method: disks in
 * memory, whose bytes are searched; a clock that is set; power cut at every write of a turn and of
 * a destruction. */
#include "base/expect.h"
#include "base/time.h"
#include "keys/keys_inside.h"
#include "keys/keys_test_room.h"

enum { CUTS_MAX = 64 };

static const KeyTurnTimes at_once = { 0, 0 };
static const KeyTurnTimes week_and_month = { 7 * TIME_DAY_US, 30 * TIME_DAY_US };

typedef struct Seen {
    KeyRole role;
    uint32_t count;
    uint32_t versions[8];
    KeyState states[8];
    size_t notes[8];
    int64_t from_us[8];
    uint8_t der[8][DIGEST_SHA256_BYTES];
} Seen;

static Status see(void *context, const KeyPublic *key)
{
    Seen *seen = context;
    if (strcmp(key->name, role_of(seen->role)->name) != 0) return OK;
    ASSERT(seen->count < 8);
    seen->versions[seen->count] = key->version;
    seen->states[seen->count] = key->state;
    seen->notes[seen->count] = key->note.size;
    seen->from_us[seen->count] = key->from_us;
    sha256(key->der, seen->der[seen->count]);
    seen->count++;
    return OK;
}

static Seen seen_of(Room *r, KeyRole role)
{
    Seen seen = { .role = role };
    ASSERT(status_ok(keys_public_each(r->keys, see, &seen)));
    return seen;
}

static bool shows(const Seen *seen, size_t at, uint32_t version, KeyState state)
{
    return at < seen->count && seen->versions[at] == version && seen->states[at] == state;
}

/* What a note says is the vault's matter: here it is the fingerprint of the new key. */
static Status put_note(void *context, KeyRole role, uint32_t version, const PublicKey *before,
        const PublicKey *key, Buffer *ret_note)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    const Status *verdict = context;
    TRY(*verdict);
    public_key_fingerprint(key, digest);
    return buffer_put(ret_note, SPAN_OF(digest));
}

static Status rotate(Room *r, KeyRole role, const KeyTurnTimes *times)
{
    Status verdict = OK;
    const KeyEndorse endorse = { put_note, &verdict };
    uint32_t version = 0;
    return keys_pair_rotate(r->keys, role, times, &endorse, &version);
}

static Status may_hold(Room *r, KeyRole role, uint32_t version, uint32_t *ret_version)
{
    CLEANUP(keys_pair_release) KeyPair pair = { 0 };
    TRY(keys_pair_hold(r->keys, role, version, &pair));
    *ret_version = pair.version;
    return OK;
}

/* 0: there is none. */
static uint32_t old_of(Room *r, KeyRole role)
{
    CLEANUP(keys_pair_release) KeyPair pair = { 0 };
    return status_ok(keys_pair_hold_old(r->keys, role, &pair)) ? pair.version : 0;
}

/* Refused, or opens what was encrypted to it. */
static Status opens(Room *r, KeyRole role, uint32_t version)
{
    CLEANUP(keys_pair_release) KeyPair pair = { 0 };
    return keys_pair_hold_to_open(r->keys, role, version, &pair);
}

/* Goal: next, current, old, ended, each by the clock, also over restarts. */
static void check_a_turn(KeyRole role)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    uint32_t version = 0;
    EXPECT_OK(rotate(r, role, &week_and_month));
    EXPECT_REFUSED(rotate(r, role, &at_once), REFUSED_KEY_TURN_PENDING);
    EXPECT_OK(room_restart(r));
    Seen seen = seen_of(r, role);
    EXPECT(seen.count == 2 && shows(&seen, 0, 1, KEY_CURRENT) && shows(&seen, 1, 2, KEY_NEXT));
    EXPECT(keys_current_version(r->keys, role) == 1 && old_of(r, role) == 0);
    EXPECT_REFUSED(may_hold(r, role, 2, &version), REFUSED_KEY_NOT_CURRENT);
    EXPECT_REFUSED(may_hold(r, role, 3, &version), REFUSED_KEY_UNKNOWN);
    EXPECT_OK(opens(r, role, 1));
    EXPECT_OK(opens(r, role, 2)); /* it is shown already */
    EXPECT_REFUSED(opens(r, role, 3), REFUSED_KEY_UNKNOWN);

    r->now_us += week_and_month.wait_us;
    EXPECT(keys_current_version(r->keys, role) == 2);
    seen = seen_of(r, role);
    EXPECT(seen.count == 2 && shows(&seen, 0, 1, KEY_OLD) && shows(&seen, 1, 2, KEY_CURRENT));
    EXPECT_OK(may_hold(r, role, 0, &version));
    EXPECT(version == 2);
    r->now_us += KEYS_TURN_GRACE_US - 1;
    EXPECT_OK(may_hold(r, role, 1, &version)); /* a question that was on its way */
    r->now_us += 1;
    EXPECT_REFUSED(may_hold(r, role, 1, &version), REFUSED_KEY_NOT_CURRENT);
    EXPECT_REFUSED(keys_destroy(r->keys, role, 1), REFUSED_KEY_IN_USE);

    EXPECT(old_of(r, role) == 1);
    EXPECT_OK(opens(r, role, 1));

    r->now_us += week_and_month.overlap_us;
    EXPECT(old_of(r, role) == 0);
    EXPECT_REFUSED(opens(r, role, 1), REFUSED_KEY_NOT_CURRENT);
    EXPECT_OK(room_restart(r));
    seen = seen_of(r, role);
    EXPECT(seen.count == 1 && shows(&seen, 0, 2, KEY_CURRENT));
    EXPECT_REFUSED(keys_destroy(r->keys, role, 2), REFUSED_KEY_IN_USE);
}

static void test_a_turn_of_rsa(void) { check_a_turn(KEY_PLATFORM_RSA); }
static void test_a_turn_of_sm2(void) { check_a_turn(KEY_PLATFORM_SM2); }
static void test_a_turn_of_the_ca(void) { check_a_turn(KEY_TLS_CA); }
static void test_a_turn_of_the_merchants_ca(void) { check_a_turn(KEY_MERCHANT_CA); }

static void test_certificates_differ(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    uint8_t memory[2][CERTIFICATE_SERIAL_TEXT_MAX];
    Buffer serials[] = { BUFFER_OF(memory[0]), BUFFER_OF(memory[1]) };
    EXPECT_OK(certificate_serial(keys_certificate(r->keys, KEY_PLATFORM_SM2), &serials[0]));
    EXPECT_OK(rotate(r, KEY_PLATFORM_SM2, &at_once));
    EXPECT_OK(certificate_serial(keys_certificate(r->keys, KEY_PLATFORM_SM2), &serials[1]));
    EXPECT(!span_equal(span_of_buffer(&serials[0]), span_of_buffer(&serials[1])));
}

/* Goal: notes and public halves stay, whatever happens to private ones. */
static void check_the_log_keys(KeyRole role)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    const Seen before = seen_of(r, role);
    EXPECT(before.count == 1 && before.notes[0] == 0);
    EXPECT_REFUSED(rotate(r, role, &week_and_month), REFUSED_KEY_TURN_TIME);
    EXPECT_OK(rotate(r, role, &at_once));
    EXPECT_OK(rotate(r, role, &at_once));
    EXPECT(keys_current_version(r->keys, role) == 3);
    const Seen living = seen_of(r, role);
    EXPECT_OK(keys_destroy(r->keys, role, 1));
    EXPECT_OK(keys_destroy(r->keys, role, 2));
    EXPECT_REFUSED(keys_destroy(r->keys, role, 2), REFUSED_KEY_DESTROYED);
    EXPECT_OK(room_restart(r));
    const Seen after = seen_of(r, role);
    EXPECT(after.count == 3 && shows(&after, 0, 1, KEY_OLD) && shows(&after, 2, 3, KEY_CURRENT));
    EXPECT(after.notes[0] == 0 && after.notes[1] == 32 && after.notes[2] == 32);
    for (size_t i = 0; i < 3; i++)
        EXPECT(span_equal(SPAN_OF(living.der[i]), SPAN_OF(after.der[i])));
    EXPECT(span_equal(SPAN_OF(before.der[0]), SPAN_OF(after.der[0])));
    EXPECT(!span_equal(SPAN_OF(after.der[0]), SPAN_OF(after.der[1])));
}

static void test_log_keys_of_ed25519(void) { check_the_log_keys(KEY_CHECKPOINT_ED25519); }
static void test_log_keys_of_sm2(void) { check_the_log_keys(KEY_CHECKPOINT_SM2); }

/* Who handed over signs no more, and notes keep their order, when the clock is put back. */
static void test_log_keys_do_not_go_back_with_the_clock(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    EXPECT_OK(rotate(r, KEY_CHECKPOINT_ED25519, &at_once));
    r->now_us -= TIME_DAY_US;
    EXPECT(keys_current_version(r->keys, KEY_CHECKPOINT_ED25519) == 2);
    EXPECT_OK(rotate(r, KEY_CHECKPOINT_SM2, &at_once));
    EXPECT_OK(rotate(r, KEY_CHECKPOINT_ED25519, &at_once));
    EXPECT_OK(room_restart(r));
    EXPECT(keys_current_version(r->keys, KEY_CHECKPOINT_SM2) == 2);
    EXPECT(keys_current_version(r->keys, KEY_CHECKPOINT_ED25519) == 3);
    const Seen ed25519 = seen_of(r, KEY_CHECKPOINT_ED25519);
    const Seen sm2 = seen_of(r, KEY_CHECKPOINT_SM2);
    EXPECT(ed25519.count == 3 && sm2.count == 2);
    EXPECT(ed25519.from_us[1] < sm2.from_us[1] && sm2.from_us[1] < ed25519.from_us[2]);
}

static void test_who_does_not_endorse_turns_nothing(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    Status verdict = REFUSE(REFUSED_VAULT_NOT_READY);
    const KeyEndorse endorse = { put_note, &verdict };
    uint32_t version = 0;
    EXPECT_REFUSED(keys_pair_rotate(r->keys, KEY_CHECKPOINT_ED25519, &at_once, &endorse, &version),
            REFUSED_VAULT_NOT_READY);
    EXPECT(keys_current_version(r->keys, KEY_CHECKPOINT_ED25519) == 1 && version == 0);
}

static void test_times_and_numbers_are_bounded(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    const KeyTurnTimes wrong[] = { { -1, 0 }, { 0, -1 }, { 366 * TIME_DAY_US + 1, 0 },
        { 0, 366 * TIME_DAY_US + 1 } };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        EXPECT_REFUSED(rotate(r, KEY_PLATFORM_SM2, &wrong[i]), REFUSED_KEY_TURN_TIME);
    EXPECT_REFUSED(rotate(r, KEY_BOX, &at_once), REFUSED_KEY_NOT_ROTATED);
    EXPECT_REFUSED(rotate(r, KEY_CARD, &at_once), REFUSED_KEY_NOT_ROTATED);
    for (int i = 1; i < KEYS_PAIR_VERSIONS_MAX; i++)
        EXPECT_OK(rotate(r, KEY_PLATFORM_SM2, &at_once));
    EXPECT_REFUSED(rotate(r, KEY_PLATFORM_SM2, &at_once), REFUSED_KEY_VERSIONS_FULL);
    EXPECT_OK(keys_destroy(r->keys, KEY_PLATFORM_SM2, 1));
    EXPECT_OK(rotate(r, KEY_PLATFORM_SM2, &at_once));
    EXPECT(keys_current_version(r->keys, KEY_PLATFORM_SM2) == KEYS_PAIR_VERSIONS_MAX + 1);
    KeyFacts facts[KEYS_FACTS_MAX];
    const size_t count = keys_facts(r->keys, facts);
    EXPECT(facts[count - 1].state == KEY_GONE && strcmp(facts[count - 1].algorithm, "SM2") == 0);
}

/* Turns of all roles, for ever: the store says when it is full, and not by breaking. */
static void test_turns_end(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    for (uint32_t i = 1; i <= KEYS_TURNS_MAX; i++) {
        EXPECT_OK(rotate(r, KEY_PLATFORM_SM2, &at_once));
        EXPECT_OK(keys_destroy(r->keys, KEY_PLATFORM_SM2, i));
    }
    EXPECT_REFUSED(rotate(r, KEY_PLATFORM_SM2, &at_once), REFUSED_KEY_VERSIONS_FULL);
    EXPECT_OK(room_restart(r));
    EXPECT(keys_current_version(r->keys, KEY_PLATFORM_SM2) == KEYS_TURNS_MAX + 1);
}

/* The last bytes of a pair's record: cipher, tag and commitment. */
static Span record_of(Room *r, KeyRole role, uint32_t version, uint8_t ret_bytes[40])
{
    const KeyEntry *entry = pair_find(r->keys, role, version);
    ASSERT(entry != NULL);
    memcpy(ret_bytes, entry->payload + entry->payload_bytes - 40, 40);
    return (Span) { ret_bytes, 40 };
}

static void test_a_destroyed_half_is_gone(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    uint8_t memory[40];
    EXPECT_OK(rotate(r, KEY_PLATFORM_RSA, &at_once));
    const Span record = record_of(r, KEY_PLATFORM_RSA, 1, memory);
    EXPECT(!room_disks_lack(r, record));
    KeyPair pair = { 0 };
    EXPECT_OK(keys_pair_hold(r->keys, KEY_PLATFORM_RSA, 1, &pair));
    EXPECT_REFUSED(keys_destroy(r->keys, KEY_PLATFORM_RSA, 1), REFUSED_KEY_IN_USE);
    keys_pair_release(&pair);
    EXPECT_OK(keys_destroy(r->keys, KEY_PLATFORM_RSA, 1));
    EXPECT(room_disks_lack(r, record));
    uint32_t version = 0;
    EXPECT_REFUSED(may_hold(r, KEY_PLATFORM_RSA, 1, &version), REFUSED_KEY_DESTROYED);
    EXPECT_OK(room_restart(r));
    EXPECT_REFUSED(may_hold(r, KEY_PLATFORM_RSA, 1, &version), REFUSED_KEY_DESTROYED);
    EXPECT_OK(may_hold(r, KEY_PLATFORM_RSA, 2, &version));
}

/* Payers keep the names by which merchants know them. */
static void test_names_of_payers_outlive_the_platform_key(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    uint8_t memory[SIGN_BYTES_MAX];
    uint8_t wanted[32];
    Buffer signature = BUFFER_OF(memory);
    EXPECT_OK(sign_make(keys_private(r->keys, KEY_PLATFORM_RSA),
            SPAN("hufu pseudonym key of payers, never an answer"), &signature));
    mac_once(MAC_HMAC_SHA256, span_of_buffer(&signature), SPAN("pseudonym"), wanted);
    EXPECT_OK(rotate(r, KEY_PLATFORM_RSA, &at_once));
    EXPECT_OK(keys_destroy(r->keys, KEY_PLATFORM_RSA, 1));
    EXPECT_OK(room_restart(r));
    EXPECT(span_equal(secret_span(keys_secret(r->keys, KEY_PSEUDONYM)), SPAN_OF(wanted)));
}

/* Goal: a power cut at any write of a turn leaves the old version or both, and the next turn
 * works. */
static void cut_turns_of(KeyRole role)
{
    for (uint64_t cut = 1;; cut++) {
        CLEANUP(room_done) Room *r = room_open(0);
        EXPECT(cut < CUTS_MAX);
        EXPECT_OK(room_start_made(r));
        torn_power_restart(&r->power, cut);
        const Status s = rotate(r, role, &at_once);
        const uint32_t told = status_ok(s) ? 2 : 1;
        EXPECT(keys_current_version(r->keys, role) == told);
        EXPECT_OK(room_restart(r));
        const uint32_t found = keys_current_version(r->keys, role);
        EXPECT(found == told || (told == 1 && found == 2));
        if (status_ok(s)) return; /* the cut came after the end */
        EXPECT_OK(rotate(r, role, &at_once));
        EXPECT_OK(room_restart(r));
        EXPECT(keys_current_version(r->keys, role) == found + 1);
    }
}

static void test_a_turn_cut_short(void)
{
    cut_turns_of(KEY_PLATFORM_SM2);
    cut_turns_of(KEY_CHECKPOINT_ED25519);
}

/* Goal: a power cut at any write of a destruction leaves the version as it was, or gone. */
static void test_a_destruction_cut_short(void)
{
    for (uint64_t cut = 1; cut < CUTS_MAX; cut++) {
        CLEANUP(room_done) Room *r = room_open(0);
        uint8_t memory[40];
        uint32_t version = 0;
        EXPECT_OK(room_start_made(r));
        EXPECT_OK(rotate(r, KEY_CHECKPOINT_SM2, &at_once));
        const Span record = record_of(r, KEY_CHECKPOINT_SM2, 1, memory);
        torn_power_restart(&r->power, cut);
        const Status s = keys_destroy(r->keys, KEY_CHECKPOINT_SM2, 1);
        EXPECT_OK(room_restart(r));
        const Status after = may_hold(r, KEY_CHECKPOINT_SM2, 1, &version);
        EXPECT(status_is(after, REFUSED_KEY_DESTROYED) || (!status_ok(s) && status_ok(after)));
        if (status_is(after, REFUSED_KEY_DESTROYED)) EXPECT(room_disks_lack(r, record));
        EXPECT(seen_of(r, KEY_CHECKPOINT_SM2).count == 2);
        if (status_ok(s)) break;
    }
}

TESTS(TEST(test_a_turn_of_rsa), TEST(test_a_turn_of_sm2), TEST(test_a_turn_of_the_ca),
        TEST(test_a_turn_of_the_merchants_ca), TEST(test_certificates_differ),
        TEST(test_log_keys_of_ed25519), TEST(test_log_keys_of_sm2),
        TEST(test_log_keys_do_not_go_back_with_the_clock),
        TEST(test_who_does_not_endorse_turns_nothing), TEST(test_times_and_numbers_are_bounded),
        TEST(test_turns_end), TEST(test_a_destroyed_half_is_gone),
        TEST(test_names_of_payers_outlive_the_platform_key), TEST(test_a_turn_cut_short),
        TEST(test_a_destruction_cut_short))
