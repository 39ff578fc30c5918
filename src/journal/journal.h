#pragma once
/*
 * journal: vaultd's own append-only memory: records that are durable before their effect is visible.
 *
 * Two segments (files opened before the sandbox closes) take turns: the active one grows; when it passes
 * its limit the state is written as a snapshot into the other, made durable, and that one is active. At open
 * the newest whole segment is replayed.
 *
 *   segment = header (magic, version, sequence u64, first MAC[32] chained from the key), records
 *   record  = size u32 | kind u16 | payload | mac[32] = HMAC(key, previous mac | size | kind | payload)
 *
 * A torn last record (power cut) is dropped and overwritten; a broken record followed by more valid bytes, or any
 * record whose MAC does not chain, is REFUSED_JOURNAL_TAMPERED. Group commit: many threads may wait for
 * one sync. Thread-safe.
 */
#include "base/seams.h"
#include "base/secret.h"

enum {
    JOURNAL_RECORD_BYTES_MAX = 4096,
    JOURNAL_MAC_BYTES = 32,
    JOURNAL_SEGMENT_BYTES = 64 * 1024 * 1024,
};

typedef struct Journal Journal;

/* Called for each record at open, oldest first, and never afterwards. */
typedef Status (*JournalReplay)(void *context, uint16_t kind, Span payload);
/* Called when a new segment begins: append the whole state with journal_snapshot_put(). */
typedef Status (*JournalSnapshot)(void *context, Journal *journal);

typedef struct JournalConfig {
    Disk segments[2]; /* both open, exclusively ours */
    const Secret *key; /* 32 bytes, borrowed during open; the journal keeps a derived copy */
    uint64_t segment_bytes; /* 0: JOURNAL_SEGMENT_BYTES */
    JournalReplay replay;
    JournalSnapshot snapshot;
    void *context;
} JournalConfig;

/* Refuses REFUSED_JOURNAL_TAMPERED, or whatever `replay` returned. Faults FAULT_DISK, FAULT_MEMORY. */
MUST_USE Status journal_open(const JournalConfig *config, Journal **ret_journal);
void journal_close(Journal *journal);

/* Append one record; it is durable only after journal_sync(). `ret_position` names it for journal_sync.
 * Faults FAULT_JOURNAL (nothing was appended, the journal stays usable when space comes back). */
MUST_USE Status journal_append(Journal *journal, uint16_t kind, Span payload, uint64_t *ret_position);
/* Return when everything up to `position` is durable; one caller syncs for all that wait. */
MUST_USE Status journal_sync(Journal *journal, uint64_t position);
/* Within JournalSnapshot only. */
MUST_USE Status journal_snapshot_put(Journal *journal, uint16_t kind, Span payload);
