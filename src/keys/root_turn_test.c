/* Goal: a turn of the root that is cut anywhere leaves a vault that opens with exactly one root,
 * the old one or the new one, and what was sealed before opens (TP-10). Method: a folder in memory
 * on one power with its disks: at a cut each change of a name since the folder's last sync is kept
 * or lost on its own; the power is cut at every operation of a turn, and again at every operation
 * of the settling after it. */
#include "base/expect.h"
#include "journal/torn_disk.h"
#include "keys/keys_inside.h"
#include "keys/keys_test_room.h"
#include "keys/root_turn.h"

#include <stdlib.h>

enum { FILES_MAX = 12, CHANGES_MAX = 32, NAME_BYTES = 16, DISK_BYTES = 1 << 20, CUTS_MAX = 400 };

typedef struct Names { /* names[i] is file i; empty: it has none */
    char names[FILES_MAX][NAME_BYTES];
} Names;

typedef struct Change { /* of one name: empty `to` removes it */
    size_t file;
    char to[NAME_BYTES];
} Change;

typedef struct Site {
    TornPower power;
    TornDisk *disks[FILES_MAX];
    size_t count;
    Names seen;
    Names durable;
    Change changes[CHANGES_MAX]; /* since the last sync */
    size_t change_count;
    Secret old_root;
    Secret new_root;
    uint8_t sealed_memory[256];
    Buffer sealed;
    int64_t now_us;
    Keys *keys;
    _Alignas(64) uint8_t secrets[KEYS_SECRET_BYTES];
} Site;

/* --- the folder --- */

static void apply(Names *names, const Change *change)
{
    for (size_t i = 0; i < FILES_MAX; i++) /* a name has one file */
        if (strcmp(names->names[i], change->to) == 0) names->names[i][0] = '\0';
    memcpy(names->names[change->file], change->to, NAME_BYTES);
}

static size_t file_of(const Site *s, const char *name)
{
    size_t i = 0;
    while (i < s->count && strcmp(s->seen.names[i], name) != 0)
        i++;
    return i;
}

static Status change_name(Site *s, size_t file, const char *to)
{
    CHECK(!s->power.off, FAULT_DISK);
    s->power.operations++;
    s->power.off = s->power.cut_at != 0 && s->power.operations >= s->power.cut_at;
    ASSERT(s->change_count < CHANGES_MAX);
    Change *change = &s->changes[s->change_count++];
    *change = (Change) { .file = file };
    snprintf(change->to, NAME_BYTES, "%s", to);
    apply(&s->seen, change);
    CHECK(!s->power.off, FAULT_DISK);
    return OK;
}

static Status site_file(void *context, const char *name, Disk *ret_disk)
{
    Site *s = context;
    size_t file = file_of(s, name);
    if (file == s->count) {
        ASSERT(s->count < FILES_MAX);
        if (s->disks[file] == NULL) TRY(torn_disk_open(&s->power, DISK_BYTES, &s->disks[file]));
        s->count++;
        TRY(change_name(s, file, name));
    }
    *ret_disk = torn_disk_seam(s->disks[file]);
    return OK;
}

static bool site_has(void *context, const char *name)
{
    const Site *s = context;
    return file_of(s, name) < s->count;
}

static Status site_rename(void *context, const char *from, const char *to)
{
    Site *s = context;
    const size_t file = file_of(s, from);
    CHECK(file < s->count, FAULT_DISK);
    return change_name(s, file, to);
}

static Status site_remove(void *context, const char *name)
{
    Site *s = context;
    const size_t file = file_of(s, name);
    return file < s->count ? change_name(s, file, "") : OK;
}

static Status site_sync(void *context)
{
    Site *s = context;
    CHECK(!s->power.off, FAULT_DISK);
    s->power.operations++;
    s->power.off = s->power.cut_at != 0 && s->power.operations >= s->power.cut_at;
    CHECK(!s->power.off, FAULT_DISK);
    s->durable = s->seen;
    s->change_count = 0;
    return OK;
}

static Folder folder_of(Site *s)
{
    return (Folder) { site_file, site_has, site_rename, site_remove, site_sync, s };
}

/* What survives when the power goes; it is back, and goes again at `cut` (0: never). */
static void site_restart(Site *s, uint64_t cut)
{
    keys_close(s->keys);
    s->keys = NULL;
    for (size_t i = 0; i < s->change_count; i++) {
        const bool kept = !s->power.off || seeded_next(&s->power.random) % 2 == 0;
        if (kept) apply(&s->durable, &s->changes[i]);
    }
    s->seen = s->durable;
    s->change_count = 0;
    for (size_t i = 0; i < s->count; i++)
        torn_disk_restart(s->disks[i]);
    torn_power_restart(&s->power, cut);
}

/* --- the vault --- */

static int64_t site_now(void *context) { return ((Site *)context)->now_us; }

static Status site_start(Site *s, const Secret *root)
{
    bool ceremony = false;
    Disk a;
    Disk b;
    TRY(site_file(s, "keys.a", &a));
    TRY(site_file(s, "keys.b", &b));
    TRY(site_sync(s)); /* as vaultd does */
    const KeysConfig config = { .segments = { a, b },
        .root = root,
        .random = random_system(),
        .clock = { site_now, s },
        .secrets = s->secrets };
    TRY(keys_open(&config, &s->keys, &ceremony));
    ASSERT(!ceremony);
    return OK;
}

static Status seal_one(Site *s)
{
    const Random random = random_system();
    CLEANUP(seal_key_wipe) SealKey key = { 0 };
    s->sealed = (Buffer) { s->sealed_memory, 0, sizeof(s->sealed_memory) };
    TRY(keys_seal_copy(s->keys, KEY_CARD, 0, &key));
    return seal_close(&key, &random, SPAN("here"), SPAN("4716530000000007"), &s->sealed);
}

static Status opens(Site *s)
{
    uint8_t memory[64];
    Buffer plain = BUFFER_OF(memory);
    CLEANUP(seal_key_wipe) SealKey key = { 0 };
    TRY(keys_seal_copy_for(s->keys, KEY_CARD, span_of_buffer(&s->sealed), &key));
    return seal_open(&key, SPAN("here"), span_of_buffer(&s->sealed), &plain);
}

static Status put(Site *s, const char *name, Span bytes)
{
    Disk disk;
    TRY(site_file(s, name, &disk));
    torn_disk_set(s->disks[file_of(s, name)], bytes);
    return OK;
}

/* A vault in development custody, with something sealed. */
static Site *site_open(uint64_t seed)
{
    Site *s = aligned_alloc(64, sizeof(*s));
    ASSERT(s != NULL);
    memset(s, 0, sizeof(*s));
    s->power = torn_power(seed, 0);
    CLEANUP(room_done) Room *r = room_open(0);
    ASSERT(status_ok(room_start_made(r)));
    s->now_us = r->now_us;
    s->old_root = r->root;
    s->new_root = r->root;
    memset(s->new_root.bytes, 7, s->new_root.size);
    ASSERT(status_ok(put(s, "keys.a", torn_disk_bytes(r->disks[0]))));
    ASSERT(status_ok(put(s, "keys.b", torn_disk_bytes(r->disks[1]))));
    ASSERT(status_ok(put(s, "root.key", secret_span(&s->old_root))));
    ASSERT(status_ok(site_start(s, &s->old_root)) && status_ok(seal_one(s)));
    if (seed % 2 == 1) ASSERT(status_ok(journal_renew(s->keys->journal))); /* it is in keys.b */
    ASSERT(status_ok(site_sync(s)));
    return s;
}

static void site_done(Site **site)
{
    Site *s = *site;
    keys_close(s->keys);
    for (size_t i = 0; i < FILES_MAX; i++)
        torn_disk_close(s->disks[i]);
    free(s);
}

static Status turn(Site *s, Custody custody)
{
    const Folder folder = folder_of(s);
    const RootTurn how = { &s->new_root, custody, secret_span(&s->new_root), SPAN("the act") };
    return root_turn_make(&folder, s->keys, &how);
}

static bool holds_next(Site *s)
{
    return site_has(s, "keys.next") || site_has(s, "root.next") || site_has(s, "turn.next")
            || site_has(s, "keys.spare");
}

static bool has_only(Site *s, const char *custody)
{
    static const char *const all[] = { "root.key", "root.wrapped", "root.shares" };
    for (size_t i = 0; i < 3; i++)
        if (site_has(s, all[i]) != (strcmp(all[i], custody) == 0)) return false;
    return true;
}

static Span content(Site *s, const char *name)
{
    return torn_disk_bytes(s->disks[file_of(s, name)]);
}

/* It is settled: one root, the one that the custody's file holds, and the other opens nothing. */
static void expect_one_root(Site *s, bool is_new, const char *custody)
{
    const Secret *right = is_new ? &s->new_root : &s->old_root;
    const Secret *wrong = is_new ? &s->old_root : &s->new_root;
    EXPECT(!holds_next(s));
    EXPECT(has_only(s, is_new ? custody : "root.key"));
    const Span file = content(s, is_new ? custody : "root.key");
    EXPECT(span_equal(file, secret_span(right)));
    EXPECT_REFUSED(site_start(s, wrong), REFUSED_KEYSTORE_TAMPERED);
    EXPECT_OK(site_start(s, right));
    EXPECT_OK(opens(s));
}

static void expect_act(Site *s)
{
    const Folder folder = folder_of(s);
    uint8_t memory[64];
    Buffer act = BUFFER_OF(memory);
    EXPECT_OK(root_turn_act(&folder, s->keys, &act));
    EXPECT(span_equal(span_of_buffer(&act), SPAN("the act")));
    EXPECT_OK(root_turn_end(&folder));
    EXPECT(!site_has(s, "turn.made"));
}

static void test_another_root_opens_what_the_old_one_did(void)
{
    static const Custody custodies[] = { CUSTODY_DEVELOPMENT, CUSTODY_UNATTENDED,
        CUSTODY_CUSTODIANS };
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(site_done) Site *s = site_open(1);
        const uint64_t before = keys_generation(s->keys);
        EXPECT_OK(turn(s, custodies[i]));
        EXPECT(keys_generation(s->keys) > before); /* the old store, put back, is an older one */
        site_restart(s, 0);
        expect_one_root(s, true, custody_file(custodies[i]));
        EXPECT(keys_generation(s->keys) > before);
        expect_act(s);
        /* It goes on: a new version is made, and there at the next start. */
        EXPECT_OK(keys_rotate(s->keys, KEY_CARD));
        site_restart(s, 0);
        EXPECT_OK(site_start(s, &s->new_root));
        EXPECT(keys_current_version(s->keys, KEY_CARD) == 2);
        EXPECT_OK(opens(s));
    }
}

/* Cut the turn at `cut`, and the settling after it at `again`; whether each came to its end. */
static void cut_twice(
        uint64_t seed, uint64_t cut, uint64_t again, bool *ret_turned, bool *ret_settled)
{
    CLEANUP(site_done) Site *s = site_open(seed);
    const Folder folder = folder_of(s);
    bool made = false;
    torn_power_restart(&s->power, cut);
    const bool done = status_ok(turn(s, CUSTODY_CUSTODIANS));
    site_restart(s, again);
    *ret_settled = status_ok(root_turn_settle(&folder, &made));
    *ret_turned = done;
    site_restart(s, 0);
    EXPECT_OK(root_turn_settle(&folder, &made));
    EXPECT(made || !done);
    expect_one_root(s, made, "root.shares");
    if (made) expect_act(s);
    EXPECT_OK(root_turn_settle(&folder, &made));
    EXPECT(!made);
}

static void test_a_cut_turn(void)
{
    bool done = false;
    uint64_t cuts = 0;
    for (uint64_t cut = 1; !done; cut++) {
        bool settled = false;
        EXPECT(cut < CUTS_MAX);
        for (uint64_t again = 1; !settled; again++) {
            EXPECT(again < CUTS_MAX);
            cut_twice(cut * 1000 + again, cut, again, &done, &settled);
            cuts++;
        }
    }
    EXPECT(cuts > 50);
}

/* Killed, or refused by the disk: no name is lost yet, and none is durable. */
static void site_killed(Site *s, uint64_t cut)
{
    keys_close(s->keys);
    s->keys = NULL;
    for (size_t i = 0; i < s->count; i++)
        torn_disk_restart(s->disks[i]);
    torn_power_restart(&s->power, cut);
}

/* The rename that decides was seen, and is not durable: it must not be lost while what follows from
 * it is kept. Cuts the settling at `cut`; whether the turn, and the settling, came to their end. */
static void kill_then_cut(
        uint64_t seed, uint64_t kill, uint64_t cut, bool *ret_turned, bool *ret_settled)
{
    CLEANUP(site_done) Site *s = site_open(seed);
    const Folder folder = folder_of(s);
    bool made = false;
    torn_power_restart(&s->power, kill);
    *ret_turned = status_ok(turn(s, CUSTODY_CUSTODIANS));
    site_killed(s, cut);
    *ret_settled = true;
    if (!site_has(s, "turn.made") || s->change_count == 0) return;
    *ret_settled = status_ok(root_turn_settle(&folder, &made));
    site_restart(s, 0);
    EXPECT_OK(root_turn_settle(&folder, &made));
    expect_one_root(s, made, "root.shares");
}

static void test_a_killed_turn_and_then_a_cut(void)
{
    bool done = false;
    uint64_t cuts = 0;
    for (uint64_t kill = 1; !done; kill++) {
        bool settled = false;
        for (uint64_t cut = 1; !settled; cut++, cuts++) {
            EXPECT(cut < CUTS_MAX);
            kill_then_cut(kill * 1000 + cut, kill, cut, &done, &settled);
        }
        EXPECT(kill < CUTS_MAX);
    }
    EXPECT(cuts > 20);
}

/* A turn that was made is finished also when the act was told, and the end of it was cut. */
static void test_a_cut_end(void)
{
    for (uint64_t cut = 1; cut <= 3; cut++) {
        CLEANUP(site_done) Site *s = site_open(cut);
        const Folder folder = folder_of(s);
        bool made = false;
        EXPECT_OK(turn(s, CUSTODY_UNATTENDED));
        site_restart(s, 0);
        EXPECT_OK(site_start(s, &s->new_root));
        EXPECT_OK(keys_rotate(s->keys, KEY_FIELD));
        EXPECT_OK(journal_renew(s->keys->journal)); /* keys.b is the newer one by now */
        torn_power_restart(&s->power, cut);
        IGNORE(root_turn_end(&folder), "the power is cut");
        site_restart(s, 0);
        EXPECT_OK(root_turn_settle(&folder, &made));
        EXPECT_OK(site_start(s, &s->new_root));
        EXPECT(keys_current_version(s->keys, KEY_FIELD) == 2);
    }
}

static void test_an_act_that_somebody_wrote_is_not_told(void)
{
    CLEANUP(site_done) Site *s = site_open(1);
    const Folder folder = folder_of(s);
    uint8_t memory[256];
    Buffer act = BUFFER_OF(memory);
    EXPECT_OK(turn(s, CUSTODY_UNATTENDED));
    const size_t size = content(s, "turn.made").size;
    uint8_t changed[64];
    EXPECT(size <= sizeof(changed));
    memcpy(changed, content(s, "turn.made").data, size);
    bool made = false;
    for (size_t i = 0; i < size; i++) {
        changed[i] ^= 4;
        EXPECT_OK(put(s, "turn.made", (Span) { changed, size }));
        changed[i] ^= 4;
        if (i == 1) continue; /* the custody; its file then has another name, and opens nothing */
        EXPECT_REFUSED(root_turn_act(&folder, s->keys, &act), REFUSED_KEYSTORE_TAMPERED);
    }
    for (size_t cut = 0; cut < size; cut++) {
        EXPECT_OK(put(s, "turn.made", (Span) { changed, cut }));
        EXPECT_REFUSED(root_turn_settle(&folder, &made), REFUSED_KEYSTORE_TAMPERED);
    }
    EXPECT(act.size == 0);
}

TESTS(TEST(test_another_root_opens_what_the_old_one_did), TEST(test_a_cut_turn),
        TEST(test_a_killed_turn_and_then_a_cut), TEST(test_a_cut_end),
        TEST(test_an_act_that_somebody_wrote_is_not_told))
