#pragma once
/*
 * store: one database (SQLite now; the SQL stays portable to PostgreSQL), its schema and its
 * statements.
 *
 * A room describes each of its tables as a `Table` (policy/tables.h) and brings the SQL that makes
 * it as migrations; the store writes the plain SELECT / INSERT / UPDATE by key from the
 * description. Row columns come first, then `revision` (mutable tables), `batch`, `seal`. SQLite:
 * WAL, synchronous=FULL, foreign_keys=ON; one connection, one thread: the batch thread.
 */
#include "policy/tables.h"

typedef struct Store Store;

typedef struct Migration {
    int version; /* 1, 2, 3... within the room */
    const char *sql;
} Migration;

/* What a room brings: its tables and how they came to be. */
typedef struct StoreSchema {
    const char *room;
    const Migration *migrations;
    size_t migration_count;
    const Table *const *tables;
    size_t table_count;
} StoreSchema;

enum { LOOKUP_COLUMNS_MAX = 3 };

/*
 * A unique way to a row other than its key: the columns that equal ?1, ?2 ... Make a unique index
 * on them. They must never change, so that a row of this batch is found as surely as a stored one.
 */
typedef struct Lookup {
    const Table *table;
    uint8_t column_count;
    uint16_t columns[LOOKUP_COLUMNS_MAX]; /* ids */
} Lookup;

typedef struct StoreConfig {
    const char *path;
    const char *vfs; /* NULL: the system's; tests pass a simulated disk */
    const StoreSchema *const *schemas;
    size_t schema_count;
    bool carry_beside; /* carry the WAL over on a thread of its own, so that no batch waits for it
                        */
} StoreConfig;

/* Open, or make, and migrate. Faults FAULT_STORE, FAULT_STORE_FULL, FAULT_STORE_SCHEMA (newer than
 * this program, or a table that is not as described). The schemas' tables must outlive the store.
 */
MUST_USE Status store_open(const StoreConfig *config, Store **ret_store);
void store_close(Store *store);
/* What the database said last: names of tables and columns, never values. For logs. */
const char *store_error(const Store *store);

/* All sealed tables, in the order of the schemas. */
size_t store_table_count(const Store *store);
const Table *store_table(const Store *store, size_t index);

/*
 * Read every row of a table in key order.
 * `visit` gets the canonical image and the seal; both are valid during the call only. The image is
 * empty when the stored values make no canonical row: somebody changed them. What `visit` returns
 * ends the scan unless OK.
 */
typedef Status (*StoreVisit)(void *context, Span image, Span seal);
MUST_USE Status store_scan(Store *store, const Table *table, StoreVisit visit, void *context);
/*
 * At most `count_max` rows behind the key `after` (table->key_columns values; NULL: from the
 * first), so that a long scan can be cut into pieces. `ret_count` is how many there were: fewer
 * than count_max is the end.
 */
MUST_USE Status store_scan_from(Store *store, const Table *table, const Value *after,
        size_t count_max, StoreVisit visit, void *context, size_t *ret_count);

/* A plain read: rows of any SELECT as values (at most ROW_COLUMNS_MAX columns), valid during the
 * call. Not verified: for key discovery, reports and tests. */
typedef Status (*StoreRow)(void *context, const Value *values, size_t count);
MUST_USE Status store_query(Store *store, const char *sql, const Value *parameters,
        size_t parameter_count, StoreRow row, void *context);
/* One statement that returns nothing; inside a batch it belongs to the batch's transaction. */
MUST_USE Status store_execute(
        Store *store, const char *sql, const Value *parameters, size_t parameter_count);

/* Online copy of the whole database into a new file (SQLite backup API), durable on return; from
 * any thread. Faults FAULT_STORE (also when `copy_path` exists), FAULT_STORE_FULL. */
MUST_USE Status store_copy_to(const char *path, const char *copy_path);

/*
 * A second, read-only connection on the same file (auditor, reports); `schemas` may be those tables
 * that it reads. store_execute "BEGIN" ... "COMMIT" shows one state of a live database. Faults
 * FAULT_STORE_SCHEMA unless the schemas have exactly the versions of the file.
 */
MUST_USE Status store_open_readonly(const StoreConfig *config, Store **ret_store);
