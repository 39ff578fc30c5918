#include "store/columns.h"

#include "store/columns_inside.h"
#include "store/safe_address.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS_MAX = 256 };

static bool begins(const char *address, const char *scheme)
{
    return strncmp(address, scheme, strlen(scheme)) == 0;
}

bool columns_address_is_known(const char *address)
{
    return begins(address, "sqlite:") || safe_address_is_postgres(address);
}

Status columns_walk(const char *address, bool development, ColumnSeen seen, void *context)
{
    if (safe_address_is_postgres(address)) {
        TRY(safe_address_postgres(address, development));
        return columns_walk_postgres(address, seen, context);
    }
    REQUIRE(begins(address, "sqlite:"), REFUSED_DATABASE_UNREADABLE);
    return columns_walk_sqlite(address + strlen("sqlite:"), seen, context);
}

void columns_key_add(char key[COLUMN_KEY_BYTES_MAX], const char *value)
{
    const size_t size = strlen(key);
    snprintf(key + size, COLUMN_KEY_BYTES_MAX - size, "%s%s", size > 0 ? "," : "", value);
}

/* --- SQLite --- */

static void database_close(sqlite3 **database) { sqlite3_close_v2(*database); }
static void statement_free(sqlite3_stmt **statement) { sqlite3_finalize(*statement); }
static void text_free(char **text) { sqlite3_free(*text); }

typedef struct SqliteTable {
    sqlite3 *database;
    const char *name;
    bool in_key[COLUMNS_MAX];
    bool has_key;
} SqliteTable;

static Status prepare(sqlite3 *database, const char *sql, sqlite3_stmt **ret_statement)
{
    REQUIRE(sqlite3_prepare_v2(database, sql, -1, ret_statement, NULL) == SQLITE_OK,
            REFUSED_DATABASE_UNREADABLE);
    return OK;
}

static Status find_key(SqliteTable *table)
{
    CLEANUP(statement_free) sqlite3_stmt *statement = NULL;
    TRY(prepare(table->database, "SELECT cid, pk FROM pragma_table_info(?1)", &statement));
    sqlite3_bind_text(statement, 1, table->name, -1, SQLITE_STATIC);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const int column = sqlite3_column_int(statement, 0);
        if (column < 0 || column >= COLUMNS_MAX || sqlite3_column_int(statement, 1) == 0) continue;
        table->in_key[column] = true;
        table->has_key = true;
    }
    return OK;
}

/* The last column is the rowid where the table has no key of its own. */
static Status see_row(const SqliteTable *table, sqlite3_stmt *row, ColumnSeen seen, void *context)
{
    char key[COLUMN_KEY_BYTES_MAX] = "";
    const int all = sqlite3_column_count(row);
    const int count = table->has_key ? all : all - 1;
    const char *kinds[COLUMNS_MAX] = { NULL };
    for (int i = 0; i < count && i < COLUMNS_MAX; i++) {
        /* Before the text: asking for the text converts the value. */
        if (sqlite3_column_type(row, i) != SQLITE_NULL) kinds[i] = sqlite3_column_name(row, i);
        const char *text = table->in_key[i] ? (const char *)sqlite3_column_text(row, i) : NULL;
        if (text != NULL) columns_key_add(key, text);
    }
    if (!table->has_key)
        snprintf(key, sizeof(key), "rowid %lld", (long long)sqlite3_column_int64(row, count));
    for (int i = 0; i < count && i < COLUMNS_MAX; i++) {
        if (kinds[i] == NULL) continue;
        const uint8_t *bytes = sqlite3_column_type(row, i) == SQLITE_BLOB
                ? sqlite3_column_blob(row, i)
                : sqlite3_column_text(row, i);
        const ColumnValue value = { table->name, kinds[i], key,
            { bytes, (size_t)sqlite3_column_bytes(row, i) } };
        TRY(seen(context, &value));
    }
    return OK;
}

static Status see_table(sqlite3 *database, const char *name, ColumnSeen seen, void *context)
{
    SqliteTable table = { .database = database, .name = name };
    TRY(find_key(&table));
    CLEANUP(text_free)
    char *sql = table.has_key ? sqlite3_mprintf("SELECT * FROM \"%w\"", name)
                              : sqlite3_mprintf("SELECT *, rowid FROM \"%w\"", name);
    CHECK(sql != NULL, FAULT_MEMORY);
    CLEANUP(statement_free) sqlite3_stmt *row = NULL;
    TRY(prepare(database, sql, &row));
    int result = sqlite3_step(row);
    for (; result == SQLITE_ROW; result = sqlite3_step(row))
        TRY(see_row(&table, row, seen, context));
    REQUIRE(result == SQLITE_DONE, REFUSED_DATABASE_UNREADABLE);
    return OK;
}

Status columns_walk_sqlite(const char *path, ColumnSeen seen, void *context)
{
    CLEANUP(database_close) sqlite3 *database = NULL;
    REQUIRE(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK,
            REFUSED_DATABASE_UNREADABLE);
    /* A hostile file may hold views and triggers; none is run by reading tables. */
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    CLEANUP(statement_free) sqlite3_stmt *names = NULL;
    TRY(prepare(database,
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
            "ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
            &names));
    int result = sqlite3_step(names);
    for (; result == SQLITE_ROW; result = sqlite3_step(names)) {
        const char *name = (const char *)sqlite3_column_text(names, 0);
        TRY(see_table(database, name, seen, context));
    }
    REQUIRE(result == SQLITE_DONE, REFUSED_DATABASE_UNREADABLE);
    return OK;
}
