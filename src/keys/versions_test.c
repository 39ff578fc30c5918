/* Goal: symmetric keys come in versions, are turned by the clock and by their uses, and go so that
 * nothing of them is left (TP-10, TP-13). Method: disks in memory, whose bytes are
 * searched; a clock that is set; power cut at every write of a rotation and of a destruction. */
#include "base/expect.h"
#include "base/time.h"
#include "keys/keys_inside.h"
#include "keys/keys_test_room.h"

enum { CUTS_MAX = 64 };

static uint32_t current_version(Room *r, KeyRole role)
{
    KeyFacts facts[KEYS_FACTS_MAX];
    const size_t count = keys_facts(r->keys, facts);
    for (size_t i = 0; i < count; i++) {
        if (facts[i].state == KEY_CURRENT && strcmp(facts[i].name, role_of(role)->name) == 0)
            return facts[i].version;
    }
    return 0;
}

static uint64_t uses_of(Room *r, KeyRole role, uint32_t version)
{
    KeyFacts facts[KEYS_FACTS_MAX];
    const size_t count = keys_facts(r->keys, facts);
    for (size_t i = 0; i < count; i++) {
        if (facts[i].version == version && strcmp(facts[i].name, role_of(role)->name) == 0)
            return facts[i].uses;
    }
    return UINT64_MAX;
}

static Status seal(Room *r, KeyRole role, Buffer *ret_sealed)
{
    const Random random = random_system();
    CLEANUP(seal_key_wipe) SealKey key = { 0 };
    ret_sealed->size = 0;
    TRY(keys_seal_copy(r->keys, role, 0, &key));
    return seal_close(&key, &random, SPAN("here"), SPAN("4716530000000007"), ret_sealed);
}

static Status opens(Room *r, KeyRole role, Span sealed)
{
    uint8_t memory[64];
    Buffer plain = BUFFER_OF(memory);
    CLEANUP(seal_key_wipe) SealKey key = { 0 };
    TRY(keys_seal_copy_for(r->keys, role, sealed, &key));
    return seal_open(&key, SPAN("here"), sealed, &plain);
}

static Status mac_of(Room *r, KeyRole role, uint32_t version, uint8_t ret_mac[32])
{
    CLEANUP(mac_key_wipe) MacKey key = { 0 };
    TRY(keys_mac_copy(r->keys, role, version, &key, NULL));
    mac_make(&key, (const Span[]) { SPAN("value") }, 1, ret_mac);
    return OK;
}

static void old_versions_open_and_new_ones_protect(KeysSuite suite)
{
    CLEANUP(room_done) Room *r = room_open(0);
    r->suite = suite;
    EXPECT_OK(room_start_made(r));
    uint8_t memory[2][256];
    uint8_t macs[3][32];
    Buffer first = BUFFER_OF(memory[0]);
    Buffer second = BUFFER_OF(memory[1]);
    EXPECT_OK(seal(r, KEY_CARD, &first));
    EXPECT_OK(mac_of(r, KEY_INDEX, 0, macs[0]));
    const MacKey *row_seal = keys_row_seal(r->keys, 0, NULL);
    EXPECT_OK(keys_rotate(r->keys, KEY_CARD));
    EXPECT_OK(keys_rotate(r->keys, KEY_INDEX));
    EXPECT_OK(keys_rotate(r->keys, KEY_ROW_SEAL));
    EXPECT(keys_row_seal(r->keys, 1, NULL) == row_seal);
    EXPECT(keys_row_seal(r->keys, 0, NULL) == keys_row_seal(r->keys, 2, NULL));
    EXPECT(keys_row_seal(r->keys, 3, NULL) == NULL);
    EXPECT_OK(seal(r, KEY_CARD, &second));
    EXPECT(memory[0][13] == 1 && memory[1][13] == 2); /* key version u32 at 10 */
    EXPECT_OK(room_restart(r));
    EXPECT_OK(opens(r, KEY_CARD, span_of_buffer(&first)));
    EXPECT_OK(opens(r, KEY_CARD, span_of_buffer(&second)));
    EXPECT_REFUSED(opens(r, KEY_FIELD, span_of_buffer(&first)), REFUSED_SEAL_FORMAT);
    EXPECT_OK(mac_of(r, KEY_INDEX, 1, macs[1]));
    EXPECT_OK(mac_of(r, KEY_INDEX, 0, macs[2]));
    EXPECT(bytes_equal_ct(macs[0], macs[1], 32) && !bytes_equal_ct(macs[0], macs[2], 32));
    EXPECT_REFUSED(mac_of(r, KEY_INDEX, 3, macs[2]), REFUSED_KEY_UNKNOWN);
    memory[0][13] = 9;
    EXPECT_REFUSED(opens(r, KEY_CARD, span_of_buffer(&first)), REFUSED_KEY_UNKNOWN);
    EXPECT_REFUSED(keys_rotate(r->keys, KEY_JOURNAL), REFUSED_KEY_NOT_ROTATED);
    EXPECT_REFUSED(keys_rotate(r->keys, KEY_PLATFORM_RSA), REFUSED_KEY_NOT_ROTATED);
    EXPECT_REFUSED(keys_rotate(r->keys, (KeyRole)23), REFUSED_KEY_NOT_ROTATED);
    EXPECT_REFUSED(keys_rotate(r->keys, (KeyRole)200), REFUSED_KEY_NOT_ROTATED);
}

static void test_versions(void) { old_versions_open_and_new_ones_protect(KEYS_INTERNATIONAL); }
static void test_versions_sm(void) { old_versions_open_and_new_ones_protect(KEYS_SM); }

/* The record of the version as it stands in the file, to look for it later. */
static Span record_of(Room *r, KeyRole role, uint32_t version, uint8_t *memory, size_t capacity)
{
    for (size_t i = 0; i < KEYS_VERSIONS_MAX; i++) {
        const KeyVersion *v = &r->keys->secrets->versions[i];
        if (v->role != role || v->version != version) continue;
        /* The last bytes: cipher, tag and commitment, within one sector or two. */
        const size_t size = 40 < capacity ? 40 : capacity;
        memcpy(memory, v->payload + v->payload_bytes - size, size);
        return (Span) { memory, size };
    }
    return (Span) { NULL, 0 };
}

static void test_destroyed_means_gone(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    uint8_t memory[256];
    uint8_t record_memory[40];
    Buffer sealed = BUFFER_OF(memory);
    EXPECT_OK(seal(r, KEY_SHRED, &sealed));
    EXPECT_REFUSED(keys_destroy(r->keys, KEY_SHRED, 1), REFUSED_KEY_IN_USE);
    EXPECT_OK(keys_rotate(r->keys, KEY_SHRED));
    EXPECT_REFUSED(keys_destroy(r->keys, KEY_SHRED, 2), REFUSED_KEY_IN_USE);
    EXPECT_REFUSED(keys_destroy(r->keys, KEY_SHRED, 3), REFUSED_KEY_UNKNOWN);
    EXPECT_REFUSED(keys_destroy(r->keys, KEY_MAP, 1), REFUSED_KEY_NOT_ROTATED);
    const Span record = record_of(r, KEY_SHRED, 1, record_memory, sizeof(record_memory));
    SealKey copy = { 0 };
    EXPECT_OK(keys_seal_copy(r->keys, KEY_SHRED, 1, &copy));
    uint8_t state[64]; /* what a memory dump would hold of it */
    memcpy(state, &copy.derive.inner.opaque, sizeof(state));
    seal_key_wipe(&copy);
    EXPECT(record.size == 40 && !room_disks_lack(r, record));
    const Span arena = { r->secrets, sizeof(r->secrets) };
    EXPECT(room_holds(arena, SPAN_OF(state)));

    EXPECT_OK(keys_destroy(r->keys, KEY_SHRED, 1));
    EXPECT(room_disks_lack(r, record));
    EXPECT(!room_holds(arena, SPAN_OF(state)));
    EXPECT_REFUSED(opens(r, KEY_SHRED, span_of_buffer(&sealed)), REFUSED_KEY_DESTROYED);
    EXPECT_REFUSED(keys_destroy(r->keys, KEY_SHRED, 1), REFUSED_KEY_DESTROYED);
    EXPECT_OK(room_restart(r));
    EXPECT_REFUSED(opens(r, KEY_SHRED, span_of_buffer(&sealed)), REFUSED_KEY_DESTROYED);
    EXPECT_OK(seal(r, KEY_SHRED, &sealed));
    EXPECT_OK(keys_rotate(r->keys, KEY_SHRED));
    EXPECT(current_version(r, KEY_SHRED) == 3); /* a number never comes back */
}

/* Each look at the store is one of before or after, never a third, and the end is the end. */
static void test_a_cut_rotation(void)
{
    for (uint64_t cut = 1; cut < CUTS_MAX; cut++) {
        CLEANUP(room_done) Room *r = room_open(0);
        uint8_t memory[256];
        Buffer sealed = BUFFER_OF(memory);
        EXPECT_OK(room_start_made(r));
        torn_power_restart(&r->power, cut);
        Status s = keys_rotate(r->keys, KEY_CARD);
        const bool rotated = status_ok(s);
        if (rotated) s = seal(r, KEY_CARD, &sealed);
        EXPECT_OK(room_restart(r));
        EXPECT(!r->ceremony);
        const uint32_t version = current_version(r, KEY_CARD);
        EXPECT(rotated ? version == 2 : version == 1 || version == 2);
        if (status_ok(s)) {
            EXPECT_OK(opens(r, KEY_CARD, span_of_buffer(&sealed)));
            break; /* the cut came after the end */
        }
        EXPECT(cut < CUTS_MAX - 1);
    }
}

static void test_a_cut_destruction(void)
{
    bool done = false;
    for (uint64_t cut = 1; !done; cut++) {
        CLEANUP(room_done) Room *r = room_open(0);
        uint8_t memory[256];
        uint8_t record_memory[40];
        Buffer sealed = BUFFER_OF(memory);
        EXPECT(cut < CUTS_MAX);
        EXPECT_OK(room_start_made(r));
        EXPECT_OK(seal(r, KEY_SHRED, &sealed));
        EXPECT_OK(keys_rotate(r->keys, KEY_SHRED));
        const Span record = record_of(r, KEY_SHRED, 1, record_memory, sizeof(record_memory));
        torn_power_restart(&r->power, cut);
        done = status_ok(keys_destroy(r->keys, KEY_SHRED, 1));
        EXPECT_OK(room_restart(r));
        const Status s = opens(r, KEY_SHRED, span_of_buffer(&sealed));
        EXPECT(status_ok(s) || status_is(s, REFUSED_KEY_DESTROYED));
        EXPECT(!done || !status_ok(s));
        if (!status_ok(s)) EXPECT(room_disks_lack(r, record));
        EXPECT(current_version(r, KEY_SHRED) == 2);
    }
}

static void test_the_clock_turns_them(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    r->limits[KEY_CARD] = (KeyLimit) { 10 * TIME_DAY_US, 0 };
    EXPECT_OK(room_start_made(r));
    uint32_t rotated = 9;
    EXPECT_OK(keys_rotate_due(r->keys, &rotated));
    EXPECT(rotated == 0);
    r->now_us += 10 * TIME_DAY_US - 1;
    EXPECT_OK(keys_rotate_due(r->keys, &rotated));
    EXPECT(current_version(r, KEY_CARD) == 1);
    EXPECT(current_version(r, KEY_ONE_TIME) == 1); /* nothing uses it yet: versions are few */
    r->now_us += 1;
    EXPECT_OK(keys_rotate_due(r->keys, &rotated));
    EXPECT(rotated == 1 && current_version(r, KEY_CARD) == 2);
    r->now_us += 3 * 366 * TIME_DAY_US;
    EXPECT_OK(room_restart(r)); /* by itself, at start */
    EXPECT(current_version(r, KEY_CARD) == 3 && current_version(r, KEY_ROW_SEAL) == 2);
    EXPECT(current_version(r, KEY_INDEX) == 1); /* only when people say so */
    EXPECT(current_version(r, KEY_DIGEST) == 1);
}

static void test_one_shred_key_a_month(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    r->now_us = time_business_day_start_us(20602); /* 2026-05-29 */
    EXPECT_OK(room_start(r));
    for (uint32_t day = 0; day < 95; day++) {
        static const uint32_t versions[] = { 1, 2, 3, 4 }; /* May, June, July, August */
        const uint32_t month = day < 3 ? 0 : day < 33 ? 1 : day < 64 ? 2 : 3;
        EXPECT_OK(keys_rotate_due(r->keys, NULL));
        EXPECT(current_version(r, KEY_SHRED) == versions[month]);
        r->now_us += TIME_DAY_US;
    }
}

static void test_uses_turn_them(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    r->limits[KEY_CARD].uses_max = 100;
    r->limits[KEY_INDEX].uses_max = 100;
    EXPECT_OK(room_start_made(r));
    uint8_t memory[256];
    uint8_t mac[32];
    Buffer sealed = BUFFER_OF(memory);
    for (int i = 0; i < 90; i++)
        EXPECT_OK(seal(r, KEY_CARD, &sealed));
    EXPECT(current_version(r, KEY_CARD) == 1);
    EXPECT_OK(seal(r, KEY_CARD, &sealed)); /* at nine tenths */
    EXPECT(current_version(r, KEY_CARD) == 2 && uses_of(r, KEY_CARD, 2) == 1);
    for (int i = 0; i < 100; i++)
        EXPECT_OK(mac_of(r, KEY_INDEX, 0, mac));
    EXPECT_REFUSED(mac_of(r, KEY_INDEX, 0, mac), REFUSED_KEY_BUDGET_SPENT);
    EXPECT_OK(mac_of(r, KEY_INDEX, 1, mac)); /* look-ups of what is there go on */
    EXPECT_OK(keys_rotate(r->keys, KEY_INDEX));
    EXPECT_OK(mac_of(r, KEY_INDEX, 0, mac));
}

static void test_uses_are_not_forgotten(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    EXPECT_OK(keys_count_uses(r->keys, KEY_CARD, 5000));
    EXPECT(uses_of(r, KEY_CARD, 1) == 5000);
    EXPECT_OK(room_restart(r));
    EXPECT(uses_of(r, KEY_CARD, 1) >= 5000);
    EXPECT(uses_of(r, KEY_CARD, 1) <= 5000 + KEYS_USE_STEP);
    EXPECT_OK(keys_count_uses(r->keys, KEY_CARD, 10 * KEYS_USE_STEP));
    EXPECT_OK(room_restart(r));
    EXPECT(uses_of(r, KEY_CARD, 1) >= 5000 + 10 * KEYS_USE_STEP);
}

static void test_a_full_house_of_versions(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    Status s = OK;
    uint32_t made = 0;
    while (status_ok(s) && made < 2 * KEYS_VERSIONS_MAX) {
        s = keys_rotate(r->keys, KEY_CARD);
        made++;
    }
    EXPECT_REFUSED(s, REFUSED_KEY_VERSIONS_FULL);
    EXPECT_OK(room_restart(r));
    EXPECT_OK(keys_destroy(r->keys, KEY_CARD, 1));
    EXPECT_OK(keys_rotate(r->keys, KEY_CARD));
}

/* A store of the first release: what it lacks is made at the next start, once. Its records are
 * what versions_snapshot() of that release wrote: all but the new roles. */
static void test_an_older_store_gets_what_it_lacks(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start_made(r));
    static const KeyRole later[] = { KEY_CARD, KEY_BINDING, KEY_IDENTITY, KEY_INDEX, KEY_SHRED,
        KEY_ONE_TIME, KEY_BIOMETRIC, KEY_ATTACHED };
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        KeyVersion *v = r->keys->current[later[i]];
        memset(v, 0, sizeof(*v));
        r->keys->current[later[i]] = NULL;
    }
    EXPECT_OK(journal_renew(r->keys->journal));
    for (uint64_t cut = 1; cut < 6; cut++) {
        torn_power_restart(&r->power, cut);
        IGNORE(room_restart(r), "the power is cut");
        torn_disk_restart(r->disks[0]);
        torn_disk_restart(r->disks[1]);
        torn_power_restart(&r->power, 0);
    }
    EXPECT_OK(room_restart(r));
    EXPECT(!r->ceremony);
    uint8_t memory[256];
    Buffer sealed = BUFFER_OF(memory);
    EXPECT_OK(seal(r, KEY_CARD, &sealed));
    EXPECT_OK(room_restart(r));
    EXPECT_OK(opens(r, KEY_CARD, span_of_buffer(&sealed)));
}

static void test_every_change_is_counted(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    KeysBox box;
    EXPECT_OK(room_start_made(r));
    uint64_t before = keys_generation(r->keys);
    EXPECT_OK(keys_rotate(r->keys, KEY_CARD));
    EXPECT(keys_generation(r->keys) > before);
    before = keys_generation(r->keys);
    EXPECT_OK(keys_destroy(r->keys, KEY_CARD, 1));
    EXPECT(keys_generation(r->keys) > before);
    before = keys_generation(r->keys);
    EXPECT_OK(keys_box_today(r->keys, &box));
    EXPECT(keys_generation(r->keys) > before);
    before = keys_generation(r->keys);
    EXPECT_OK(room_restart(r));
    EXPECT(keys_generation(r->keys) == before);
}

TESTS(TEST(test_versions), TEST(test_versions_sm), TEST(test_destroyed_means_gone),
        TEST(test_a_cut_rotation), TEST(test_a_cut_destruction), TEST(test_the_clock_turns_them),
        TEST(test_one_shred_key_a_month), TEST(test_uses_turn_them),
        TEST(test_uses_are_not_forgotten), TEST(test_a_full_house_of_versions),
        TEST(test_an_older_store_gets_what_it_lacks), TEST(test_every_change_is_counted))
