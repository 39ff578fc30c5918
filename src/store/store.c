#define _GNU_SOURCE
#include "store/carrier.h"
#include "store/store_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* Growing the shared-memory file on a full disk is reported as an I/O error. */
static bool says_full(const Store *store, int kind)
{
    if (kind == SQLITE_FULL) return true;
    const int reason = kind == SQLITE_IOERR ? sqlite3_system_errno(store->db) : 0;
    return reason == ENOSPC || reason == EDQUOT;
}

Status store_result(Store *store, int code)
{
    const int kind = code & 0xFF;
    if (kind == SQLITE_OK || kind == SQLITE_DONE || kind == SQLITE_ROW) return OK;
    if (kind == SQLITE_CONSTRAINT) return REFUSE(REFUSED_STORE_CONSTRAINT);
    if (kind == SQLITE_NOMEM) return BROKEN(FAULT_MEMORY);
    if (!says_full(store, kind)) return BROKEN(FAULT_STORE);
    store->full = true;
    return BROKEN(FAULT_STORE_FULL);
}

const char *store_error(const Store *store) { return sqlite3_errmsg(store->db); }

Status store_prepare(Store *store, const char *sql, sqlite3_stmt **ret_statement)
{
    return store_result(store,
            sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL));
}

/* Nothing is copied: values outlive the step, and every statement is reset right after it. */
Status store_bind(sqlite3_stmt *statement, const Value *values, size_t count, int first)
{
    for (size_t i = 0; i < count; i++) {
        const Value *v = &values[i];
        const int at = first + (int)i;
        const void *bytes = v->bytes.size > 0 ? (const void *)v->bytes.data : "";
        const int size = (int)v->bytes.size;
        int code = SQLITE_MISUSE;
        switch (v->type) {
        case VALUE_NULL: code = sqlite3_bind_null(statement, at); break;
        case VALUE_INT: code = sqlite3_bind_int64(statement, at, v->integer); break;
        case VALUE_TEXT: code = sqlite3_bind_text(statement, at, bytes, size, SQLITE_STATIC); break;
        case VALUE_BYTES:
            code = sqlite3_bind_blob(statement, at, bytes, size, SQLITE_STATIC);
            break;
        }
        CHECK(code == SQLITE_OK, FAULT_STORE);
    }
    return OK;
}

Value store_column(sqlite3_stmt *statement, int index)
{
    const int type = sqlite3_column_type(statement, index);
    if (type == SQLITE_NULL) return VALUE_OF_NULL;
    if (type == SQLITE_INTEGER) return VALUE_OF_INT(sqlite3_column_int64(statement, index));
    const void *bytes = type == SQLITE_FLOAT ? (const void *)sqlite3_column_text(statement, index)
                                             : sqlite3_column_blob(statement, index);
    const Span span = { bytes, (size_t)sqlite3_column_bytes(statement, index) };
    return type == SQLITE_BLOB ? VALUE_OF_BYTES(span) : VALUE_OF_TEXT(span);
}

/* --- plain statements --- */

/* A statement of this text that is not in use. The cache keeps the last STORE_TEXTS_MAX. */
static Status text_statement(Store *store, const char *sql, sqlite3_stmt **ret)
{
    for (size_t i = 0; i < STORE_TEXTS_MAX; i++) {
        sqlite3_stmt *known = store->texts[i];
        if (known == NULL || sqlite3_stmt_busy(known)) continue;
        if (!span_equal(span_of_text(sqlite3_sql(known)), span_of_text(sql))) continue;
        *ret = known;
        return OK;
    }
    unsigned slot = store->text_next;
    for (size_t i = 0; i < STORE_TEXTS_MAX; i++) { /* one in use stays: its caller is below us */
        if (store->texts[slot] == NULL || !sqlite3_stmt_busy(store->texts[slot])) break;
        slot = (slot + 1) % STORE_TEXTS_MAX;
    }
    CHECK(store->texts[slot] == NULL || !sqlite3_stmt_busy(store->texts[slot]), FAULT_STORE);
    sqlite3_stmt *made = NULL;
    TRY(store_prepare(store, sql, &made));
    CHECK(made != NULL, FAULT_STORE); /* only a comment */
    sqlite3_finalize(store->texts[slot]);
    store->texts[slot] = made;
    store->text_next = (slot + 1) % STORE_TEXTS_MAX;
    *ret = made;
    return OK;
}

static Status query_step(Store *store, sqlite3_stmt *statement, StoreRow row, void *context)
{
    Value values[ROW_COLUMNS_MAX];
    for (;;) {
        const int code = sqlite3_step(statement);
        if (code == SQLITE_DONE) return OK;
        if (code != SQLITE_ROW) return store_result(store, code);
        if (row == NULL) continue;
        const int count = sqlite3_column_count(statement);
        ASSERT(count <= ROW_COLUMNS_MAX);
        for (int i = 0; i < count; i++)
            values[i] = store_column(statement, i);
        TRY(row(context, values, (size_t)count));
    }
}

Status store_query(Store *store, const char *sql, const Value *parameters, size_t parameter_count,
        StoreRow row, void *context)
{
    sqlite3_stmt *statement = NULL;
    TRY(text_statement(store, sql, &statement));
    Status s = store_bind(statement, parameters, parameter_count, 1);
    if (status_ok(s)) s = query_step(store, statement, row, context);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement); /* SQLITE_STATIC: nothing may point at the caller's memory */
    return s;
}

Status store_execute(Store *store, const char *sql, const Value *parameters, size_t parameter_count)
{
    return store_query(store, sql, parameters, parameter_count, NULL, NULL);
}

/* --- transactions --- */

Status store_begin(Store *store)
{
    return store_execute(store, store->readonly ? "BEGIN" : "BEGIN IMMEDIATE", NULL, 0);
}

void store_rollback(Store *store)
{
    if (sqlite3_get_autocommit(store->db))
        return; /* SQLite already did, as it does on a full disk */
    IGNORE(store_execute(store, "ROLLBACK", NULL, 0), "nothing was committed either way");
}

/* Which errors of COMMIT leave no doubt? A constraint: found before anything is written. A full
 * disk: the write that failed is the commit frame or one before it, so recovery can never see the
 * transaction. After a failed sync or write the frames may be in the file all the same, and the
 * next recovery would find them. */
Status store_commit(Store *store)
{
    sqlite3_stmt *statement = NULL;
    Status ready = store->readonly ? OK : store_reserve(store);
    if (status_ok(ready)) ready = text_statement(store, "COMMIT", &statement);
    if (!status_ok(ready)) {
        store_rollback(store);
        return ready;
    }
    const int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    if (code == SQLITE_DONE) return OK;
    store_rollback(store);
    if (code == SQLITE_CONSTRAINT || code == SQLITE_FULL || code == SQLITE_BUSY)
        return store_result(store, code);
    return BROKEN(FAULT_STORE_UNCERTAIN);
}

/* --- opening --- */

static Status run_script(Store *store, const char *sql)
{
    return store_result(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

Status store_take_int(void *context, const Value *values, size_t count)
{
    *(int64_t *)context = count == 1 && values[0].type == VALUE_INT ? values[0].integer : 0;
    return OK;
}

static Status migrate_one(Store *store, const char *room, const Migration *migration)
{
    const Value row[] = { VALUE_OF_TEXT(span_of_text(room)), VALUE_OF_INT(migration->version) };
    TRY(store_begin(store));
    Status s = run_script(store, migration->sql);
    if (status_ok(s))
        s = store_execute(
                store, "INSERT INTO store_migration(room, version) VALUES(?1, ?2)", row, 2);
    if (status_ok(s)) return store_commit(store);
    store_rollback(store);
    return s;
}

static Status migrate_room(Store *store, const StoreSchema *schema)
{
    int64_t version = 0;
    const Value room = VALUE_OF_TEXT(span_of_text(schema->room));
    TRY(store_query(store, "SELECT max(version) FROM store_migration WHERE room = ?1", &room, 1,
            store_take_int, &version));
    CHECK(version <= (int64_t)schema->migration_count, FAULT_STORE_SCHEMA);
    CHECK(!store->readonly || version == (int64_t)schema->migration_count, FAULT_STORE_SCHEMA);
    for (size_t i = (size_t)version; i < schema->migration_count; i++) {
        ASSERT(schema->migrations[i].version == (int)i + 1);
        TRY(migrate_one(store, schema->room, &schema->migrations[i]));
    }
    return OK;
}

/* A description that does not fit its table is found here, not at the first payment. */
static Status add_table(Store *store, const Table *table)
{
    ASSERT(store->table_count < STORE_TABLES_MAX);
    ASSERT(table->column_count <= ROW_COLUMNS_MAX);
    ASSERT(table->key_columns >= 1 && table->key_columns <= ROW_KEY_COLUMNS_MAX);
    StoreTable *slot = &store->tables[store->table_count++];
    slot->table = table;
    for (size_t i = 0; i < table->column_count; i++) {
        /* What two people forbade since is the writer's to refuse. */
        const bool declared = data_class_facts(table->columns[i].class) != NULL;
        CHECK(declared || store->readonly, FAULT_STORE_SCHEMA); /* auditor finds tables out */
        slot->ids[i] = table->columns[i].id;
    }
    sqlite3_stmt *statement = NULL;
    CHECK(status_ok(statement_select(store, slot, &statement)), FAULT_STORE_SCHEMA);
    return OK;
}

static Status migrate(Store *store, const StoreConfig *config)
{
    if (!store->readonly)
        TRY(run_script(store,
                "CREATE TABLE IF NOT EXISTS store_migration("
                "room TEXT NOT NULL, version INTEGER NOT NULL,"
                "PRIMARY KEY(room, version)) WITHOUT ROWID"));
    for (size_t i = 0; i < config->schema_count; i++)
        TRY(migrate_room(store, config->schemas[i]));
    for (size_t i = 0; i < config->schema_count; i++)
        for (size_t k = 0; k < config->schemas[i]->table_count; k++)
            TRY(add_table(store, config->schemas[i]->tables[k]));
    return OK;
}

/* Statistics of SQLite's allocator cost a lock on each call and nobody reads them. Once a process,
 * before its first connection; a process that already uses SQLite keeps its own setting. */
static void configure_library(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

static Status configure(Store *store)
{
    static const char own[] =
            "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
            "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536;";
    static const char writer[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                 "PRAGMA application_id=0x48554655;";
    sqlite3_busy_timeout(store->db, STORE_BUSY_MS_MAX);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    TRY(run_script(store, own));
    if (!store->readonly) TRY(store_grow_by_chunks(store->db));
    return run_script(store, store->readonly ? "PRAGMA query_only=ON" : writer);
}

void store_close(Store *store)
{
    if (store == NULL) return;
    carrier_close(store->carrier);
    for (size_t i = 0; i < store->table_count; i++)
        statement_close(&store->tables[i]);
    for (size_t i = 0; i < store->lookup_count; i++)
        sqlite3_finalize(store->lookups[i].statement);
    for (size_t i = 0; i < STORE_TEXTS_MAX; i++)
        sqlite3_finalize(store->texts[i]);
    sqlite3_close(store->db);
    free(store);
}

static void store_drop(Store **store) { store_close(*store); }

static int note_frames(void *context, sqlite3 *db, const char *name, int frames)
{
    Store *store = context;
    store->frames = frames;
    return SQLITE_OK;
}

static Status open_connection(
        const StoreConfig *config, const char *uri, bool readonly, Store **ret_store)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure_library);
    CLEANUP(store_drop) Store *store = calloc(1, sizeof(Store));
    CHECK(store != NULL, FAULT_MEMORY);
    store->readonly = readonly;
    store->frames_max = STORE_WAL_FRAMES;
    const int how = readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    const int code = sqlite3_open_v2(
            uri, &store->db, how | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, config->vfs);
    CHECK(code == SQLITE_OK, FAULT_STORE);
    TRY(configure(store));
    sqlite3_wal_hook(
            store->db, note_frames, store); /* takes the place of the automatic checkpoint */
    TRY(migrate(store, config));
    *ret_store = store;
    store = NULL; /* transferred */
    return OK;
}

/* As a URI, so that a path with '?' or '%' means itself and a read-only database can be called
 * immutable. */
static Status path_uri(const char *path, const char *parameters, Buffer *ret_uri)
{
    TRY(buffer_put(ret_uri, SPAN("file:")));
    for (size_t i = 0; path[i] != 0; i++) {
        const bool plain = path[i] != '?' && path[i] != '#' && path[i] != '%';
        if (plain) TRY(buffer_put_u8(ret_uri, (uint8_t)path[i]));
        if (!plain) TRY(buffer_print(ret_uri, "%%%02X", (unsigned)(uint8_t)path[i]));
    }
    TRY(buffer_put(ret_uri, span_of_text(parameters)));
    return buffer_put_u8(ret_uri, 0);
}

Status store_open(const StoreConfig *config, Store **ret_store)
{
    uint8_t memory[1024];
    Buffer uri = BUFFER_OF(memory);
    TRY(path_uri(config->path, "", &uri));
    CLEANUP(store_drop) Store *store = NULL;
    TRY(open_connection(config, (const char *)uri.data, false, &store));
    if (config->carry_beside) TRY(carrier_open(config->path, &store->carrier));
    *ret_store = store;
    store = NULL; /* transferred */
    return OK;
}

/* A database that was closed cleanly has no WAL, and one who may not write cannot make it: then
 * nobody is writing, and the file can be read as it lies there. */
Status store_open_readonly(const StoreConfig *config, Store **ret_store)
{
    uint8_t memory[1024];
    Buffer uri = BUFFER_OF(memory);
    TRY(path_uri(config->path, "", &uri));
    const Status s = open_connection(config, (const char *)uri.data, true, ret_store);
    if (status_ok(s) || status_is(s, FAULT_STORE_SCHEMA)) return s;

    uint8_t wal_memory[1024];
    Buffer wal = BUFFER_OF(wal_memory);
    TRY(buffer_print(&wal, "%s-wal", config->path));
    TRY(buffer_put_u8(&wal, 0));
    FILE *file = fopen((const char *)wal.data, "re");
    if (file != NULL) {
        fclose(file);
        return s;
    }
    uri.size = 0;
    TRY(path_uri(config->path, "?immutable=1", &uri));
    return open_connection(config, (const char *)uri.data, true, ret_store);
}

size_t store_table_count(const Store *store) { return store->table_count; }

const Table *store_table(const Store *store, size_t index)
{
    ASSERT(index < store->table_count);
    return store->tables[index].table;
}
