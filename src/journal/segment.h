#pragma once
/*
 * segment: one file of the journal as batches of sectors (format: journal.h). The journal's own.
 *
 * Not thread-safe: one thread writes a segment at a time, except for segment_grow(), which touches
 * only space that no batch has reached.
 */
#include "base/seams.h"
#include "crypto/mac.h"
#include "journal/journal.h"

enum {
    SECTOR_BYTES = 512,
    BATCH_BYTES_MAX = 128 * 1024, /* of records */
    BATCH_HEAD_BYTES = 24,
    BATCH_SECTORS_MAX = 258,
    RECORD_HEAD_BYTES = 6,
};

typedef enum BatchKind {
    BATCH_HEADER = 1,
    BATCH_SNAPSHOT = 2,
    BATCH_SNAPSHOT_END = 3,
    BATCH_RECORDS = 4,
} BatchKind;

typedef struct Segment {
    Disk disk;
    const MacKey *key; /* borrowed */
    uint64_t sequence;
    uint64_t end; /* where the next batch goes */
    uint64_t allocated; /* zeros are written up to here */
    uint8_t mac[JOURNAL_MAC_BYTES]; /* of the last batch */
} Segment;

/* Bytes on disk of a batch with this many bytes of records. */
uint64_t batch_disk_bytes(size_t record_bytes);

/* Empty the file durably and write its header; nothing is synced after it.
 * `sectors` is scratch of BATCH_SECTORS_MAX * SECTOR_BYTES, here and below. */
MUST_USE Status segment_begin(Segment *segment, uint8_t *sectors);
/* Write one batch behind the others. Not durable yet. Unless OK, the segment is unchanged (not its
 * disk). */
MUST_USE Status segment_write(Segment *segment, BatchKind kind, Span records, uint8_t *sectors);
/* Write zeros up to `wanted`, rounded up to `step`, so that later syncs change no metadata. */
MUST_USE Status segment_grow(Segment *segment, uint64_t wanted, uint64_t step);

typedef enum SegmentState {
    SEGMENT_EMPTY, /* not a byte but zeros */
    SEGMENT_UNBORN, /* a power cut before its snapshot was whole */
    SEGMENT_WHOLE,
} SegmentState;

typedef struct SegmentFacts {
    SegmentState state;
    uint64_t used_end; /* behind the last byte that is not zero, in whole sectors */
} SegmentFacts;

/*
 * Read a segment: every batch checked, every record given to `replay` (may be NULL), every byte
 * behind the last batch looked at.
 *
 * segment  disk and key are set; the rest is filled in when the state is SEGMENT_WHOLE; of an
 *          unborn one the sequence alone (0: unreadable)
 *
 * Refuses REFUSED_JOURNAL_TAMPERED, or what `replay` returned. Faults FAULT_DISK.
 */
MUST_USE Status segment_read(Segment *segment, JournalReplay replay, void *context,
        uint8_t *sectors, SegmentFacts *ret_facts);
/* Cut off what a power cut left behind the last batch, durably. */
MUST_USE Status segment_clean(Segment *segment, const SegmentFacts *facts);
