#pragma once
/*
 * batch: units of work, decided in memory and committed durably together (DESIGN section 4.6).
 *
 * A unit is a pure function: rows in, outcome and row images out. One thread runs batches:
 *
 *   gather   each unit reads the rows it needs; each row is loaded once a batch
 *   verify   everything loaded, and everything found absent, in one message to the guard (vaultd)
 *   run      the units in order, each on the rows as earlier units left them
 *   prepare  final images to the guard in one message: seals, audit leaf
 *   commit   every changed row written once, the leaf appended, one durable transaction
 *   confirm  told to the guard; then each unit's `done`
 *
 * A batch closes at once when nobody else is on the way, else after BATCH_WAIT_US_MAX or when full.
 * A batch that changes nothing commits nothing. Nothing is `done` before it is durable.
 *
 * A unit whose run() is refused leaves no row, but its audit event is kept: refusals are audited. A
 * row whose seal does not verify fails only the units that touch it. A constraint error of the
 * database re-runs the batch without the unit that caused it (row and event); so run() may be
 * called again and must depend on its rows alone. A unit that needs a row it did not gather goes
 * into the next batch, first in line. When the guard refuses what the batch holds, its units come
 * again one by one, so that only the guilty one is refused.
 *
 * Whole-batch failures (guard away, disk full): every unit gets the same status, nothing is kept,
 * the next batch tries afresh. Only FAULT_STORE_UNCERTAIN (it is not known whether the commit
 * reached the disk) stops the batcher: the program must restart, and recovery finds out.
 */
#include "base/seams.h"
#include "store/store.h"

enum {
    BATCH_UNITS_MAX = 64,
    BATCH_ROWS_MAX = 1024,
    BATCH_WAIT_US_MAX = 2000,
    BATCH_QUEUE_MAX = 4096, /* waiting units; more are refused STORE_BUSY */
    BATCH_REGATHER_MAX = 8, /* times one unit may come again; then BATCH_FULL */
    BATCH_EVENT_BYTES_MAX = 1000, /* so that the events of a full batch stay under 64 KiB */
    BATCH_BYTES_MAX = 1024 * 1024, /* images of one batch; a guard may want less */
    SEAL_BYTES = 48,
};

/* The rows of the running batch as one unit sees them. */
typedef struct Rows Rows;

typedef struct Row {
    const Table *table;
    Value values[ROW_COLUMNS_MAX]; /* in the table's column order; borrowed until the batch ends */
    int64_t revision;
    int64_t batch;
} Row;

/*
 * The row with this key (table->key_columns values), or *ret_row = NULL when there is none.
 * While gathering it is loaded; while running it must have been gathered.
 *
 * Refuses REFUSED_ROW_NOT_GATHERED (pass it up: the unit runs again), the verdict of a row that did
 * not verify (ROW_SEAL_MISMATCH, ROW_ROLLED_BACK, ROW_DELETED, ROW_FROZEN), REFUSED_BATCH_FULL.
 */
MUST_USE Status rows_get(Rows *rows, const Table *table, const Value *key, const Row **ret_row);
/* Running: a gathered row as it stands in the store, for showing it to the guard later: image and
 * seal, borrowed until the batch ends. Refuses what rows_get() refuses, REFUSED_ROW_MISSING,
 * REFUSED_STORE_BUSY (this batch changes it: ask again). */
MUST_USE Status rows_stored(
        Rows *rows, const Table *table, const Value *key, Span *ret_image, Span *ret_seal);
/* As rows_get(), through a unique lookup; while running, also rows that earlier units inserted.
 * That no row was found is not verified (no seal says so): a lookup finds, it does not prove
 * absence. */
MUST_USE Status rows_find(Rows *rows, const Lookup *lookup, const Value *parameters,
        size_t parameter_count, const Row **ret_row);

/* Running only. `values` = all columns in table order, copied. Refuses ROW_EXISTS / ROW_MISSING,
 * REFUSED_ROW_INVALID (a type or NULL that the table does not allow, not UTF-8),
 * REFUSED_BATCH_FULL. An insert need not be gathered when its key is new by construction; an update
 * must be. */
MUST_USE Status rows_insert(Rows *rows, const Table *table, const Value *values);
MUST_USE Status rows_update(Rows *rows, const Table *table, const Value *values);

/*
 * Insert into an append-only table whose key is (batch, number within it): both are filled here,
 * the number being the first that is free, up to `number_max` (then REFUSED_BATCH_FULL: the unit
 * waits for the next batch). Not rows_next_number(): those numbers are the postings' own, which
 * the guard wants without a gap.
 */
MUST_USE Status rows_insert_numbered(
        Rows *rows, const Table *table, Value *values, int64_t number_max);

int64_t rows_now_us(const Rows *rows); /* one time for the whole batch */
/* Running: the unit's `from` and `reason`, or empty. */
Span rows_from(const Rows *rows);
Span rows_reason(const Rows *rows);
int64_t rows_batch(const Rows *rows); /* its number */
int64_t rows_next_number(
        Rows *rows); /* 1, 2, 3... within the batch: keys of appended rows; a dropped unit's
                        numbers are given again, so that there are no gaps */
/* Copy bytes that must live until the batch ends. */
MUST_USE Status rows_keep(Rows *rows, Span bytes, Span *ret_copy);
/* The unit's audit event, at most BATCH_EVENT_BYTES_MAX (else REFUSED_BUFFER_FULL); kept also when
 * the unit is refused afterwards. The last one counts. */
MUST_USE Status rows_event(Rows *rows, Span event);

/*
 * Where the request comes from that this thread serves from now on, and why it was made: whoever
 * serves it says so once, and unit_wait() gives it to the units that are waited for meanwhile. The
 * texts are the caller's until it says NULL.
 */
void unit_asked(const char *from, const char *reason);
const char *unit_asked_from(void);
const char *unit_asked_reason(void);

typedef struct Unit Unit;
struct Unit {
    Status (*gather)(Unit *unit, Rows *rows);
    Status (*run)(Unit *unit, Rows *rows);
    /* On the batch thread, after durability or failure: hand over to another thread and return.
     * `outcome` is OK, the refusal of run/gather, or a fault. The unit may be freed here. */
    void (*done)(Unit *unit, Status outcome);
    /* Where it was asked from and why, for its audit event (audit/event.h); the submitter's, until
     * done; NULL: nothing to tell. */
    const char *from;
    const char *reason;
    Unit *next; /* the batch's */
    int32_t tries; /* the batch's */
    int32_t reserved;
};

/* What was read, for verification. */
typedef struct RowClaim {
    const Table *table;
    bool absent;
    Span image; /* or the encoded key when absent */
    Span seal;
} RowClaim;

typedef struct RowChange {
    const Table *table;
    Span old_image; /* empty for an insert */
    Span old_seal;
    Span new_image;
} RowChange;

typedef struct BatchDraft {
    int64_t batch;
    int64_t time_us;
    Span events; /* u32 count, then each event framed */
    const RowChange *changes;
    size_t change_count;
} BatchDraft;

typedef struct BatchSealed {
    uint8_t (*seals)[SEAL_BYTES]; /* one a change: the store's memory, filled by the guard */
    uint8_t salt[32];
    uint8_t leaf_hash[32];
    uint8_t root[32];
    Span leaf; /* the guard's memory, valid until its next call */
} BatchSealed;

/* Who vouches for rows: vaultd through vaultclient; a test's own in unit tests of this room. */
typedef struct BatchGuard {
    void *context;
    MUST_USE Status (*verify)(
            void *context, const RowClaim *claims, size_t count, Status *ret_verdicts);
    MUST_USE Status (*prepare)(void *context, const BatchDraft *draft, BatchSealed *ret_sealed);
    MUST_USE Status (*confirm)(void *context, int64_t batch);
    MUST_USE Status (*abort)(void *context, int64_t batch);
    /* Write the audit leaf inside the transaction. */
    MUST_USE Status (*append)(
            void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed);
    /* A row did not verify (called once a row and batch, also when it was frozen before): alert.
     * Optional. */
    void (*alarm)(void *context, const Table *table, Span key, Status verdict);
    /* How many batches the store holds: asked when a COMMIT failed. Optional: then a failed COMMIT
     * that may have succeeded stops the batcher at once. */
    MUST_USE Status (*committed)(void *context, Store *store, int64_t *ret_batches);
    /* Most bytes of rows, seals and events that one draft may have; 0: BATCH_BYTES_MAX. */
    size_t bytes_max;
} BatchGuard;

typedef struct BatchCounters {
    uint64_t batches;
    uint64_t units;
    uint64_t rows_written;
    uint64_t reruns;
    uint64_t trips_store; /* trips of one unit's way are counted per batch: load, commit */
    uint64_t trips_guard; /* verify, prepare */
} BatchCounters;

typedef struct Batcher Batcher;

/* `next_batch` = number of audit leaves so far. The batcher owns one thread; the store is that
 * thread's from now on. */
MUST_USE Status batcher_start(Store *store, const BatchGuard *guard, const Clock *clock,
        int64_t next_batch, Batcher **ret_batcher);
/* Finish what waits, then stop. */
void batcher_stop(Batcher *batcher);
/* From any thread. Refuses REFUSED_STORE_BUSY, REFUSED_STORE_STOPPED: then `done` is not called. */
MUST_USE Status batcher_submit(Batcher *batcher, Unit *unit);
/* Tell the batcher how many requests are on their way to it, so that it knows whether waiting pays:
 * +1 when one arrives, -1 when it was submitted or will not be. From any thread. */
void batcher_coming(Batcher *batcher, int change);
BatchCounters batcher_counters(Batcher *batcher);
/* True once FAULT_STORE_UNCERTAIN stopped it. */
bool batcher_failed(Batcher *batcher);
/* Run one function on the batch thread between batches (scans, reports) and wait for it. Refuses
 * REFUSED_STORE_STOPPED. Never from the batch thread itself. */
MUST_USE Status batcher_between(
        Batcher *batcher, Status (*function)(void *context, Store *store), void *context);
