#pragma once
/*
 * store_internal: what the files of this room share. Nobody outside includes it.
 *
 *   store.c      open, migrate, transactions, plain statements
 *   statement.c  the statements made from a Table; rows in and out
 *   copy.c       backup
 *   wal.c        checkpoints of the WAL, and the place that they will need
 */
#include "base/arena.h"
#include "store/batch.h"

#include <sqlite3.h>

enum {
    STORE_TABLES_MAX = 128,
    STORE_UPDATES_MAX = 8, /* prepared UPDATEs a table: one for each set of changed columns */
    STORE_LOOKUPS_MAX = 32, /* prepared lookups */
    STORE_TEXTS_MAX = 32, /* prepared plain statements */
    STORE_SQL_BYTES_MAX = 4096,
    STORE_BUSY_MS_MAX = 2000, /* one writer: whoever holds the lock longer than this is a mistake */
    STORE_WAL_FACTOR = 8, /* with a carrier, the batch thread carries at so many times as much */
    STORE_WAL_FRAMES = 2000, /* of 4 KiB: then the WAL is carried over; more cost less in all, and
                                longer at once */
};

typedef struct StoreUpdate {
    uint32_t mask; /* bit i: column i of the table is set */
    sqlite3_stmt *statement;
} StoreUpdate;

/* A table with its statements, each prepared when first needed. */
typedef struct StoreTable {
    const Table *table;
    uint16_t ids[ROW_COLUMNS_MAX];
    sqlite3_stmt *select;
    sqlite3_stmt *insert;
    StoreUpdate updates[STORE_UPDATES_MAX];
    unsigned update_next; /* the one that gives way when all are taken */
} StoreTable;

typedef struct StoreLookup {
    const Lookup *lookup;
    sqlite3_stmt *statement;
} StoreLookup;

struct Store {
    sqlite3 *db;
    bool readonly;
    StoreTable tables[STORE_TABLES_MAX];
    size_t table_count;
    StoreLookup lookups[STORE_LOOKUPS_MAX];
    size_t lookup_count;
    sqlite3_stmt *texts[STORE_TEXTS_MAX];
    unsigned text_next;
    uint8_t image[ROW_IMAGE_BYTES_MAX]; /* of the row that a scan shows */
    int frames; /* in the WAL that are not known to be carried over */
    int frames_max; /* before they are carried over */
    bool full; /* the disk was, and the WAL has not been carried over since */
    bool squeezed; /* ... when the database file was to grow */
    int64_t page_bytes; /* 0: not known yet */
    struct Carrier *carrier; /* NULL: the batch thread carries */
};

/* What an SQLite result code means. Constraint: REFUSED_STORE_CONSTRAINT; else a fault. */
Status store_result(Store *store, int code);
/* A StoreRow of one number, which goes to the int64_t at `context`; 0 when it is none. */
Status store_take_int(void *context, const Value *values, size_t count);
MUST_USE Status store_prepare(Store *store, const char *sql, sqlite3_stmt **ret_statement);
MUST_USE Status store_bind(sqlite3_stmt *statement, const Value *values, size_t count, int first);
/* Value of a result column; borrowed until the next step. A float, which no table of ours holds,
 * comes as its text, so that it differs from every declared type. */
Value store_column(sqlite3_stmt *statement, int index);

/* The table's slot; ASSERTs that some schema brought it. */
StoreTable *store_slot(Store *store, const Table *table);
MUST_USE Status statement_select(Store *store, StoreTable *slot, sqlite3_stmt **ret);
void statement_close(StoreTable *slot);

/* One row as it was read: values, image and seal live in the arena. */
typedef struct StoredRow {
    Row row;
    Span image;
    Span seal;
} StoredRow;

/*
 * Read by key, or through a lookup. *ret_found tells whether there was a row.
 * Refuses REFUSED_ROW_INVALID (the stored values make no canonical row: somebody changed them),
 * REFUSED_BUFFER_FULL (arena). `ret_row` holds garbage unless found.
 */
MUST_USE Status store_read(Store *store, StoreTable *slot, const Value *key, Arena *arena,
        StoredRow *ret_row, bool *ret_found);
MUST_USE Status store_read_lookup(Store *store, const Lookup *lookup, const Value *parameters,
        size_t parameter_count, Arena *arena, StoredRow *ret_row, bool *ret_found);

MUST_USE Status store_write_insert(Store *store, const Row *row, Span seal);
/* Only the columns in which `row` differs from `old` are set. */
MUST_USE Status store_write_update(Store *store, const Row *old, const Row *row, Span seal);

/* Transactions of the batch. */
MUST_USE Status store_begin(Store *store);
/* OK, or: REFUSED_STORE_CONSTRAINT, FAULT_STORE_FULL (nothing was written),
 * FAULT_STORE_UNCERTAIN (it may be on the disk or not). The transaction is over in every case. */
MUST_USE Status store_commit(Store *store);
void store_rollback(Store *store);
/* The file grows by chunks: for each connection that makes it grow, or cuts it after carrying. */
MUST_USE Status store_grow_by_chunks(sqlite3 *db);
/* Before a commit: the database file is made long enough for the transaction's pages, so that
 * carrying them over takes no more room. Faults FAULT_STORE_FULL (then it is rolled back). */
MUST_USE Status store_reserve(Store *store);
/* Between batches: carry the WAL over into the database when it has grown, or the disk is full. */
void store_tidy(Store *store);
/* ... when it has `frames` or more instead of STORE_WAL_FRAMES (tests). */
void store_tidy_at(Store *store, int frames);
