#define _GNU_SOURCE
#include "journal/journal.h"

#include "crypto/derive.h"
#include "journal/segment.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    GROWTH_BYTES_MIN = 4096,
    GROWTH_BYTES_MAX = 1024 * 1024,
    GROWTHS_A_SEGMENT = 64,
    SCRATCH_BYTES = BATCH_SECTORS_MAX * SECTOR_BYTES,
};

/*
 * One thread at a time leads: it takes all records that wait, and writes and syncs them without
 * holding the lock, while the others append the next ones and wait. Only the leader touches
 * `flying` and `scratch`; it works on a copy of `active`, which others meanwhile read, and let
 * grow.
 */
struct Journal {
    Disk disks[2];
    MacKey key;
    JournalSnapshot snapshot;
    void *context;
    uint64_t segment_bytes;
    uint64_t growth_bytes;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* the leader is done: for those that need its place or its room */
    pthread_cond_t durable_in[2]; /* batch number n is durable: [n % 2], for those that sync */
    bool leading;
    bool broken; /* a write or sync failed: what the disk holds is unknown */
    uint64_t appended; /* positions: records since open */
    uint64_t durable;
    uint64_t batch; /* number of the batch that was begun last */
    uint64_t reached; /* the last position in it */
    uint64_t limit; /* bytes of the active segment after which it is to be switched */
    uint64_t switch_at; /* when that is tried next: the limit, or later after it failed */
    int active_index;
    Segment active;
    Segment *snapshot_into; /* within JournalSnapshot */
    Buffer pending; /* records that wait */
    Buffer flying; /* records being written */
    uint8_t *scratch;
    uint8_t memory[2 * BATCH_BYTES_MAX + SCRATCH_BYTES];
};

/* --- leading; called with the lock held --- */

static void wait_for_leader(Journal *j)
{
    while (j->leading)
        pthread_cond_wait(&j->changed, &j->lock);
}

static void lead_begin(Journal *j)
{
    ASSERT(!j->leading);
    j->leading = true;
    pthread_mutex_unlock(&j->lock);
}

/* Wake those whose batch this was, and of those whose records wait one, to lead the next. To wake
 * all for each sync costs sixty-four threads more than the sync. */
static void lead_end(Journal *j)
{
    pthread_mutex_lock(&j->lock);
    j->leading = false;
    pthread_cond_broadcast(&j->changed);
    pthread_cond_broadcast(&j->durable_in[j->batch % 2]);
    pthread_cond_signal(&j->durable_in[(j->batch + 1) % 2]);
}

/* The disk failed: nobody leads any more, so everybody must know. */
static void break_down(Journal *j)
{
    j->broken = true;
    pthread_cond_broadcast(&j->durable_in[0]);
    pthread_cond_broadcast(&j->durable_in[1]);
}

static Status write_and_sync(Segment *segment, Span records, uint8_t *scratch)
{
    TRY(segment_write(segment, BATCH_RECORDS, records, scratch));
    return segment->disk.sync(segment->disk.context);
}

/* Make all that waits durable. Nothing is tried twice: after a failed sync the kernel may call
 * pages clean that never reached the disk, and a batch written over half of another one looks
 * tampered with. */
static Status flush(Journal *j)
{
    CHECK(!j->broken, FAULT_JOURNAL);
    if (j->pending.size == 0) return OK;
    const Buffer full = j->pending;
    j->pending = j->flying;
    j->flying = full;
    j->reached = j->appended;
    j->batch++;
    Segment written = j->active;
    lead_begin(j);
    const Status s = write_and_sync(&written, span_of_buffer(&j->flying), j->scratch);
    bytes_wipe(j->flying.data, j->flying.size);
    lead_end(j);
    j->flying.size = 0;
    if (!status_ok(s)) break_down(j);
    CHECK(status_ok(s), FAULT_JOURNAL);
    if (written.allocated < j->active.allocated) written.allocated = j->active.allocated;
    j->active = written;
    j->durable = j->reached;
    return OK;
}

/* --- the second segment takes over --- */

static Status write_snapshot(Journal *j, Segment *next)
{
    TRY(segment_begin(next, j->scratch));
    j->snapshot_into = next;
    const Status s = j->snapshot(j->context, j);
    j->snapshot_into = NULL;
    TRY(s);
    TRY(segment_write(next, BATCH_SNAPSHOT_END, span_of_buffer(&j->flying), j->scratch));
    return next->disk.sync(next->disk.context);
}

Status journal_snapshot_put(Journal *journal, uint16_t kind, Span payload)
{
    ASSERT(journal->snapshot_into != NULL);
    REQUIRE(payload.size <= JOURNAL_RECORD_BYTES_MAX, REFUSED_BUFFER_FULL);
    Buffer *b = &journal->flying;
    if (b->capacity - b->size < RECORD_HEAD_BYTES + payload.size) {
        TRY(segment_write(
                journal->snapshot_into, BATCH_SNAPSHOT, span_of_buffer(b), journal->scratch));
        b->size = 0;
    }
    TRY(buffer_put_u32(b, (uint32_t)payload.size));
    TRY(buffer_put_u16(b, kind));
    return buffer_put(b, payload);
}

static uint64_t next_switch(const Journal *j)
{
    /* A state that fills half a segment would be written again and again: let the segment be
     * longer. */
    const uint64_t twice = 2 * j->active.end;
    return twice > j->segment_bytes ? twice : j->segment_bytes;
}

/* The old segment is emptied only when the new one is durable, and nothing is appended before it is
 * empty: two whole segments are seen only after a power cut, and then the newer is right. */
static void switch_segments(Journal *j)
{
    const int other = 1 - j->active_index;
    const Disk old = j->active.disk;
    Segment next = { .disk = j->disks[other], .key = &j->key, .sequence = j->active.sequence + 1 };
    lead_begin(j);
    const Status s = write_snapshot(j, &next);
    bytes_wipe(j->flying.data, j->flying.capacity);
    const Disk *loser = status_ok(s) ? &old : &next.disk;
    Status emptied = loser->truncate(loser->context, 0);
    if (status_ok(emptied)) emptied = loser->sync(loser->context);
    lead_end(j);
    j->flying.size = 0;
    if (!status_ok(s)) {
        j->switch_at = j->active.end + j->growth_bytes;
        return;
    }
    j->active = next;
    j->active_index = other;
    j->limit = next_switch(j);
    j->switch_at = j->limit;
    if (!status_ok(emptied)) break_down(j); /* its disk refuses even that */
}

/* --- appending --- */

static bool has_room(const Journal *j, size_t size)
{
    return j->pending.capacity - j->pending.size >= RECORD_HEAD_BYTES + size;
}

/* Where the file ends once all that is under way and this record are written. */
static uint64_t end_with(const Journal *j, size_t size)
{
    const uint64_t flying = j->leading ? batch_disk_bytes(j->flying.size) : 0;
    return j->active.end + flying + batch_disk_bytes(j->pending.size + RECORD_HEAD_BYTES + size);
}

static uint64_t end_max(const Journal *j) { return JOURNAL_SEGMENT_FACTOR_MAX * j->limit; }

/* Between two attempts that failed the segment grows; at its maximum there is nothing left but to
 * try. */
static bool must_switch(const Journal *j, size_t size)
{
    const uint64_t end = end_with(j, size);
    return end > j->switch_at || end > end_max(j);
}

static Status make_room(Journal *j, size_t size)
{
    CHECK(!j->broken, FAULT_JOURNAL);
    while (!has_room(j, size)) {
        wait_for_leader(j);
        if (!has_room(j, size)) TRY(flush(j));
    }
    if (must_switch(j, size)) {
        wait_for_leader(j);
        TRY(flush(j));
        wait_for_leader(j);
        if (must_switch(j, size)) switch_segments(j);
    }
    CHECK(!j->broken, FAULT_JOURNAL);
    CHECK(end_with(j, size) <= end_max(j), FAULT_JOURNAL);
    /* Space is set aside before the record is taken: a full disk is noticed here, by its cause, and
     * not when the batch is written; and a sync of bytes that overwrite zeros changes no metadata.
     */
    CHECK(status_ok(segment_grow(&j->active, end_with(j, size), j->growth_bytes)), FAULT_JOURNAL);
    return OK;
}

static Status append(Journal *j, uint16_t kind, Span payload, uint64_t *ret_position)
{
    TRY(make_room(j, payload.size));
    TRY(buffer_put_u32(&j->pending, (uint32_t)payload.size));
    TRY(buffer_put_u16(&j->pending, kind));
    TRY(buffer_put(&j->pending, payload));
    *ret_position = ++j->appended;
    return OK;
}

Status journal_append(Journal *journal, uint16_t kind, Span payload, uint64_t *ret_position)
{
    REQUIRE(payload.size <= JOURNAL_RECORD_BYTES_MAX, REFUSED_BUFFER_FULL);
    pthread_mutex_lock(&journal->lock);
    const Status s = append(journal, kind, payload, ret_position);
    pthread_mutex_unlock(&journal->lock);
    return s;
}

static Status renew(Journal *j)
{
    wait_for_leader(j);
    TRY(flush(j));
    wait_for_leader(j);
    CHECK(!j->broken && j->pending.size == 0, FAULT_JOURNAL);
    const int before = j->active_index;
    switch_segments(j);
    CHECK(!j->broken && j->active_index != before, FAULT_JOURNAL);
    return OK;
}

Status journal_renew(Journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    const Status s = renew(journal);
    pthread_mutex_unlock(&journal->lock);
    return s;
}

uint64_t journal_position(Journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    const uint64_t position = journal->appended;
    pthread_mutex_unlock(&journal->lock);
    return position;
}

static void wait_for_batch(Journal *j, uint64_t position)
{
    const uint64_t batch = position <= j->reached ? j->batch : j->batch + 1;
    pthread_cond_wait(&j->durable_in[batch % 2], &j->lock);
}

Status journal_sync(Journal *journal, uint64_t position)
{
    Status s = OK;
    pthread_mutex_lock(&journal->lock);
    ASSERT(position <= journal->appended);
    while (status_ok(s) && journal->durable < position) {
        if (journal->broken)
            s = BROKEN(FAULT_JOURNAL);
        else if (journal->leading)
            wait_for_batch(journal, position);
        else
            s = flush(journal);
    }
    pthread_mutex_unlock(&journal->lock);
    return s;
}

/* --- opening --- */

static void derive_key(const Secret *key, MacKey *ret_key)
{
    ASSERT(key->size == JOURNAL_MAC_BYTES);
    CLEANUP(mac_key_wipe) MacKey parent;
    uint8_t derived[JOURNAL_MAC_BYTES];
    mac_key_init(&parent, MAC_HMAC_SHA256, secret_span(key));
    derive_expand(&parent, (const Span[]) { SPAN("hufu journal 1") }, 1, derived, sizeof(derived));
    mac_key_init(ret_key, MAC_HMAC_SHA256, SPAN_OF(derived));
    bytes_wipe(derived, sizeof(derived));
}

static Status empty_durably(const Disk *disk)
{
    TRY(disk->truncate(disk->context, 0));
    return disk->sync(disk->context);
}

/* A journal that nobody has written to yet, or whose making was cut before it was ever used. */
static bool is_new(const Segment segments[2], const SegmentFacts facts[2])
{
    if (facts[1].state != SEGMENT_EMPTY) return false;
    if (facts[0].state == SEGMENT_EMPTY) return true;
    return segments[0].sequence <= 1 && facts[0].used_end <= 2 * SECTOR_BYTES;
}

static Status create(Journal *j)
{
    j->active_index = 0;
    j->active = (Segment) { .disk = j->disks[0], .key = &j->key, .sequence = 1 };
    TRY(segment_begin(&j->active, j->scratch));
    TRY(segment_write(&j->active, BATCH_SNAPSHOT_END, (Span) { NULL, 0 }, j->scratch));
    return j->active.disk.sync(j->active.disk.context);
}

/* Which of the two is the journal? Emptying the other ends what a power cut interrupted. */
static Status choose(Journal *j, Segment segments[2], const SegmentFacts facts[2])
{
    const bool whole[2] = { facts[0].state == SEGMENT_WHOLE, facts[1].state == SEGMENT_WHOLE };
    REQUIRE(whole[0] || whole[1], REFUSED_JOURNAL_TAMPERED);
    int newest = whole[1] ? 1 : 0;
    if (whole[0] && whole[1]) {
        newest = segments[1].sequence > segments[0].sequence ? 1 : 0;
        REQUIRE(segments[newest].sequence == segments[1 - newest].sequence + 1,
                REFUSED_JOURNAL_TAMPERED);
    }
    if (facts[1 - newest].state != SEGMENT_EMPTY) TRY(empty_durably(&j->disks[1 - newest]));
    j->active_index = newest;
    j->active = segments[newest];
    return OK;
}

static Status open_segments(Journal *j, const JournalConfig *config)
{
    Segment segments[2];
    SegmentFacts facts[2];
    for (size_t i = 0; i < 2; i++) {
        segments[i] = (Segment) { .disk = j->disks[i], .key = &j->key };
        TRY(segment_read(&segments[i], NULL, NULL, j->scratch, &facts[i]));
    }
    if (is_new(segments, facts)) return create(j);
    TRY(choose(j, segments, facts));
    /* Replayed only now: a record of the wrong segment must not reach the state. */
    TRY(segment_read(
            &j->active, config->replay, config->context, j->scratch, &facts[j->active_index]));
    REQUIRE(facts[j->active_index].state == SEGMENT_WHOLE, REFUSED_JOURNAL_TAMPERED);
    return segment_clean(&j->active, &facts[j->active_index]);
}

static void set_up(Journal *j, const JournalConfig *config)
{
    j->disks[0] = config->segments[0];
    j->disks[1] = config->segments[1];
    j->snapshot = config->snapshot;
    j->context = config->context;
    j->segment_bytes = config->segment_bytes == 0 ? JOURNAL_SEGMENT_BYTES : config->segment_bytes;
    j->growth_bytes = j->segment_bytes / GROWTHS_A_SEGMENT;
    if (j->growth_bytes < GROWTH_BYTES_MIN) j->growth_bytes = GROWTH_BYTES_MIN;
    if (j->growth_bytes > GROWTH_BYTES_MAX) j->growth_bytes = GROWTH_BYTES_MAX;
    j->pending = (Buffer) { j->memory, 0, BATCH_BYTES_MAX };
    j->flying = (Buffer) { j->memory + BATCH_BYTES_MAX, 0, BATCH_BYTES_MAX };
    j->scratch = j->memory + 2 * BATCH_BYTES_MAX;
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->changed, NULL);
    pthread_cond_init(&j->durable_in[0], NULL);
    pthread_cond_init(&j->durable_in[1], NULL);
    derive_key(config->key, &j->key);
}

Status journal_open(const JournalConfig *config, Journal **ret_journal)
{
    Journal *journal = calloc(1, sizeof(*journal));
    CHECK(journal != NULL, FAULT_MEMORY);
    set_up(journal, config);
    const Status s = open_segments(journal, config);
    if (!status_ok(s)) {
        journal_close(journal);
        return s;
    }
    journal->limit = journal->segment_bytes;
    journal->switch_at = journal->limit;
    *ret_journal = journal;
    return OK;
}

void journal_close(Journal *journal)
{
    if (journal == NULL) return;
    pthread_cond_destroy(&journal->durable_in[1]);
    pthread_cond_destroy(&journal->durable_in[0]);
    pthread_cond_destroy(&journal->changed);
    pthread_mutex_destroy(&journal->lock);
    bytes_wipe(journal, sizeof(*journal));
    free(journal);
}
