#include "store/columns_inside.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

enum { BYTEA = 17, SQL_BYTES_MAX = 1024, NAME_BYTES_MAX = 160, TABLES_MAX = 65536 };

static void connection_close(PGconn **connection) { PQfinish(*connection); }
static void result_free(PGresult **result) { PQclear(*result); }
static void text_free(char **text) { PQfreemem(*text); }
static void bytes_free(unsigned char **bytes) { PQfreemem(*bytes); }

static Status ask(PGconn *connection, const char *sql, ExecStatusType wanted, PGresult **ret_result)
{
    *ret_result = PQexec(connection, sql);
    REQUIRE(PQresultStatus(*ret_result) == wanted, REFUSED_DATABASE_UNREADABLE);
    return OK;
}

static Status command(PGconn *connection, const char *sql)
{
    CLEANUP(result_free) PGresult *result = NULL;
    return ask(connection, sql, PGRES_COMMAND_OK, &result);
}

/* Name, and which columns are the primary key: "schema", "table", ",1,3,". */
static const char tables_sql[] =
        "SELECT n.nspname, c.relname, coalesce((SELECT ',' || string_agg(a.attname, ',') || ',' "
        "FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey) "
        "WHERE i.indrelid = c.oid AND i.indisprimary), '') FROM pg_class c JOIN pg_namespace n ON "
        "n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN "
        "('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' AND "
        "n.nspname NOT LIKE 'pg\\_temp%' ORDER BY 1, 2";

typedef struct PostgresTable {
    char name[NAME_BYTES_MAX];
    const char *key; /* ",id,part," */
    uint64_t row; /* counted, for tables without a key */
} PostgresTable;

static bool in_key(const PostgresTable *table, const char *column)
{
    char wanted[80];
    snprintf(wanted, sizeof(wanted), ",%s,", column);
    return strstr(table->key, wanted) != NULL;
}

static Status see_value(const PostgresTable *table, const PGresult *rows, int row, int column,
        const char *key, ColumnSeen seen, void *context)
{
    CLEANUP(bytes_free) unsigned char *unescaped = NULL;
    const unsigned char *text = (const unsigned char *)PQgetvalue(rows, row, column);
    size_t size = (size_t)PQgetlength(rows, row, column);
    if (PQftype(rows, column) == BYTEA) {
        unescaped = PQunescapeBytea(text, &size);
        CHECK(unescaped != NULL, FAULT_MEMORY);
        text = unescaped;
    }
    const ColumnValue value = { table->name, PQfname(rows, column), key, { text, size } };
    return seen(context, &value);
}

static Status see_rows(PostgresTable *table, const PGresult *rows, ColumnSeen seen, void *context)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        char key[COLUMN_KEY_BYTES_MAX] = "";
        table->row++;
        for (int i = 0; i < PQnfields(rows); i++)
            if (in_key(table, PQfname(rows, i))) columns_key_add(key, PQgetvalue(rows, row, i));
        if (key[0] == 0) snprintf(key, sizeof(key), "row %llu", (unsigned long long)table->row);
        for (int i = 0; i < PQnfields(rows); i++)
            if (!PQgetisnull(rows, row, i)) TRY(see_value(table, rows, row, i, key, seen, context));
    }
    return OK;
}

static Status see_table(PGconn *connection, const char *schema, const char *name, const char *key,
        ColumnSeen seen, void *context)
{
    CLEANUP(text_free) char *quoted_schema = PQescapeIdentifier(connection, schema, strlen(schema));
    CLEANUP(text_free) char *quoted_name = PQescapeIdentifier(connection, name, strlen(name));
    CHECK(quoted_schema != NULL && quoted_name != NULL, FAULT_MEMORY);
    char sql[SQL_BYTES_MAX];
    snprintf(sql, sizeof(sql), "DECLARE hufu_scan NO SCROLL CURSOR FOR SELECT * FROM ONLY %s.%s",
            quoted_schema, quoted_name);
    TRY(command(connection, sql));
    PostgresTable table = { .key = key };
    snprintf(table.name, sizeof(table.name), "%s.%s", schema, name);
    for (;;) {
        CLEANUP(result_free) PGresult *rows = NULL;
        TRY(ask(connection, "FETCH 500 FROM hufu_scan", PGRES_TUPLES_OK, &rows));
        if (PQntuples(rows) == 0) break;
        TRY(see_rows(&table, rows, seen, context));
    }
    return command(connection, "CLOSE hufu_scan");
}

Status columns_walk_postgres(const char *address, ColumnSeen seen, void *context)
{
    CLEANUP(connection_close) PGconn *connection = PQconnectdb(address);
    REQUIRE(PQstatus(connection) == CONNECTION_OK, REFUSED_DATABASE_UNREADABLE);
    TRY(command(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    CLEANUP(result_free) PGresult *tables = NULL;
    TRY(ask(connection, tables_sql, PGRES_TUPLES_OK, &tables));
    for (int i = 0; i < PQntuples(tables) && i < TABLES_MAX; i++)
        TRY(see_table(connection, PQgetvalue(tables, i, 0), PQgetvalue(tables, i, 1),
                PQgetvalue(tables, i, 2), seen, context));
    return command(connection, "ROLLBACK");
}
