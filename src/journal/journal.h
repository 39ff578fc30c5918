#pragma once
/*
 * journal: vaultd's own append-only memory: records that are durable before their effect is
 * visible.
 *
 * Two segments (files opened before the sandbox closes) take turns: the active one grows; when it
 * passes its limit the state is written as a snapshot into the other, made durable, and that one is
 * active; the old one is then emptied. Records that wait together are written together, as one
 * batch with one MAC:
 *
 *   segment = HEADER batch, SNAPSHOT batches, SNAPSHOT_END batch, RECORDS batches, zeros set aside
 *   batch   = head | records | mac[32]
 *   mac     = HMAC-SHA256(key, "batch" | mac of the batch before | head | records)
 *   head    = kind u8 | 0 u8 | sectors u16 | bytes of records u32 | segment's sequence u64 |
 *             check[8] of HMAC-SHA256(key, "head" | offset u64 | head so far)
 *   record  = size u32 | kind u16 | payload
 *   sector  = tag u8 | 510 bytes of the batch | the same tag; a batch begins at a sector, 512 bytes
 *
 * What a power cut leaves is told apart from what a hand leaves. A batch is written only after the
 * one before it was durable, and every sector of a batch has two tags that are not zero. So a cut
 * leaves, after the last durable batch, sectors of one batch that are whole, absent (all zero) or
 * torn (one tag missing): these are dropped and cut off. Everything else is
 * REFUSED_JOURNAL_TAMPERED: a batch whose sectors are all there but whose MAC does not chain, a
 * broken batch that another one follows, any byte in the zeros.
 *
 * What the chain alone cannot see: whole batches cut from the tail (or the files replaced by older
 * copies of themselves). Each shorter chain was once a valid journal. This is noticed from outside:
 * the database then equals neither the CONFIRM nor the PREPARE of the journal (STORE_ROLLED_BACK),
 * and checkpoints that were published elsewhere are larger than the tree that the journal knows.
 * Who can write these files is thus kept from the database.
 *
 * Thread-safe, with one condition for the owner of the state: a record is appended and applied to
 * the state under one lock of the caller, because the snapshot is taken inside journal_append(),
 * before the new record, and must hold the effects of all records before it and of no other.
 * journal_sync() is called without that lock.
 */
#include "base/seams.h"
#include "base/secret.h"

enum {
    JOURNAL_RECORD_BYTES_MAX = 8192,
    JOURNAL_MAC_BYTES = 32,
    JOURNAL_SEGMENT_BYTES = 64 * 1024 * 1024,
    JOURNAL_SEGMENT_FACTOR_MAX = 4, /* times its limit: how far one grows that cannot be switched */
};

typedef struct Journal Journal;

/* Called for each record at open, oldest first, and never afterwards. */
typedef Status (*JournalReplay)(void *context, uint16_t kind, Span payload);
/* Called inside journal_append() when a new segment begins: append the whole state with
 * journal_snapshot_put(). Anything but OK gives the attempt up; the old segment then goes on
 * growing. */
typedef Status (*JournalSnapshot)(void *context, Journal *journal);

typedef struct JournalConfig {
    Disk segments[2]; /* both open, exclusively ours; their contexts outlive the journal */
    const Secret *key; /* 32 bytes, borrowed during open; the journal keeps a derived copy */
    uint64_t segment_bytes; /* 0: JOURNAL_SEGMENT_BYTES */
    JournalReplay replay;
    JournalSnapshot snapshot;
    void *context;
} JournalConfig;

/* Refuses REFUSED_JOURNAL_TAMPERED, or whatever `replay` returned: the state it built is then
 * worthless. Two empty files are a new journal. Faults FAULT_DISK, FAULT_MEMORY. */
MUST_USE Status journal_open(const JournalConfig *config, Journal **ret_journal);
/* Records that nobody synced are lost. NULL is fine. */
void journal_close(Journal *journal);

/* Append one record; it is durable only after journal_sync(). `ret_position` names it for
 * journal_sync. Refuses REFUSED_BUFFER_FULL (payload over JOURNAL_RECORD_BYTES_MAX). Faults
 * FAULT_JOURNAL (nothing was appended, the journal stays usable when space comes back). */
MUST_USE Status journal_append(
        Journal *journal, uint16_t kind, Span payload, uint64_t *ret_position);
/* The position of the last record. Who answers from the state instead of appending (a repeat of a
 * request whose record may still be on its way) syncs to here first. */
uint64_t journal_position(Journal *journal);
/* Return when everything up to `position` is durable; one caller syncs for all that wait.
 * FAULT_JOURNAL: the disk failed, what is on it is unknown, and this journal writes nothing more:
 * restart. */
MUST_USE Status journal_sync(Journal *journal, uint64_t position);
/* Begin a new segment now and empty the old one: what is not in the snapshot is in neither file any
 * more. The owner's lock is held, as for journal_append(). FAULT_JOURNAL: nothing has changed, or
 * the disk failed as in journal_sync(). */
MUST_USE Status journal_renew(Journal *journal);
/* Within JournalSnapshot only. */
MUST_USE Status journal_snapshot_put(Journal *journal, uint16_t kind, Span payload);
