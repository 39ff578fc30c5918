#pragma once
/*
 * store: one database (SQLite now; the SQL stays portable to PostgreSQL), its schema and its statements.
 *
 * A room describes each of its tables as a `Table` (policy/tables.h) and brings the SQL that makes it as
 * migrations; the store writes the plain SELECT / INSERT / UPDATE by key from the description. Row columns
 * come first, then `revision` (mutable tables), `batch`, `seal`.
 * SQLite: WAL, synchronous=FULL, foreign_keys=ON; one connection, one thread: the batch thread.
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

/* A unique way to a row other than its key: "SELECT <key columns> FROM t WHERE ..." */
typedef struct Lookup {
    const Table *table;
    const char *sql; /* with ?1, ?2 ... */
} Lookup;

typedef struct StoreConfig {
    const char *path;
    const char *vfs; /* NULL: the system's; tests pass a simulated disk */
    const StoreSchema *const *schemas;
    size_t schema_count;
} StoreConfig;

/* Open, or make, and migrate. Faults FAULT_STORE, FAULT_STORE_SCHEMA (newer than this program). */
MUST_USE Status store_open(const StoreConfig *config, Store **ret_store);
void store_close(Store *store);

/* All sealed tables, in the order of the schemas. */
size_t store_table_count(const Store *store);
const Table *store_table(const Store *store, size_t index);

/*
 * Read every row of a table in key order.
 * `visit` gets the canonical image and the seal; both are valid during the call only.
 */
typedef Status (*StoreVisit)(void *context, Span image, Span seal);
MUST_USE Status store_scan(Store *store, const Table *table, StoreVisit visit, void *context);

/* A plain read: rows of any SELECT as values. Not verified: for key discovery, reports and tests. */
typedef Status (*StoreRow)(void *context, const Value *values, size_t count);
MUST_USE Status store_query(Store *store, const char *sql, const Value *parameters,
        size_t parameter_count, StoreRow row, void *context);
/* One statement that returns nothing; inside a batch it belongs to the batch's transaction. */
MUST_USE Status store_execute(
        Store *store, const char *sql, const Value *parameters, size_t parameter_count);

/* Online copy of the whole database into a new file (SQLite backup API), from any thread. */
MUST_USE Status store_copy_to(const char *path, const char *copy_path);

/* A second, read-only connection on the same file (auditor, reports). */
MUST_USE Status store_open_readonly(const StoreConfig *config, Store **ret_store);
