/* Goal: what journal_sync() acknowledged is replayed, once and in order, whatever power and hands
 * do to the disk; a hand is told apart from a power cut. Method: a simulated disk that loses,
 * reorders and tears what was not synced (torn_disk.h), cut at every operation; then every flipped
 * bit. */
#include "base/expect.h"
#include "journal/journal.h"
#include "journal/torn_disk.h"

enum {
    KIND_RECORD = 1,
    KIND_STATE = 2,
    DISK_BYTES = 256 * 1024,
    SEGMENT_BYTES = 16 * 1024, /* so that a short script switches several times */
    SCRIPT_STEPS = 60,
    SEEDS = 8,
    SECTOR = 512,
};

static const Secret key = { .bytes = { 1, 2, 3, 4, 5, 6, 7, 8 }, .size = 32 };

/* The state is a counter: record i says i, and a snapshot says how far it is. */
typedef struct World {
    TornPower power;
    TornDisk *disks[2];
    Journal *journal;
    uint64_t next; /* the state */
    uint64_t acked; /* records below it are promised */
    int switches;
    bool snapshot_fails;
} World;

static uint8_t filler[JOURNAL_RECORD_BYTES_MAX];

static Status world_open(World *w, uint64_t seed)
{
    *w = (World) { .power = torn_power(seed, 0) };
    memset(filler, 0x77, sizeof(filler));
    TRY(torn_disk_open(&w->power, DISK_BYTES, &w->disks[0]));
    return torn_disk_open(&w->power, DISK_BYTES, &w->disks[1]);
}

static void world_done(World *w)
{
    journal_close(w->journal);
    torn_disk_close(w->disks[0]);
    torn_disk_close(w->disks[1]);
}

static Status replay(void *context, uint16_t kind, Span payload)
{
    World *w = context;
    Cursor c = cursor_of(payload);
    uint64_t number = 0;
    TRY(cursor_u64(&c, &number));
    if (kind == KIND_STATE) w->next = number;
    if (kind == KIND_STATE) return OK;
    ASSERT(kind == KIND_RECORD);
    ASSERT(number == w->next); /* none missing, none twice, none out of order */
    w->next++;
    return OK;
}

/* The state, and so much else that the snapshot needs several batches now and then. */
static Status snapshot(void *context, Journal *journal)
{
    World *w = context;
    uint8_t number[8];
    Buffer b = BUFFER_OF(number);
    TRY(buffer_put_u64(&b, w->next));
    for (int i = 0; i < 3; i++)
        TRY(journal_snapshot_put(journal, KIND_STATE, SPAN_OF(number)));
    CHECK(!w->snapshot_fails, FAULT_VAULT);
    w->switches++;
    return OK;
}

static JournalConfig config_of(World *w)
{
    return (JournalConfig) {
        .segments = { torn_disk_seam(w->disks[0]), torn_disk_seam(w->disks[1]) },
        .key = &key,
        .segment_bytes = SEGMENT_BYTES,
        .replay = replay,
        .snapshot = snapshot,
        .context = w,
    };
}

static Status journal_reopen(World *w)
{
    const JournalConfig config = config_of(w);
    journal_close(w->journal);
    w->journal = NULL;
    w->next = 0;
    return journal_open(&config, &w->journal);
}

/* Sizes from nothing to the maximum; most are small, as vaultd's are. */
static size_t filler_size(uint64_t number)
{
    if (number % 17 == 5) return JOURNAL_RECORD_BYTES_MAX - 8;
    return number * 37 % 400;
}

static Status append_next(World *w, uint64_t *ret_position)
{
    uint8_t bytes[JOURNAL_RECORD_BYTES_MAX];
    Buffer b = BUFFER_OF(bytes);
    TRY(buffer_put_u64(&b, w->next));
    TRY(buffer_put(&b, (Span) { filler, filler_size(w->next) }));
    TRY(journal_append(w->journal, KIND_RECORD, span_of_buffer(&b), ret_position));
    w->next++;
    return OK;
}

static Status append_and_sync(World *w)
{
    uint64_t position = 0;
    TRY(append_next(w, &position));
    TRY(journal_sync(w->journal, position));
    w->acked = w->next;
    return OK;
}

/* Appends in groups of one to four before each sync. */
static Status run_script(World *w)
{
    uint64_t position = 0;
    for (uint64_t step = 0; step < SCRIPT_STEPS; step++) {
        TRY(append_next(w, &position));
        if (step * 7 % 4 == 3) continue;
        TRY(journal_sync(w->journal, position));
        w->acked = w->next;
    }
    TRY(journal_sync(w->journal, position));
    w->acked = w->next;
    return OK;
}

static void power_back(World *w, uint64_t cut_at)
{
    torn_disk_restart(w->disks[0]);
    torn_disk_restart(w->disks[1]);
    torn_power_restart(&w->power, cut_at);
}

static void test_records_come_back_in_order(void)
{
    CLEANUP(world_done) World w;
    EXPECT_OK(world_open(&w, 1));
    EXPECT_OK(journal_reopen(&w));
    EXPECT_OK(run_script(&w));
    EXPECT(w.switches >= 2);
    const uint64_t before = w.next;
    EXPECT_OK(journal_reopen(&w));
    EXPECT(w.next == before);
    EXPECT_OK(run_script(&w)); /* and it goes on where it was */
    EXPECT_OK(journal_reopen(&w));
    EXPECT(w.next == 2 * before);
}

static void test_killed_process_loses_only_what_nobody_synced(void)
{
    CLEANUP(world_done) World w;
    uint64_t position = 0;
    EXPECT_OK(world_open(&w, 2));
    EXPECT_OK(journal_reopen(&w));
    EXPECT_OK(append_and_sync(&w));
    EXPECT_OK(append_next(&w, &position));
    EXPECT(journal_position(w.journal) == position);
    EXPECT_OK(journal_reopen(&w));
    EXPECT(w.next == 1);
}

/* How many unpromised records survived and fell: both must have happened, or the test proves
 * nothing. */
typedef struct Tally {
    uint64_t cuts;
    uint64_t survived;
    uint64_t fell;
} Tally;

/* One life: the script until the power goes at `cut_at`, then recovery, itself cut once, then more.
 */
static void cut_once(uint64_t seed, uint64_t cut_at, Tally *tally, bool *ret_finished)
{
    CLEANUP(world_done) World w;
    EXPECT_OK(world_open(&w, seed * 1000003 + cut_at));
    torn_power_restart(&w.power, cut_at);
    Status s = journal_reopen(&w);
    if (status_ok(s)) s = run_script(&w);
    *ret_finished = status_ok(s);
    if (*ret_finished) return;
    EXPECT(status_broken(s));
    const uint64_t appended =
            w.next + 1; /* the failed append may have got in as far as the disk knows */
    const uint64_t acked = w.acked;

    power_back(&w, 1 + seed % 3); /* a second cut, during recovery or soon after */
    s = journal_reopen(&w);
    if (!status_ok(s)) {
        EXPECT_STATUS(s, FAULT_DISK);
        power_back(&w, 0);
        EXPECT_OK(journal_reopen(&w));
    }
    EXPECT(w.next >= acked && w.next <= appended);
    tally->cuts++;
    tally->survived += w.next - acked;
    tally->fell += w.next < appended - 1;

    torn_power_restart(&w.power, 0);
    const uint64_t kept = w.next;
    EXPECT_OK(append_and_sync(&w));
    EXPECT_OK(run_script(&w));
    const uint64_t before = w.next;
    EXPECT(before == kept + 1 + SCRIPT_STEPS);
    EXPECT_OK(journal_reopen(&w));
    EXPECT(w.next == before);
}

static void test_power_cut_at_every_operation(void)
{
    Tally tally = { 0 };
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        bool finished = false;
        for (uint64_t cut_at = 1; !finished; cut_at++) {
            cut_once(seed, cut_at, &tally, &finished);
            if (expect_failures > 0) fprintf(stderr, "seed %lu, cut at %lu\n", seed, cut_at);
            if (expect_failures > 0) return;
        }
    }
    printf("       %lu cuts: %lu unpromised records survived, %lu cuts lost some\n", tally.cuts,
            tally.survived, tally.fell);
    EXPECT(tally.cuts > 100 && tally.survived > 0 && tally.fell > 0);
}

/* A small journal with a switch behind it; the active segment's bytes. */
static Status small_journal(World *w, int *ret_active, uint8_t *copy, size_t *ret_size)
{
    TRY(world_open(w, 3));
    TRY(journal_reopen(w));
    while (w->switches < 1)
        TRY(append_and_sync(w));
    for (int i = 0; i < 8; i++)
        TRY(append_and_sync(w));
    const int active = torn_disk_bytes(w->disks[0]).size > 0 ? 0 : 1;
    const Span bytes = torn_disk_bytes(w->disks[active]);
    ASSERT(torn_disk_bytes(w->disks[1 - active]).size == 0 && bytes.size <= DISK_BYTES);
    memcpy(copy, bytes.data, bytes.size);
    *ret_active = active;
    *ret_size = bytes.size;
    return OK;
}

static void test_every_flipped_bit_is_refused(void)
{
    static uint8_t copy[DISK_BYTES];
    CLEANUP(world_done) World w;
    int active = 0;
    size_t size = 0;
    EXPECT_OK(small_journal(&w, &active, copy, &size));
    EXPECT(size >= 4096); /* zeros that are set aside are flipped too */
    for (size_t i = 0; i < size; i++) {
        for (unsigned flip = 1; flip <= 256; flip *= 2) {
            const uint8_t mask = flip == 256 ? 0xFF : (uint8_t)flip;
            copy[i] ^= mask;
            torn_disk_set(w.disks[active], (Span) { copy, size });
            copy[i] ^= mask;
            EXPECT_REFUSED(journal_reopen(&w), REFUSED_JOURNAL_TAMPERED);
        }
    }
    torn_disk_set(w.disks[active], (Span) { copy, size });
    EXPECT_OK(journal_reopen(&w)); /* it was the flips */
}

/* Offsets of the sectors that begin a batch. */
static size_t find_batches(Span bytes, size_t *ret_offsets, size_t max)
{
    size_t count = 0;
    for (size_t at = 0; at < bytes.size && count < max; at += SECTOR) {
        if (bytes.data[at] == 0xB5) ret_offsets[count++] = at;
    }
    return count;
}

static void test_batches_moved_doubled_or_taken_out_are_refused(void)
{
    static uint8_t copy[DISK_BYTES];
    static uint8_t forged[DISK_BYTES];
    CLEANUP(world_done) World w;
    int active = 0;
    size_t size = 0;
    size_t at[16];
    EXPECT_OK(small_journal(&w, &active, copy, &size));
    const size_t count = find_batches((Span) { copy, size }, at, 16);
    EXPECT(count >= 6);
    for (size_t i = 0; i + 1 < count; i++) {
        const size_t length = at[i + 1] - at[i];
        memcpy(forged, copy, size); /* taken out, the rest moves up */
        memmove(forged + at[i], copy + at[i + 1], size - at[i + 1]);
        torn_disk_set(w.disks[active], (Span) { forged, size - length });
        EXPECT_REFUSED(journal_reopen(&w), REFUSED_JOURNAL_TAMPERED);

        memcpy(forged, copy, size); /* blanked, as if lost, though others follow */
        memset(forged + at[i], 0, length);
        torn_disk_set(w.disks[active], (Span) { forged, size });
        EXPECT_REFUSED(journal_reopen(&w), REFUSED_JOURNAL_TAMPERED);

        memcpy(forged, copy, at[i + 1]); /* doubled */
        memcpy(forged + at[i + 1], copy + at[i], size - at[i]);
        torn_disk_set(w.disks[active], (Span) { forged, size + length });
        EXPECT_REFUSED(journal_reopen(&w), REFUSED_JOURNAL_TAMPERED);
    }
}

/* The limit that journal.h states: the chain alone cannot see this; the database's digest does. */
static void test_whole_batches_cut_from_the_tail_open_with_fewer_records(void)
{
    static uint8_t copy[DISK_BYTES];
    CLEANUP(world_done) World w;
    int active = 0;
    size_t size = 0;
    size_t at[16];
    EXPECT_OK(small_journal(&w, &active, copy, &size));
    const uint64_t before = w.next;
    const size_t count = find_batches((Span) { copy, size }, at, 16);
    torn_disk_set(w.disks[active], (Span) { copy, at[count - 1] });
    EXPECT_OK(journal_reopen(&w));
    EXPECT(w.next == before - 1);
}

static void test_snapshot_cut_short_without_the_other_segment_is_refused(void)
{
    static uint8_t copy[DISK_BYTES];
    CLEANUP(world_done) World w;
    int active = 0;
    size_t size = 0;
    EXPECT_OK(small_journal(&w, &active, copy, &size));
    torn_disk_set(w.disks[active], (Span) { copy, SECTOR });
    EXPECT_REFUSED(journal_reopen(&w), REFUSED_JOURNAL_TAMPERED);
}

static void test_other_keys_and_doubled_segments_are_refused(void)
{
    static uint8_t copy[DISK_BYTES];
    CLEANUP(world_done) World w;
    int active = 0;
    size_t size = 0;
    EXPECT_OK(small_journal(&w, &active, copy, &size));
    Secret other = key;
    other.bytes[31] ^= 1;
    JournalConfig config = config_of(&w);
    config.key = &other;
    Journal *journal = NULL;
    EXPECT_REFUSED(journal_open(&config, &journal), REFUSED_JOURNAL_TAMPERED);
    torn_disk_set(w.disks[1 - active], (Span) { copy, size });
    EXPECT_REFUSED(journal_reopen(&w), REFUSED_JOURNAL_TAMPERED);
}

static void test_older_segment_beside_the_newer_is_emptied(void)
{
    static uint8_t old[DISK_BYTES];
    CLEANUP(world_done) World w;
    EXPECT_OK(world_open(&w, 4));
    EXPECT_OK(journal_reopen(&w));
    size_t size = 0;
    while (w.switches < 1) {
        size = torn_disk_bytes(w.disks[0]).size;
        memcpy(old, torn_disk_bytes(w.disks[0]).data, size);
        EXPECT_OK(append_and_sync(&w));
    }
    const uint64_t before = w.next;
    torn_disk_set(w.disks[0], (Span) { old, size });
    EXPECT_OK(journal_reopen(&w));
    EXPECT(w.next == before && torn_disk_bytes(w.disks[0]).size == 0);
}

static void test_full_disk_refuses_appends_and_recovers(void)
{
    CLEANUP(world_done) World w;
    EXPECT_OK(world_open(&w, 5));
    EXPECT_OK(journal_reopen(&w));
    torn_disk_limit(w.disks[0], 6000);
    torn_disk_limit(w.disks[1], 0); /* nor can the other segment begin */
    Status s = OK;
    while (status_ok(s))
        s = append_and_sync(&w);
    EXPECT_STATUS(s, FAULT_JOURNAL);
    EXPECT_STATUS(append_and_sync(&w), FAULT_JOURNAL);
    EXPECT(w.next == w.acked && w.acked > 0);
    torn_disk_limit(w.disks[0], DISK_BYTES);
    torn_disk_limit(w.disks[1], DISK_BYTES);
    EXPECT_OK(run_script(&w)); /* the same journal, no restart */
    const uint64_t before = w.next;
    EXPECT_OK(journal_reopen(&w));
    EXPECT(w.next == before);
}

static void test_segment_that_cannot_be_switched_grows_to_its_maximum(void)
{
    CLEANUP(world_done) World w;
    EXPECT_OK(world_open(&w, 6));
    EXPECT_OK(journal_reopen(&w));
    w.snapshot_fails = true;
    Status s = OK;
    while (status_ok(s))
        s = append_and_sync(&w);
    EXPECT_STATUS(s, FAULT_JOURNAL);
    EXPECT(torn_disk_bytes(w.disks[0]).size > SEGMENT_BYTES);
    EXPECT(torn_disk_bytes(w.disks[0]).size <= JOURNAL_SEGMENT_FACTOR_MAX * SEGMENT_BYTES);
    w.snapshot_fails = false;
    EXPECT_OK(append_and_sync(&w));
    EXPECT(w.switches == 1);
    const uint64_t before = w.next;
    EXPECT_OK(journal_reopen(&w));
    EXPECT(w.next == before);
}

static void test_failed_sync_ends_the_journal_for_good(void)
{
    CLEANUP(world_done) World w;
    uint64_t position = 0;
    EXPECT_OK(world_open(&w, 7));
    EXPECT_OK(journal_reopen(&w));
    EXPECT_OK(append_and_sync(&w));
    EXPECT_OK(append_next(&w, &position));
    torn_power_restart(&w.power, 2); /* the write goes through, its sync does not */
    EXPECT_STATUS(journal_sync(w.journal, position), FAULT_JOURNAL);
    torn_power_restart(&w.power, 0);
    EXPECT_STATUS(journal_sync(w.journal, position), FAULT_JOURNAL);
    EXPECT_STATUS(append_next(&w, &position), FAULT_JOURNAL);
    EXPECT_OK(journal_reopen(&w));
    EXPECT(w.next >= 1 && w.next <= 2);
}

static void test_oversize_record_is_refused(void)
{
    CLEANUP(world_done) World w;
    static uint8_t huge[JOURNAL_RECORD_BYTES_MAX + 1];
    uint64_t position = 77;
    EXPECT_OK(world_open(&w, 8));
    EXPECT_OK(journal_reopen(&w));
    EXPECT_REFUSED(
            journal_append(w.journal, KIND_RECORD, SPAN_OF(huge), &position), REFUSED_BUFFER_FULL);
    EXPECT(position == 77);
}

static void test_refusal_of_the_owner_is_passed_on(void)
{
    CLEANUP(world_done) World w;
    uint64_t position = 0;
    EXPECT_OK(world_open(&w, 9));
    EXPECT_OK(journal_reopen(&w));
    EXPECT_OK(journal_append(w.journal, KIND_RECORD, SPAN("short"), &position));
    EXPECT_OK(journal_sync(w.journal, position));
    EXPECT_REFUSED(
            journal_reopen(&w), REFUSED_BYTES_TRUNCATED); /* what this test's replay says to it */
}

TESTS(TEST(test_records_come_back_in_order),
        TEST(test_killed_process_loses_only_what_nobody_synced),
        TEST(test_power_cut_at_every_operation), TEST(test_every_flipped_bit_is_refused),
        TEST(test_batches_moved_doubled_or_taken_out_are_refused),
        TEST(test_whole_batches_cut_from_the_tail_open_with_fewer_records),
        TEST(test_snapshot_cut_short_without_the_other_segment_is_refused),
        TEST(test_other_keys_and_doubled_segments_are_refused),
        TEST(test_older_segment_beside_the_newer_is_emptied),
        TEST(test_full_disk_refuses_appends_and_recovers),
        TEST(test_segment_that_cannot_be_switched_grows_to_its_maximum),
        TEST(test_failed_sync_ends_the_journal_for_good), TEST(test_oversize_record_is_refused),
        TEST(test_refusal_of_the_owner_is_passed_on))
