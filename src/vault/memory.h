#pragma once
/*
 * memory: everything vaultd must not forget, in its journal and nowhere else (DESIGN section 2).
 *
 * Every change is one record: it is appended, then applied by the same code that replays it at
 * start, so what a restart remembers is what was lived. "Durable" below means synced before the
 * function returns. A new segment begins with the whole state. memory_batch.h, memory_pin.h and
 * memory_people.h are the doors; this header is the common ground and stays inside the room.
 *
 * Names of rows, payers and boxes are kept as keyed hashes (KEY_MAP): the file tells nobody who
 * they are.
 */
#include <pthread.h>

#include "journal/journal.h"
#include "vault/hash_table.h"
#include "vault/table_digest.h"

enum {
    MEMORY_GRANT_BYTES = 16,
    MEMORY_GRANTS_PER_BATCH_MAX = 128,
    MEMORY_FROZEN_MAX = 64 * 1024,
    MEMORY_PAYERS_MAX = 1024 * 1024,
    MEMORY_BOXES_MAX = 512 * 1024,
    MEMORY_GRANTS_MAX = 128 * 1024,
    MEMORY_NONCES_MAX = 4096,
    MEMORY_STRANGERS_MAX = 16 * 1024, /* names that nobody has, tried lately */
    MEMORY_LEGACY_MAX = 16,
    MEMORY_LEGACY_KEY_BYTES_MAX = 192, /* 64 secret bytes, sealed */
    MEMORY_REVEALS_MAX = 16 * 1024,
    MEMORY_LEGAL_HOLDS_MAX = 16 * 1024,
    MEMORY_FAULTS_MAX = 16,
    MEMORY_OPERATORS_MAX = 200, /* with those who left */
    MEMORY_REPLACED_KEYS_MAX = 1000, /* keys that their owners changed */
    MEMORY_OPERATOR_NAME_BYTES_MAX = 64,
    MEMORY_OPERATOR_KEY_BYTES_MAX = 128, /* SPKI of Ed25519: 44; of P-256 and SM2: 91 */
    MEMORY_KEY_PRINT_BYTES = 32, /* SHA-256 of an SPKI */
    MEMORY_PERSON_BYTES = 32,
    MEMORY_SEGMENT_BYTES = 128 * 1024 * 1024, /* a full snapshot is under 80 MiB */
};

/* Record kinds in the file: append only. */
typedef enum MemoryKind {
    MEMORY_TREE = 1, /* only in a snapshot, its first record */
    MEMORY_LEASE = 2,
    MEMORY_PREPARE = 3,
    MEMORY_CONFIRM = 4,
    MEMORY_ABORT = 5,
    MEMORY_FREEZE = 6,
    MEMORY_RELEASE = 7,
    MEMORY_PAYERS = 8,
    MEMORY_BOXES = 9,
    MEMORY_GRANTS = 10,
    MEMORY_ATTEMPT = 11,
    MEMORY_RIGHT = 12,
    MEMORY_WRONG = 13,
    MEMORY_VERIFIER = 14,
    MEMORY_OPERATOR = 15, /* of releases before MEMORY_OPERATOR_STATE: read, not written */
    MEMORY_APPROVALS = 16,
    MEMORY_CHECKPOINT = 17,
    MEMORY_RESTORE = 18,
    /* memory_field.h */
    MEMORY_FIELD_BOXES = 30,
    MEMORY_FIELD_BUDGETS = 31,
    MEMORY_RECEIVER = 32,
    MEMORY_RECEIVER_GONE = 33,
    MEMORY_REVEAL = 34,
    MEMORY_REVEAL_KEPT = 35,
    MEMORY_REVEAL_HEAD = 36, /* only in a snapshot */
    MEMORY_REVEAL_WAITING = 37, /* only in a snapshot */
    MEMORY_SUBJECTS_DEAD = 38,
    MEMORY_HONEY = 39,
    /* of memory_password.h */
    MEMORY_SUBJECTS = 40, /* the payers of a snapshot, since they have a form */
    MEMORY_STRANGER = 41,
    MEMORY_STRANGERS = 42,
    MEMORY_OFFER = 43,
    MEMORY_STORED = 44,
    MEMORY_LEGACY = 45,
    MEMORY_RESET = 46,
    MEMORY_SPENT = 47,
    MEMORY_REVEALED = 48,
    MEMORY_POLICY = 20,
    MEMORY_EXPIRY_GRANT = 21,
    MEMORY_EXPIRY_END = 22,
    MEMORY_EXPIRY_NAMED = 23,
    MEMORY_EVENT = 61, /* memory_event.h */
    MEMORY_EVENTS_HEAD = 62,
    MEMORY_OPERATOR_STATE = 26, /* memory_operator.h */
    MEMORY_REPLACED_KEY = 27, /* only in a snapshot */
    MEMORY_KEYSTORE = 25, /* generation of the key store: an older copy of it is noticed */
    MEMORY_STEP = 70, /* memory_second.h */
    /* legal holds */
    MEMORY_LEGAL_HOLD = 50,
    MEMORY_LEGAL_RELEASE = 51,
    MEMORY_LEGAL_HOLDS = 52, /* those of a snapshot */
} MemoryKind;

/* Somebody with a PIN or a password: a payer of the house, or anybody of a tenant. */
typedef struct MemoryPayer {
    KeyedHash payer;
    uint32_t version; /* of the current verifier; 0: none */
    uint32_t wrong; /* attempts since the last right one, counted before each check */
    int64_t locked_until_us;
    uint32_t next; /* a version that was given out to replace it, and not seen since; 0: none */
    uint8_t form; /* VerifierForm of `version`; 0 in older journals: modern */
    uint8_t next_form;
    uint8_t spare[2];
} MemoryPayer;

typedef enum BoxOutcome { /* in the file: append only */
    BOX_PENDING = 0, /* spent, and we died before the answer */
    BOX_RIGHT = 1,
    BOX_WRONG = 2,
    BOX_SET = 3, /* `result` begins with the version u32 */
} BoxOutcome;

typedef struct MemoryBox {
    KeyedHash box;
    KeyedHash facts;
    uint8_t result[MEMORY_GRANT_BYTES];
    int64_t expires_us;
    uint32_t outcome;
    uint32_t spare;
} MemoryBox;

typedef struct MemoryGrant {
    KeyedHash grant; /* its 16 random bytes */
    KeyedHash binding;
    int64_t expires_us;
} MemoryGrant;

typedef struct MemoryNonce {
    KeyedHash nonce;
    int64_t expires_us;
} MemoryNonce;

/* What two people allowed for one class and realm of a tenant (memory_password.h). */
typedef struct MemoryLegacy {
    KeyedHash realm;
    uint8_t formula; /* 0: the place is free */
    uint8_t inner;
    uint16_t key_bytes; /* 0: the formula has no key */
    uint8_t key[MEMORY_LEGACY_KEY_BYTES_MAX]; /* sealed */
} MemoryLegacy;

/* The last one-time code of somebody that was used (memory_second.h). */
typedef struct MemoryStep {
    KeyedHash subject;
    uint32_t step; /* 0: none yet */
    uint32_t spare;
} MemoryStep;

/* How often an owner was shown a key of its own, by day. */
typedef struct MemoryReveal {
    KeyedHash owner;
    int64_t day;
    uint32_t count;
    uint32_t spare;
    int64_t signed_s; /* when the last one was signed: an older request is a replay */
} MemoryReveal;

/* An authority wants a subject's data kept (memory_hold.h). */
typedef struct MemoryLegalHold {
    KeyedHash hold; /* of subject, authority and order */
    KeyedHash subject;
    int64_t until_us;
} MemoryLegalHold;

typedef struct MemoryOperator {
    uint8_t name[MEMORY_OPERATOR_NAME_BYTES_MAX];
    uint8_t key[MEMORY_OPERATOR_KEY_BYTES_MAX];
    uint8_t person[MEMORY_PERSON_BYTES]; /* keyed hash; zeros: nobody stated it */
    uint8_t name_bytes;
    uint8_t key_bytes;
    bool gone;
    uint32_t duties; /* of WireDuty */
    int64_t since_us; /* 0: not kept, by a release before this */
    int64_t changed_us;
} MemoryOperator;

typedef struct MemoryPolicies MemoryPolicies;

/* How many live at one moment: that are not past their expiry. Zero: their _MAX. */
typedef struct MemoryLimits {
    size_t boxes, grants, nonces, field_boxes, budgets;
} MemoryLimits;

typedef struct Memory {
    pthread_mutex_t lock;
    MemoryLimits limits; /* without zeros */
    uint64_t segment_bytes;
    Journal *journal;
    KeyedHashKey names;
    uint64_t epoch; /* of the lease */
    uint32_t log_epoch; /* restores accepted; part of the checkpoint's origin */
    bool ever_prepared; /* closes the ceremony */
    uint64_t keystore; /* generation that the key store had */
    StoreState confirmed;
    bool has_prepared;
    StoreState prepared;
    uint8_t prepared_grants[MEMORY_GRANTS_PER_BATCH_MAX][MEMORY_GRANT_BYTES];
    size_t prepared_grant_count;
    int64_t signed_size; /* -1: none */
    MerkleHash signed_root;
    HashTable frozen, payers, boxes, grants, nonces, strangers, reveals, holds, steps;
    MemoryLegacy legacy[MEMORY_LEGACY_MAX];
    size_t boxes_purge_at, grants_purge_at;
    MemoryOperator operators[MEMORY_OPERATORS_MAX];
    size_t operator_count;
    uint8_t replaced_keys[MEMORY_REPLACED_KEYS_MAX][MEMORY_KEY_PRINT_BYTES];
    size_t replaced_key_count;
    MemoryPolicies *policies; /* memory_policy.h */
    struct MemoryFields *fields; /* memory_field.h */
    struct MemoryEvents *events; /* memory_event.h */
    _Atomic bool sync_failed;
    _Atomic int faults; /* appends that failed in a row */
    /* of memory_settler.h: journal positions of the last CONFIRM or ABORT, and of the last sync
     * after one */
    uint64_t unsettled;
    uint64_t settled;
    bool settler_stops;
    pthread_cond_t settle;
} Memory;

typedef struct MemoryConfig {
    Disk segments[2];
    const Secret *journal_key; /* borrowed during open */
    KeyedHashKey names; /* of KEY_MAP */
    uint64_t segment_bytes; /* 0: MEMORY_SEGMENT_BYTES */
    MemoryLimits limits; /* vaultd leaves zeros */
} MemoryConfig;

/* Replay the journal. Refuses REFUSED_JOURNAL_TAMPERED; faults FAULT_DISK, FAULT_MEMORY. */
MUST_USE Status memory_open(const MemoryConfig *config, Memory **ret_memory);
void memory_close(Memory *memory);
/* The disk failed, or has been full for long: only a restart finds out what is on it. Any thread
 * may ask. */
bool memory_is_lost(const Memory *memory);
/* Make everything durable that was appended without waiting. */
MUST_USE Status memory_settle(Memory *memory);

/* --- inside the room --- */
static inline void memory_unlock(Memory **memory) { pthread_mutex_unlock(&(*memory)->lock); }
/* Hold the lock to the end of the scope. */
#define MEMORY_HOLD(memory)                          \
    CLEANUP(memory_unlock) Memory *held_ = (memory); \
    pthread_mutex_lock(&held_->lock)

/* How many entries of a table a replay may meet. It has no clock, so what was purged while living
 * comes back: all that the largest segment has room for. Only a bound: memory is taken as it is
 * needed. */
size_t memory_replayed_max(const Memory *memory, size_t live_max);
/* Append and apply one record; the lock is held. */
MUST_USE Status memory_write(Memory *memory, MemoryKind kind, Span payload, uint64_t *ret_position);
/* journal_sync(), remembering a failure. Without the lock. */
MUST_USE Status memory_sync(Memory *memory, uint64_t position);
/* Apply one record to the state; the lock is held or nobody else is there yet.
 * Refuses REFUSED_JOURNAL_TAMPERED for a record that we would not have written. */
MUST_USE Status memory_apply(Memory *memory, uint16_t kind, Span payload);
/* The kinds of memory_password.h; refuses REFUSED_JOURNAL_TAMPERED for another. */
MUST_USE Status memory_apply_password(Memory *memory, uint16_t kind, Cursor *c);
/* payer | wrong u32 | locked until i64 | box | facts | expires i64, into that table */
MUST_USE Status memory_apply_attempt(Memory *memory, HashTable *people, Cursor *c);
/* payer | version u32 | box | facts | expires i64 */
MUST_USE Status memory_apply_verifier(Memory *memory, Cursor *c);
/* The kinds of memory_hold.h, likewise. */
MUST_USE Status memory_apply_hold(Memory *memory, uint16_t kind, Cursor *c);
MUST_USE Status memory_snapshot_holds(const Memory *memory, Journal *journal);
/* spent nonces, to the end */
MUST_USE Status memory_apply_approvals(Memory *memory, Cursor *c);
/* Append the whole state. */
MUST_USE Status memory_snapshot(void *memory, Journal *journal);
MUST_USE Status memory_put_state(const StoreState *state, Buffer *b);
MUST_USE Status memory_take_state(Cursor *c, StoreState *ret_state);
/* A whole table as records of this kind, packed. */
typedef Status (*MemoryPut)(const void *record, Buffer *b);
MUST_USE Status memory_put_table(
        Journal *journal, MemoryKind kind, const HashTable *table, MemoryPut put);
/* Take (nonce hash, expires i64) pairs to the record's end: approvals that the record spends. */
MUST_USE Status memory_apply_approvals(Memory *memory, Cursor *c);
