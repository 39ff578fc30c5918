#include "journal/segment.h"

enum {
    TAG_FIRST = 0xB5, /* several bits set: no single flip makes it zero or the other */
    TAG_NEXT = 0x5A,
    BODY_BYTES = SECTOR_BYTES - 2,
    CHECK_BYTES = 8,
    CHECKED_BYTES = BATCH_HEAD_BYTES - CHECK_BYTES,
    ZEROS_BYTES = 64 * 1024,
};

_Static_assert(
        BATCH_HEAD_BYTES + BATCH_BYTES_MAX + JOURNAL_MAC_BYTES <= BATCH_SECTORS_MAX * BODY_BYTES,
        "the largest batch fits its sectors");

static const uint8_t zeros[ZEROS_BYTES];

static size_t sectors_of(size_t record_bytes)
{
    return (BATCH_HEAD_BYTES + record_bytes + JOURNAL_MAC_BYTES + BODY_BYTES - 1) / BODY_BYTES;
}

uint64_t batch_disk_bytes(size_t record_bytes)
{
    return (uint64_t)sectors_of(record_bytes) * SECTOR_BYTES;
}

/* --- writing --- */

typedef struct Head {
    uint8_t kind;
    uint16_t sectors;
    uint32_t bytes;
    uint64_t sequence;
} Head;

static void make_check(
        const MacKey *key, uint64_t offset, Span checked, uint8_t ret_check[CHECK_BYTES])
{
    uint8_t where[8];
    uint8_t mac[JOURNAL_MAC_BYTES];
    Buffer b = BUFFER_OF(where);
    ASSERT(status_ok(buffer_put_u64(&b, offset)));
    mac_make(key, (const Span[]) { SPAN("head"), SPAN_OF(where), checked }, 3, mac);
    memcpy(ret_check, mac, CHECK_BYTES);
}

/* The head says how far the batch reaches, so it is checked alone: a changed length must not make a
 * batch look as if a power cut had shortened it. */
static void make_head(const Segment *segment, const Head *head, uint8_t ret_head[BATCH_HEAD_BYTES])
{
    Buffer b = { ret_head, 0, CHECKED_BYTES };
    const bool fits = status_ok(buffer_put_u8(&b, head->kind)) && status_ok(buffer_put_u8(&b, 0))
            && status_ok(buffer_put_u16(&b, head->sectors))
            && status_ok(buffer_put_u32(&b, head->bytes))
            && status_ok(buffer_put_u64(&b, head->sequence));
    ASSERT(fits && b.size == CHECKED_BYTES);
    make_check(segment->key, segment->end, span_of_buffer(&b), ret_head + CHECKED_BYTES);
}

static void make_mac(
        const Segment *segment, Span head, Span records, uint8_t ret_mac[JOURNAL_MAC_BYTES])
{
    const Span parts[] = { SPAN("batch"), SPAN_OF(segment->mac), head, records };
    mac_make(segment->key, parts, 4, ret_mac);
}

/* Lay a stream of bytes into the bodies of sectors. */
static void lay(uint8_t *sectors, size_t *at, Span bytes)
{
    while (bytes.size > 0) {
        const size_t room = BODY_BYTES - *at % BODY_BYTES;
        const size_t n = bytes.size < room ? bytes.size : room;
        memcpy(sectors + *at / BODY_BYTES * SECTOR_BYTES + 1 + *at % BODY_BYTES, bytes.data, n);
        bytes = (Span) { bytes.data + n, bytes.size - n };
        *at += n;
    }
}

Status segment_write(Segment *segment, BatchKind kind, Span records, uint8_t *sectors)
{
    ASSERT(records.size <= BATCH_BYTES_MAX);
    const size_t count = sectors_of(records.size);
    const Head facts = { (uint8_t)kind, (uint16_t)count, (uint32_t)records.size,
        segment->sequence };
    uint8_t head[BATCH_HEAD_BYTES];
    uint8_t mac[JOURNAL_MAC_BYTES];
    make_head(segment, &facts, head);
    make_mac(segment, SPAN_OF(head), records, mac);

    memset(sectors + (count - 1) * SECTOR_BYTES, 0,
            SECTOR_BYTES); /* the padding is in the last one */
    size_t at = 0;
    lay(sectors, &at, SPAN_OF(head));
    lay(sectors, &at, records);
    lay(sectors, &at, SPAN_OF(mac));
    for (size_t i = 0; i < count; i++) {
        uint8_t *sector = sectors + i * SECTOR_BYTES;
        sector[0] = sector[SECTOR_BYTES - 1] = i == 0 ? TAG_FIRST : TAG_NEXT;
    }
    TRY(segment->disk.write(
            segment->disk.context, segment->end, (Span) { sectors, count * SECTOR_BYTES }));
    segment->end += count * SECTOR_BYTES;
    if (segment->allocated < segment->end) segment->allocated = segment->end;
    memcpy(segment->mac, mac, sizeof(mac));
    return OK;
}

Status segment_begin(Segment *segment, uint8_t *sectors)
{
    /* Empty first, and durably: no sector of an earlier life may stand between those of this one.
     */
    TRY(segment->disk.truncate(segment->disk.context, 0));
    TRY(segment->disk.sync(segment->disk.context));
    segment->end = 0;
    segment->allocated = 0;
    memset(segment->mac, 0, sizeof(segment->mac));
    return segment_write(segment, BATCH_HEADER, (Span) { NULL, 0 }, sectors);
}

static Status write_zeros(const Disk *disk, uint64_t from, uint64_t to)
{
    while (from < to) {
        const size_t n = to - from < ZEROS_BYTES ? (size_t)(to - from) : ZEROS_BYTES;
        TRY(disk->write(disk->context, from, (Span) { zeros, n }));
        from += n;
    }
    return OK;
}

Status segment_grow(Segment *segment, uint64_t wanted, uint64_t step)
{
    if (wanted <= segment->allocated) return OK;
    const uint64_t to = (wanted + step - 1) / step * step;
    TRY(write_zeros(&segment->disk, segment->allocated, to));
    segment->allocated = to;
    return OK;
}

/* Cut off, not overwritten: a second power cut in the middle of overwriting would leave sectors
 * that were torn twice, and those look like nothing a cut leaves. */
Status segment_clean(Segment *segment, const SegmentFacts *facts)
{
    if (facts->used_end <= segment->end) return OK;
    TRY(segment->disk.truncate(segment->disk.context, segment->end));
    segment->allocated = segment->end;
    return segment->disk.sync(segment->disk.context);
}

/* --- reading --- */

typedef enum SectorState {
    SECTOR_ABSENT, /* all zero: never written, or lost in a power cut */
    SECTOR_TORN, /* one of its tags is missing */
    SECTOR_FIRST, /* whole, begins a batch */
    SECTOR_NEXT, /* whole, goes on with one */
    SECTOR_FOREIGN, /* nothing that we or a power cut would leave */
} SectorState;

static bool all_zero(Span bytes)
{
    return bytes.size == 0
            || (bytes.data[0] == 0
                    && bytes_equal_ct(bytes.data, bytes.data + 1, bytes.size - 1)); /* public */
}

static bool is_tag(uint8_t byte) { return byte == TAG_FIRST || byte == TAG_NEXT; }

static SectorState sector_state(const uint8_t *sector)
{
    const uint8_t front = sector[0];
    const uint8_t back = sector[SECTOR_BYTES - 1];
    if (is_tag(front) && front == back) return front == TAG_FIRST ? SECTOR_FIRST : SECTOR_NEXT;
    if (is_tag(front) && back == 0) return SECTOR_TORN;
    if (is_tag(back) && front == 0) return SECTOR_TORN;
    return all_zero((Span) { sector, SECTOR_BYTES }) ? SECTOR_ABSENT : SECTOR_FOREIGN;
}

static bool begins_batch(const uint8_t *sector)
{
    return sector[0] == TAG_FIRST || sector[SECTOR_BYTES - 1] == TAG_FIRST;
}

typedef struct Reader {
    Segment *segment;
    uint64_t size; /* of the file */
    uint8_t *bytes; /* the sectors of one batch, later its stream */
    JournalReplay replay;
    void *context;
    uint8_t last_kind; /* of the batch before; 0: none */
    bool whole; /* the snapshot's end was seen */
} Reader;

/* Read sectors; behind the end of the file everything is zero. */
static Status read_sectors(const Reader *r, uint64_t offset, size_t count, uint8_t *ret_bytes)
{
    const size_t wanted = count * SECTOR_BYTES;
    const uint64_t left = offset < r->size ? r->size - offset : 0;
    const size_t n = left < wanted ? (size_t)left : wanted;
    memset(ret_bytes + n, 0, wanted - n);
    if (n == 0) return OK;
    const Status s = r->segment->disk.read(r->segment->disk.context, offset, ret_bytes, n);
    CHECK(status_ok(s), FAULT_DISK);
    return OK;
}

/* HEADER SNAPSHOT* SNAPSHOT_END RECORDS* */
static bool may_follow(uint8_t last, uint8_t kind)
{
    switch (kind) {
    case BATCH_HEADER: return last == 0;
    case BATCH_SNAPSHOT:
    case BATCH_SNAPSHOT_END: return last == BATCH_HEADER || last == BATCH_SNAPSHOT;
    case BATCH_RECORDS: return last == BATCH_SNAPSHOT_END || last == BATCH_RECORDS;
    default: return false;
    }
}

static Status take_head(Cursor *c, Head *head)
{
    uint8_t reserved = 0;
    TRY(cursor_u8(c, &head->kind));
    TRY(cursor_u8(c, &reserved));
    TRY(cursor_u16(c, &head->sectors));
    TRY(cursor_u32(c, &head->bytes));
    return cursor_u64(c, &head->sequence);
}

static Status read_head(const Reader *r, Head *ret)
{
    const uint8_t *head = r->bytes + 1;
    const Span checked = { head, CHECKED_BYTES };
    uint8_t check[CHECK_BYTES];
    make_check(r->segment->key, r->segment->end, checked, check);
    REQUIRE(bytes_equal_ct(check, head + CHECKED_BYTES, CHECK_BYTES), REFUSED_JOURNAL_TAMPERED);

    Cursor c = cursor_of(checked);
    TRY(take_head(&c, ret));
    const bool first = r->last_kind == 0;
    REQUIRE(may_follow(r->last_kind, ret->kind), REFUSED_JOURNAL_TAMPERED);
    REQUIRE(first || ret->sequence == r->segment->sequence, REFUSED_JOURNAL_TAMPERED);
    REQUIRE(ret->bytes <= BATCH_BYTES_MAX, REFUSED_JOURNAL_TAMPERED);
    REQUIRE(ret->sectors == sectors_of(ret->bytes), REFUSED_JOURNAL_TAMPERED);
    return OK;
}

/* Close the gaps between the bodies: the batch as one stream, at the front of r->bytes. */
static Span join(uint8_t *sectors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memmove(sectors + i * BODY_BYTES, sectors + i * SECTOR_BYTES + 1, BODY_BYTES);
    return (Span) { sectors, count * BODY_BYTES };
}

static Status replay_records(const Reader *r, Span records)
{
    Cursor c = cursor_of(records);
    while (c.rest.size > 0) {
        uint32_t size = 0;
        uint16_t kind = 0;
        Span payload = { 0 };
        REQUIRE(status_ok(cursor_u32(&c, &size)), REFUSED_JOURNAL_TAMPERED);
        REQUIRE(status_ok(cursor_u16(&c, &kind)), REFUSED_JOURNAL_TAMPERED);
        REQUIRE(size <= JOURNAL_RECORD_BYTES_MAX, REFUSED_JOURNAL_TAMPERED);
        REQUIRE(status_ok(cursor_take(&c, size, &payload)), REFUSED_JOURNAL_TAMPERED);
        if (r->replay != NULL) TRY(r->replay(r->context, kind, payload));
    }
    return OK;
}

/* All sectors of the batch are there: now it must be right to the last byte. */
static Status accept_batch(Reader *r, const Head *head)
{
    Segment *segment = r->segment;
    Cursor c = cursor_of(join(r->bytes, head->sectors));
    Span front = { 0 };
    Span records = { 0 };
    Span claimed = { 0 };
    TRY(cursor_take(&c, BATCH_HEAD_BYTES, &front));
    TRY(cursor_take(&c, head->bytes, &records));
    TRY(cursor_take(&c, JOURNAL_MAC_BYTES, &claimed));
    uint8_t mac[JOURNAL_MAC_BYTES];
    make_mac(segment, front, records, mac);
    REQUIRE(bytes_equal_ct(mac, claimed.data, sizeof(mac)), REFUSED_JOURNAL_TAMPERED);
    REQUIRE(all_zero(c.rest), REFUSED_JOURNAL_TAMPERED);
    TRY(replay_records(r, records));

    memcpy(segment->mac, mac, sizeof(mac));
    segment->sequence = head->sequence;
    segment->end += (uint64_t)head->sectors * SECTOR_BYTES;
    r->last_kind = head->kind;
    r->whole = r->whole || head->kind == BATCH_SNAPSHOT_END;
    return OK;
}

/* Read one batch; `ret_more` is false at the first that is not all there. */
static Status read_batch(Reader *r, bool *ret_more)
{
    const uint64_t offset = r->segment->end;
    TRY(read_sectors(r, offset, 1, r->bytes));
    const SectorState first = sector_state(r->bytes);
    *ret_more = false;
    REQUIRE(first != SECTOR_FOREIGN && first != SECTOR_NEXT, REFUSED_JOURNAL_TAMPERED);
    if (first != SECTOR_FIRST) return OK;

    Head head = { 0 };
    TRY(read_head(r, &head));
    if (r->last_kind == 0) r->segment->sequence = head.sequence;
    TRY(read_sectors(r, offset + SECTOR_BYTES, head.sectors - 1u, r->bytes + SECTOR_BYTES));
    for (size_t i = 1; i < head.sectors; i++) {
        const SectorState state = sector_state(r->bytes + i * SECTOR_BYTES);
        REQUIRE(state != SECTOR_FOREIGN && state != SECTOR_FIRST, REFUSED_JOURNAL_TAMPERED);
        if (state != SECTOR_NEXT) return OK;
    }
    *ret_more = true;
    return accept_batch(r, &head);
}

/*
 * Look at everything behind the last good batch. What a power cut can leave there is (part of) one
 * batch, beginning exactly there. A second beginning means that a later batch was written, so that
 * the broken one was durable and complete once. (Snapshot batches are not synced one by one: there,
 * several may be half present.)
 */
static Status read_tail(const Reader *r, uint64_t *ret_used_end)
{
    const uint64_t from = r->segment->end;
    uint64_t used_end = from;
    for (uint64_t offset = from; offset < r->size; offset += BATCH_SECTORS_MAX * SECTOR_BYTES) {
        TRY(read_sectors(r, offset, BATCH_SECTORS_MAX, r->bytes));
        for (size_t i = 0; i < BATCH_SECTORS_MAX; i++) {
            const uint8_t *sector = r->bytes + i * SECTOR_BYTES;
            const uint64_t at = offset + i * SECTOR_BYTES;
            const SectorState state = sector_state(sector);
            REQUIRE(state != SECTOR_FOREIGN, REFUSED_JOURNAL_TAMPERED);
            if (state == SECTOR_ABSENT) continue;
            used_end = at + SECTOR_BYTES;
            if (!r->whole) continue;
            REQUIRE(at == from || !begins_batch(sector), REFUSED_JOURNAL_TAMPERED);
            REQUIRE(at - from < BATCH_SECTORS_MAX * SECTOR_BYTES, REFUSED_JOURNAL_TAMPERED);
        }
    }
    *ret_used_end = used_end;
    return OK;
}

Status segment_read(Segment *segment, JournalReplay replay, void *context, uint8_t *sectors,
        SegmentFacts *ret_facts)
{
    Reader r = { .segment = segment, .bytes = sectors, .replay = replay, .context = context };
    segment->sequence = 0;
    segment->end = 0;
    memset(segment->mac, 0, sizeof(segment->mac));
    TRY(segment->disk.size(segment->disk.context, &r.size));
    bool more = true;
    while (more)
        TRY(read_batch(&r, &more));

    SegmentFacts facts = { SEGMENT_WHOLE, 0 };
    TRY(read_tail(&r, &facts.used_end));
    if (!r.whole) facts.state = facts.used_end == 0 ? SEGMENT_EMPTY : SEGMENT_UNBORN;
    /* A size that is no whole number of sectors is a cut too: the next zeros begin at the sector.
     */
    segment->allocated = r.size / SECTOR_BYTES * SECTOR_BYTES;
    if (segment->allocated < segment->end) segment->allocated = segment->end;
    *ret_facts = facts;
    return OK;
}
