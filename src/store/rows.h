#pragma once
/*
 * rows: the rows of one running batch in memory: what was loaded, what units made of it, and how to
 * take a unit's changes back exactly. Inside this room only; units see batch.h.
 *
 * An Entry is one key. `stored` is what the database holds, `current` what the units made of it so
 * far. Changes are logged, so that undo to a Mark restores every pointer. Rows themselves are never
 * overwritten: a change is a new Row in the arena, and what an earlier unit saw stays as it was.
 */
#include "store/store_internal.h"

enum {
    ROWS_SLOTS = 4096, /* of the hash table: at most a quarter full */
    ROWS_FINDS_MAX = 256,
    ROWS_CHANGES_MAX = 4096, /* logged changes of all units of one batch */
    ROWS_ARENA_BYTES = 32 * 1024 * 1024, /* touched only as far as used */
    ROWS_EVENTS_BYTES_MAX = 4 + BATCH_UNITS_MAX * (4 + BATCH_EVENT_BYTES_MAX),
    ROWS_NOBODY = -1,
};

typedef struct Entry {
    const Table *table;
    StoreTable *slot;
    uint64_t hash;
    Span key;
    bool gathered;
    StoredRow *stored; /* NULL: absent, or not gathered */
    Status verdict;
    const Row *current; /* NULL: absent */
    int32_t owner; /* the unit that changed it last */
    Span image; /* of `current`, once encoded for the draft */
} Entry;

/* A lookup that was asked while gathering. */
typedef struct Find {
    const Lookup *lookup;
    Value parameters[LOOKUP_COLUMNS_MAX];
    Entry *entry; /* NULL: not found */
} Find;

typedef struct Change {
    Entry *entry;
    const Row *before;
    int32_t owner_before;
} Change;

typedef struct Mark {
    size_t changes;
    size_t changed;
    size_t events_bytes;
    uint32_t event_count;
    int64_t number;
    size_t draft_bytes;
} Mark;

struct Rows {
    Store *store;
    Arena arena;
    int64_t now_us;
    int64_t batch;
    bool running;
    int32_t unit; /* whose turn it is */
    const Unit *asking; /* the same */
    Mark unit_start;
    Status verdict; /* the worst that the running unit was told about a row */

    Entry entries[BATCH_ROWS_MAX];
    size_t entry_count;
    uint16_t slots[ROWS_SLOTS]; /* entry index + 1 */
    Find finds[ROWS_FINDS_MAX];
    size_t find_count;

    Change changes[ROWS_CHANGES_MAX];
    Entry *changed[BATCH_ROWS_MAX]; /* in the order of their first change: how they are written */
    Mark at;
    size_t claim_bytes;

    uint8_t events[ROWS_EVENTS_BYTES_MAX];
    RowClaim claims[BATCH_ROWS_MAX];
    Entry *claimed[BATCH_ROWS_MAX];
    Status verdicts[BATCH_ROWS_MAX];
    RowChange drafts[BATCH_ROWS_MAX];
    uint8_t seals[BATCH_ROWS_MAX][SEAL_BYTES];
};

MUST_USE Status rows_open(Store *store, Rows **ret_rows);
void rows_close(Rows *rows);
/* Forget the last batch. */
void rows_begin(Rows *rows, int64_t batch, int64_t now_us);

/* Everything gathered, as claims for the guard; a row that no seal could cover has its verdict
 * already and is claimed absent. */
size_t rows_claims(Rows *rows);
/* Take the guard's verdicts over to the entries. */
void rows_judge(Rows *rows, size_t claim_count);

/* A unit begins to run; rows_undo() takes back all it did. With `keep_event` its event stays. */
void rows_unit_begin(Rows *rows, int32_t index, const Unit *unit);
void rows_undo(Rows *rows, bool keep_event);
/* Back to the state before the first unit. */
void rows_rewind(Rows *rows);

/* Encode what changed; ret_draft points into `rows`. */
MUST_USE Status rows_draft(Rows *rows, BatchDraft *ret_draft);
bool rows_unchanged(const Rows *rows);
