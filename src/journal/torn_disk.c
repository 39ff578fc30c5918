#include "journal/torn_disk.h"

#include <stdlib.h>

enum { SECTOR = 512, CHANGES_ROOM = 64 };

typedef struct Change {
    bool truncates;
    uint64_t offset; /* or the new size */
    uint8_t *bytes; /* owned */
    size_t size;
} Change;

struct TornDisk {
    TornPower *power;
    size_t memory_bytes;
    size_t size_max;
    uint8_t *durable; /* zero behind its size, as is `seen` */
    size_t durable_size;
    uint8_t *seen;
    size_t seen_size;
    Change *changes; /* since the last sync */
    size_t count;
    size_t room;
};

TornPower torn_power(uint64_t seed, uint64_t cut_at)
{
    TornPower power = { .cut_at = cut_at };
    (void)random_seeded(&power.random, seed);
    return power;
}

void torn_power_restart(TornPower *power, uint64_t cut_at)
{
    power->off = false;
    power->cut_at = cut_at == 0 ? 0 : power->operations + cut_at;
}

static uint64_t below(TornPower *power, uint64_t bound)
{
    return seeded_next(&power->random) % bound;
}

static void forget_changes(TornDisk *d)
{
    for (size_t i = 0; i < d->count; i++)
        free(d->changes[i].bytes);
    d->count = 0;
}

/* --- what survives --- */

/* One sector as it would be after one more change. */
static void change_sector(const Change *change, uint64_t at, uint8_t sector[SECTOR])
{
    for (uint64_t i = 0; i < SECTOR; i++) {
        const uint64_t where = at + i;
        if (change->truncates) {
            if (where >= change->offset) sector[i] = 0;
            continue;
        }
        if (where >= change->offset && where - change->offset < change->size)
            sector[i] = change->bytes[where - change->offset];
    }
}

static bool touches(const Change *change, uint64_t at)
{
    if (change->truncates) return at + SECTOR > change->offset;
    return at < change->offset + change->size && at + SECTOR > change->offset;
}

/*
 * Which changes are settled and which are open when the power goes. A truncate is one change of the
 * file's metadata: it happened or not, for all sectors alike, and what was written after one that
 * did not happen went to blocks that nobody finds again. So changes before `settled` are there,
 * those before `end` may be.
 */
typedef struct Fate {
    size_t settled;
    size_t end;
} Fate;

static Fate draw_fate(TornDisk *d)
{
    size_t truncates = 0;
    for (size_t i = 0; i < d->count; i++)
        truncates += d->changes[i].truncates;
    const uint64_t surviving = below(d->power, truncates + 1);
    Fate fate = { 0, d->count };
    uint64_t seen = 0;
    for (size_t i = 0; i < d->count; i++) {
        if (!d->changes[i].truncates) continue;
        seen++;
        if (seen <= surviving) fate.settled = i + 1;
        if (seen == surviving + 1) fate.end = i;
    }
    return fate;
}

/* Some state the sector had since the last sync; sometimes caught in the middle of the next change.
 */
static void survive_sector(TornDisk *d, Fate fate, uint64_t at)
{
    size_t open = 0;
    for (size_t i = fate.settled; i < fate.end; i++)
        open += touches(&d->changes[i], at);
    const uint64_t kept = open == 0 ? 0 : below(d->power, open + 1);
    uint64_t seen = 0;
    for (size_t i = 0; i < fate.end; i++) {
        if (!touches(&d->changes[i], at)) continue;
        uint8_t next[SECTOR];
        memcpy(next, d->durable + at, SECTOR);
        change_sector(&d->changes[i], at, next);
        size_t from = 0;
        size_t to = SECTOR;
        if (i >= fate.settled && seen++ == kept) { /* not reached; or torn, from either end */
            if (below(d->power, 4) != 0) return;
            const size_t middle = (size_t)below(d->power, SECTOR);
            if (below(d->power, 2) == 0)
                from = middle;
            else
                to = middle;
        }
        memcpy(d->durable + at + from, next + from, to - from);
        if (seen > kept) return;
    }
}

static size_t surviving_size(TornDisk *d, Fate fate)
{
    size_t size = d->durable_size;
    const size_t kept = fate.settled + (size_t)below(d->power, fate.end - fate.settled + 1);
    for (size_t i = 0; i < kept; i++) {
        const Change *change = &d->changes[i];
        const size_t end = (size_t)change->offset + change->size;
        if (change->truncates)
            size = (size_t)change->offset;
        else if (end > size)
            size = end;
    }
    return size;
}

void torn_disk_restart(TornDisk *d)
{
    if (!d->power->off) {
        memcpy(d->durable, d->seen, d->memory_bytes);
        d->durable_size = d->seen_size;
    } else {
        const Fate fate = draw_fate(d);
        d->durable_size = surviving_size(d, fate);
        for (uint64_t at = 0; at < d->memory_bytes; at += SECTOR)
            survive_sector(d, fate, at);
        memset(d->durable + d->durable_size, 0, d->memory_bytes - d->durable_size);
        memcpy(d->seen, d->durable, d->memory_bytes);
        d->seen_size = d->durable_size;
    }
    forget_changes(d);
}

/* --- the seam --- */

static void note(TornDisk *d, bool truncates, uint64_t offset, Span bytes)
{
    ASSERT(d->count < TORN_DISK_CHANGES_MAX);
    if (d->count == d->room) {
        d->room = d->room == 0 ? CHANGES_ROOM : 2 * d->room;
        d->changes = realloc(d->changes, d->room * sizeof(Change));
        ASSERT(d->changes != NULL);
    }
    Change *change = &d->changes[d->count++];
    *change = (Change) { truncates, offset, NULL, bytes.size };
    if (bytes.size == 0) return;
    change->bytes = malloc(bytes.size);
    ASSERT(change->bytes != NULL);
    memcpy(change->bytes, bytes.data, bytes.size);
}

/* Count the operation; true when the power goes off in the middle of it. */
static bool cut_now(TornPower *power)
{
    power->operations++;
    if (power->cut_at != 0 && power->operations >= power->cut_at) power->off = true;
    return power->off;
}

static Status torn_read(void *context, uint64_t offset, uint8_t *ret_bytes, size_t size)
{
    const TornDisk *d = context;
    CHECK(!d->power->off, FAULT_DISK);
    REQUIRE(offset <= d->seen_size && size <= d->seen_size - offset, REFUSED_BYTES_TRUNCATED);
    memcpy(ret_bytes, d->seen + offset, size);
    return OK;
}

static Status torn_write(void *context, uint64_t offset, Span bytes)
{
    TornDisk *d = context;
    CHECK(!d->power->off, FAULT_DISK);
    const bool cut = cut_now(d->power);
    CHECK(offset <= d->size_max && bytes.size <= d->size_max - offset, FAULT_DISK);
    if (bytes.size == 0) return OK;
    note(d, false, offset, bytes);
    memcpy(d->seen + offset, bytes.data, bytes.size);
    if (offset + bytes.size > d->seen_size) d->seen_size = (size_t)offset + bytes.size;
    CHECK(!cut, FAULT_DISK);
    return OK;
}

static Status torn_sync(void *context)
{
    TornDisk *d = context;
    CHECK(!d->power->off, FAULT_DISK);
    CHECK(!cut_now(d->power), FAULT_DISK);
    /* Only what changed is copied: a sync costs what was written. */
    for (size_t i = 0; i < d->count; i++) {
        const Change *change = &d->changes[i];
        const size_t from = (size_t)change->offset;
        const size_t to = change->truncates ? d->memory_bytes : from + change->size;
        memcpy(d->durable + from, d->seen + from, to - from);
    }
    d->durable_size = d->seen_size;
    forget_changes(d);
    return OK;
}

static Status torn_truncate(void *context, uint64_t size)
{
    TornDisk *d = context;
    CHECK(!d->power->off, FAULT_DISK);
    const bool cut = cut_now(d->power);
    CHECK(size <= d->size_max, FAULT_DISK);
    note(d, true, size, (Span) { NULL, 0 });
    if (size < d->seen_size) memset(d->seen + size, 0, d->seen_size - (size_t)size);
    d->seen_size = (size_t)size;
    CHECK(!cut, FAULT_DISK);
    return OK;
}

static Status torn_size(void *context, uint64_t *ret_size)
{
    const TornDisk *d = context;
    CHECK(!d->power->off, FAULT_DISK);
    *ret_size = d->seen_size;
    return OK;
}

Disk torn_disk_seam(TornDisk *disk)
{
    return (Disk) { torn_read, torn_write, torn_sync, torn_truncate, torn_size, disk };
}

Status torn_disk_open(TornPower *power, size_t size_max, TornDisk **ret_disk)
{
    TornDisk *d = calloc(1, sizeof(*d));
    CHECK(d != NULL, FAULT_MEMORY);
    d->power = power;
    d->size_max = size_max;
    d->memory_bytes = (size_max + SECTOR - 1) / SECTOR * SECTOR;
    d->durable = calloc(1, d->memory_bytes);
    d->seen = calloc(1, d->memory_bytes);
    if (d->durable == NULL || d->seen == NULL) {
        torn_disk_close(d);
        return BROKEN(FAULT_MEMORY);
    }
    *ret_disk = d;
    return OK;
}

void torn_disk_close(TornDisk *disk)
{
    if (disk == NULL) return;
    forget_changes(disk);
    free(disk->changes);
    free(disk->seen);
    free(disk->durable);
    free(disk);
}

void torn_disk_limit(TornDisk *disk, size_t size_max)
{
    ASSERT(size_max <= disk->memory_bytes);
    disk->size_max = size_max > disk->seen_size ? size_max : disk->seen_size;
}

Span torn_disk_bytes(const TornDisk *disk) { return (Span) { disk->seen, disk->seen_size }; }

void torn_disk_set(TornDisk *disk, Span bytes)
{
    ASSERT(bytes.size <= disk->memory_bytes);
    forget_changes(disk);
    memset(disk->seen, 0, disk->memory_bytes);
    if (bytes.size > 0) memcpy(disk->seen, bytes.data, bytes.size);
    disk->seen_size = bytes.size;
    memcpy(disk->durable, disk->seen, disk->memory_bytes);
    disk->durable_size = bytes.size;
}
