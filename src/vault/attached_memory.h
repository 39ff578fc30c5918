#pragma once
/*
 * attached_memory: what vaultd must not forget of attached tables (attached.h), in a journal of
 * its own, so that the payments' journal carries none of it.
 *
 * One record a row: which revision is the present one, a piece of its mac, a keyed hash of its
 * other columns (two rows whose values were exchanged are found by it), and its key, so that a row
 * that vanished can be named. A row with an announcement whose outcome is unknown has further
 * acceptable states beside it. Rows are known by keyed hashes, and their keys lie masked under a
 * second one of the name: the file tells nobody who they are. Deleted rows leave a tombstone: the
 * old row put back later is one that was rolled back.
 *
 * Every change is one journal record, appended, then applied by the code that replays it. All of it
 * under `lock`; journal_sync() without it. Inside the room.
 */
#include <pthread.h>

#include "crypto/sign.h"
#include "ipc/attached_wire.h"
#include "journal/journal.h"
#include "vault/hash_table.h"
#include "vault/revision_map.h"

enum {
    ATTACHED_TABLES_MAX = WIRE_ATTACHED_TABLES_MAX,
    ATTACHED_TABLE_FIRST = 4096, /* below are the house's own tables */
    ATTACHED_ROWS_MAX = 4 * 1000 * 1000, /* 80 bytes each, at least 3/8 of the slots in use */
    ATTACHED_PENDING_MAX = 64 * 1024,
    ATTACHED_STATES_MAX = 4, /* changes of one row in one transaction that savepoints may undo */
    ATTACHED_BODY_BYTES = 8,
    ATTACHED_KEY_BYTES_MAX = 32, /* a longer key is known by its hash alone */
    ATTACHED_SEGMENT_BYTES = 32 * 1024 * 1024, /* or twice a snapshot, when that is more */
};

/* Record kinds in the file: append only. */
typedef enum AttachedRecord {
    ATTACHED_RECORD_TABLE = 1,
    ATTACHED_RECORD_PHASE = 2,
    ATTACHED_RECORD_ROWS = 3, /* only in a snapshot */
    ATTACHED_RECORD_PENDING = 4, /* only in a snapshot */
    ATTACHED_RECORD_ANNOUNCE = 5,
    ATTACHED_RECORD_SETTLE = 6,
    ATTACHED_RECORD_RESOLVE = 7,
    ATTACHED_RECORD_FREEZE = 8,
    ATTACHED_RECORD_RELEASE = 9,
    ATTACHED_RECORD_ACCEPT = 10,
} AttachedRecord;

/* { 0 }: there never was such a row. */
typedef struct AttachedState {
    uint32_t revision;
    uint32_t version; /* of the key that sealed it; 0: the row is deleted */
    RevisionTag tag;
    uint8_t body[ATTACHED_BODY_BYTES];
} AttachedState;

enum {
    ATTACHED_FROZEN = 1,
    ATTACHED_MOVED = 2, /* since the table's scan began; not in the file */
    ATTACHED_SHOWN = 4, /* to it; not in the file */
};

typedef struct AttachedRow {
    KeyedHash name;
    AttachedState state;
    uint16_t table;
    uint8_t flags;
    uint8_t key_bytes; /* 0: too long */
    uint8_t key[ATTACHED_KEY_BYTES_MAX]; /* masked */
} AttachedRow;

typedef struct AttachedPending {
    KeyedHash name;
    uint64_t transaction;
    uint16_t table;
    uint8_t count;
    uint8_t over; /* AttachedOutcome, once it is told */
    uint32_t spare;
    AttachedState states[ATTACHED_STATES_MAX];
} AttachedPending;

typedef struct AttachedTable {
    uint16_t number; /* ATTACHED_TABLE_FIRST + its place */
    AttachedPhase phase;
    uint64_t live;
    uint64_t frozen;
    uint64_t pending;
    PublicKey *core;
    size_t definition_bytes;
    uint8_t definition[WIRE_ATTACHED_DEFINITION_BYTES_MAX];
    WireAttachedTable facts; /* borrows from definition */
    uint8_t key_columns;
    uint16_t columns;
} AttachedTable;

typedef struct AttachedMemory {
    pthread_mutex_t lock;
    Journal *journal;
    KeyedHashKey names, masks[2], bodies; /* derived from the names' key */
    AttachedTable *tables; /* ATTACHED_TABLES_MAX */
    size_t table_count;
    HashTable rows, pending;
    size_t rows_max, pending_max;
    _Atomic bool sync_failed;
} AttachedMemory;

typedef struct AttachedMemoryConfig {
    Disk segments[2];
    const Secret *journal_key; /* borrowed during open */
    KeyedHashKey names; /* of KEY_MAP; others are derived from it */
    uint64_t segment_bytes; /* 0: ATTACHED_SEGMENT_BYTES */
    size_t rows_max; /* 0: ATTACHED_ROWS_MAX; vaultd leaves zeros */
    size_t pending_max; /* 0: ATTACHED_PENDING_MAX */
} AttachedMemoryConfig;

/* Replay the journal. Refuses REFUSED_JOURNAL_TAMPERED; faults FAULT_DISK, FAULT_MEMORY. */
MUST_USE Status attached_memory_open(
        const AttachedMemoryConfig *config, AttachedMemory **ret_memory);
void attached_memory_close(AttachedMemory *memory);

static inline void attached_unlock(AttachedMemory **m) { pthread_mutex_unlock(&(*m)->lock); }
/* Hold the lock to the end of the scope. */
#define ATTACHED_HOLD(memory)                                  \
    CLEANUP(attached_unlock) AttachedMemory *held_ = (memory); \
    pthread_mutex_lock(&held_->lock)

/* Append and apply one record; the lock is held. `row`: whom it is about, NULL: no row. Refuses
 * REFUSED_ATTACHED_FULL when a row or an open change more would be one too many; those that are
 * there go on. */
MUST_USE Status attached_write(
        AttachedMemory *memory, AttachedRecord kind, const KeyedHash *row, Span payload);
/* Make everything durable that was appended so far. Without the lock. */
MUST_USE Status attached_sync(AttachedMemory *memory);
MUST_USE Status attached_apply(AttachedMemory *memory, uint16_t kind, Span payload);
MUST_USE Status attached_snapshot(void *memory, Journal *journal);

/* --- look-ups; the lock is held --- */
/* NULL: no such table, or it was detached. */
AttachedTable *attached_table(const AttachedMemory *memory, uint16_t number);
/* `key` as row_encode_key() writes it. */
void attached_name(const AttachedMemory *memory, Span key, KeyedHash *ret_name);
/* Mask, or unmask: the first `size` <= ATTACHED_KEY_BYTES_MAX bytes of a key without its table. */
void attached_mask(
        const AttachedMemory *memory, const KeyedHash *name, uint8_t *bytes, size_t size);
void attached_body(const AttachedMemory *memory, Span body, uint8_t ret[ATTACHED_BODY_BYTES]);
/* The states that may be the row's present one; returns how many of ret_states. */
enum { ATTACHED_MAY_BE_MAX = ATTACHED_STATES_MAX + 1 };
size_t attached_may_be(const AttachedRow *row, const AttachedPending *pending,
        const AttachedState *ret_states[ATTACHED_MAY_BE_MAX]);

/* --- parts of records --- */
typedef struct AttachedEntry { /* a row that a record is about */
    KeyedHash name;
    uint8_t key_bytes;
    uint8_t key[ATTACHED_KEY_BYTES_MAX]; /* masked */
    AttachedState state;
} AttachedEntry;
enum { ATTACHED_ENTRY_BYTES_MAX = 16 + 1 + ATTACHED_KEY_BYTES_MAX + 4 + 4 + 12 + 8 };
/* Of a row's key; the state is zeros. */
void attached_entry(const AttachedMemory *memory, Span key, AttachedEntry *ret_entry);
MUST_USE Status attached_put_entry(Buffer *b, const AttachedEntry *entry);
MUST_USE Status attached_take_entry(Cursor *c, AttachedEntry *ret_entry);
