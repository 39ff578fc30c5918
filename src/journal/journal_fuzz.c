/* Arbitrary bytes as the journal's files: it opens or is refused, never more; and what opens can be
 * appended to and opened again. The first byte chooses between raw files and a patched valid one.
 */
#include "journal/journal.h"
#include "journal/torn_disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DISK_BYTES = 64 * 1024, SEGMENT_BYTES = 16 * 1024 };

static const Secret key = { .bytes = { 9 }, .size = 32 };

static Status replay(void *context, uint16_t kind, Span payload)
{
    *(uint64_t *)context += kind + payload.size;
    return OK;
}

static Status snapshot(void *context, Journal *journal)
{
    return journal_snapshot_put(journal, 7, SPAN("state"));
}

static Status open_again(TornDisk *disks[2], uint64_t *sum, Journal **ret)
{
    const JournalConfig config = { .segments = { torn_disk_seam(disks[0]),
                                           torn_disk_seam(disks[1]) },
        .key = &key,
        .segment_bytes = SEGMENT_BYTES,
        .replay = replay,
        .snapshot = snapshot,
        .context = sum };
    return journal_open(&config, ret);
}

static void append_one(Journal *journal)
{
    uint64_t position = 0;
    ASSERT(status_ok(journal_append(journal, 1, SPAN("a record"), &position)));
    ASSERT(status_ok(journal_sync(journal, position)));
}

static void make_valid(TornDisk *disks[2])
{
    uint64_t sum = 0;
    Journal *journal = NULL;
    ASSERT(status_ok(open_again(disks, &sum, &journal)));
    for (int i = 0; i < 4; i++)
        append_one(journal);
    journal_close(journal);
}

/* Triples of offset and byte. */
static void patch(TornDisk *disk, Span how)
{
    static uint8_t copy[DISK_BYTES];
    const Span bytes = torn_disk_bytes(disk);
    const size_t size = bytes.size;
    memcpy(copy, bytes.data, size);
    for (size_t i = 0; i + 3 <= how.size; i += 3)
        copy[(size_t)(how.data[i] << 8 | how.data[i + 1]) % size] = how.data[i + 2];
    torn_disk_set(disk, (Span) { copy, size });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TornPower power = torn_power(1, 0);
    TornDisk *disks[2] = { NULL, NULL };
    if (size < 1 || size > DISK_BYTES) return 0;
    for (size_t i = 0; i < 2; i++)
        ASSERT(status_ok(torn_disk_open(&power, DISK_BYTES, &disks[i])));
    const Span rest = { data + 1, size - 1 };
    if (data[0] % 2 == 0) make_valid(disks);
    if (data[0] % 2 == 0)
        patch(disks[0], rest);
    else
        torn_disk_set(disks[data[0] / 2 % 2], rest);

    uint64_t sum = 0;
    Journal *journal = NULL;
    const Status s = open_again(disks, &sum, &journal);
    ASSERT(status_ok(s) || status_is(s, REFUSED_JOURNAL_TAMPERED));
    if (status_ok(s)) {
        append_one(journal);
        journal_close(journal);
        uint64_t again = 0;
        ASSERT(status_ok(open_again(disks, &again, &journal)));
        ASSERT(again == sum + 1 + 8);
        journal_close(journal);
    }
    torn_disk_close(disks[0]);
    torn_disk_close(disks[1]);
    return 0;
}
