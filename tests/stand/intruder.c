#include "intruder.h"

#include "admin_client.h"
#include "base/row.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUSY_MS = 20000, VALUE_BYTES_MAX = 8192 };

void intruder_open(const Stand *stand, Intruder *ret)
{
    ASSERT(sqlite3_open_v2(
                   stand_path(stand, PATH_DATABASE), &ret->database, SQLITE_OPEN_READWRITE, NULL)
            == SQLITE_OK);
    ASSERT(sqlite3_busy_timeout(ret->database, BUSY_MS) == SQLITE_OK);
    intruder_do(ret, "ATTACH ':memory:' AS kept");
}

void intruder_close(Intruder *intruder)
{
    ASSERT(sqlite3_close(intruder->database) == SQLITE_OK);
    intruder->database = NULL;
}

__attribute__((format(printf, 2, 0))) static void print_sql(
        char sql[INTRUDER_SQL_BYTES_MAX], const char *format, va_list arguments)
{
    const int n = vsnprintf(sql, INTRUDER_SQL_BYTES_MAX, format, arguments);
    ASSERT(n > 0 && n < INTRUDER_SQL_BYTES_MAX);
}

static void run(Intruder *intruder, const char *sql)
{
    char *problem = NULL;
    if (sqlite3_exec(intruder->database, sql, NULL, NULL, &problem) == SQLITE_OK) return;
    fprintf(stderr, "intruder: %s: %s\n", sql, problem);
    abort();
}

void intruder_do(Intruder *intruder, const char *format, ...)
{
    char sql[INTRUDER_SQL_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    print_sql(sql, format, arguments);
    va_end(arguments);
    run(intruder, sql);
}

__attribute__((format(printf, 2, 0))) static sqlite3_stmt *prepare_list(
        Intruder *intruder, const char *format, va_list arguments)
{
    char sql[INTRUDER_SQL_BYTES_MAX];
    sqlite3_stmt *statement = NULL;
    print_sql(sql, format, arguments);
    if (sqlite3_prepare_v2(intruder->database, sql, -1, &statement, NULL) == SQLITE_OK)
        return statement;
    fprintf(stderr, "intruder: %s: %s\n", sql, sqlite3_errmsg(intruder->database));
    abort();
}

static sqlite3_stmt *prepare(Intruder *intruder, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static sqlite3_stmt *prepare(Intruder *intruder, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sqlite3_stmt *statement = prepare_list(intruder, format, arguments);
    va_end(arguments);
    return statement;
}

int64_t intruder_number(Intruder *intruder, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sqlite3_stmt *statement = prepare_list(intruder, format, arguments);
    va_end(arguments);
    ASSERT(sqlite3_step(statement) == SQLITE_ROW);
    const int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

size_t intruder_columns(
        Intruder *intruder, const char *table, IntruderColumn ret[INTRUDER_COLUMNS_MAX])
{
    size_t count = 0;
    sqlite3_stmt *statement = prepare(intruder, "PRAGMA main.table_info(%s)", table);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        ASSERT(count < INTRUDER_COLUMNS_MAX);
        IntruderColumn *column = &ret[count++];
        snprintf(column->name, sizeof(column->name), "%s",
                (const char *)sqlite3_column_text(statement, 1));
        snprintf(column->type, sizeof(column->type), "%s",
                (const char *)sqlite3_column_text(statement, 2));
        column->key = sqlite3_column_int(statement, 5) > 0;
    }
    sqlite3_finalize(statement);
    ASSERT(count > 0);
    return count;
}

void intruder_payload(Intruder *intruder, const char *table, char ret_names[INTRUDER_SQL_BYTES_MAX])
{
    IntruderColumn columns[INTRUDER_COLUMNS_MAX];
    const size_t count = intruder_columns(intruder, table, columns);
    size_t size = 0;
    ret_names[0] = 0;
    for (size_t i = 0; i < count; i++) {
        if (columns[i].key) continue;
        size += (size_t)snprintf(ret_names + size, INTRUDER_SQL_BYTES_MAX - size, "%s%s",
                size > 0 ? ", " : "", columns[i].name);
        ASSERT(size < INTRUDER_SQL_BYTES_MAX);
    }
}

/* --- one column --- */

/* Of keys a higher bit: the neighbour's key is taken. */
static void bind_flipped(sqlite3_stmt *update, sqlite3_stmt *select, bool key)
{
    uint8_t bytes[VALUE_BYTES_MAX] = { 0 };
    const int size = sqlite3_column_bytes(select, 0);
    ASSERT(size >= 0 && size <= VALUE_BYTES_MAX);
    if (size > 0) memcpy(bytes, sqlite3_column_blob(select, 0), (size_t)size);
    int code = SQLITE_OK;
    switch (sqlite3_column_type(select, 0)) {
    case SQLITE_INTEGER:
        code = sqlite3_bind_int64(update, 1, sqlite3_column_int64(select, 0) ^ (key ? 1 << 20 : 1));
        break;
    case SQLITE_TEXT:
        bytes[0] = size > 0 ? bytes[0] ^ 1 : 'x';
        code = sqlite3_bind_text(
                update, 1, (const char *)bytes, size > 0 ? size : 1, SQLITE_TRANSIENT);
        break;
    case SQLITE_BLOB:
        bytes[size > 0 ? size - 1 : 0] ^= 1;
        code = sqlite3_bind_blob(update, 1, bytes, size > 0 ? size : 1, SQLITE_TRANSIENT);
        break;
    default:
        code = sqlite3_bind_int64(
                update, 1, 1); /* NULL: the column's affinity makes it a text where due */
    }
    ASSERT(code == SQLITE_OK);
}

static void update_one(Intruder *intruder, sqlite3_stmt *update)
{
    ASSERT(sqlite3_step(update) == SQLITE_DONE);
    ASSERT(sqlite3_changes(intruder->database) == 1);
    sqlite3_finalize(update);
}

static sqlite3_stmt *prepare_update(
        Intruder *intruder, const char *table, const char *where, const char *column)
{
    return prepare(intruder, "UPDATE main.%s SET %s = ?1 WHERE %s", table, column, where);
}

void intruder_flip(
        Intruder *intruder, const char *table, const char *where, const IntruderColumn *column)
{
    sqlite3_stmt *select =
            prepare(intruder, "SELECT %s FROM main.%s WHERE %s", column->name, table, where);
    sqlite3_stmt *update = prepare_update(intruder, table, where, column->name);
    ASSERT(sqlite3_step(select) == SQLITE_ROW);
    bind_flipped(update, select, column->key);
    sqlite3_finalize(select);
    update_one(intruder, update);
}

void intruder_retype(
        Intruder *intruder, const char *table, const char *where, const IntruderColumn *column)
{
    sqlite3_stmt *update = prepare_update(intruder, table, where, column->name);
    const bool bytes = strcmp(column->type, "BYTEA") == 0;
    const int code = bytes ? sqlite3_bind_int64(update, 1, 7)
                           : sqlite3_bind_blob(update, 1, "\xff\x00", 2, NULL);
    ASSERT(code == SQLITE_OK);
    update_one(intruder, update);
}

/* --- rows and tables --- */

void intruder_name(
        Intruder *intruder, const char *table, const char *where, char *ret_where, size_t capacity)
{
    IntruderColumn columns[INTRUDER_COLUMNS_MAX];
    const size_t count = intruder_columns(intruder, table, columns);
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        if (!columns[i].key) continue;
        sqlite3_stmt *select = prepare(
                intruder, "SELECT quote(%s) FROM main.%s WHERE %s", columns[i].name, table, where);
        ASSERT(sqlite3_step(select) == SQLITE_ROW);
        size += (size_t)snprintf(ret_where + size, capacity - size, "%s%s = %s",
                size > 0 ? " AND " : "", columns[i].name,
                (const char *)sqlite3_column_text(select, 0));
        ASSERT(size < capacity);
        sqlite3_finalize(select);
    }
}

/* Columns of a key have the first ids of their table, in its order. */
static void add_key_value(sqlite3_stmt *select, Value values[ROW_KEY_COLUMNS_MAX], uint8_t *count)
{
    ASSERT(*count < ROW_KEY_COLUMNS_MAX);
    const int type = sqlite3_column_type(select, 0);
    const Span bytes = { sqlite3_column_blob(select, 0), (size_t)sqlite3_column_bytes(select, 0) };
    Value value = VALUE_OF_INT(sqlite3_column_int64(select, 0));
    if (type == SQLITE_TEXT) value = VALUE_OF_TEXT(bytes);
    if (type == SQLITE_BLOB) value = VALUE_OF_BYTES(bytes);
    values[(*count)++] = value;
}

Status intruder_key(
        Intruder *intruder, const char *table, uint16_t id, const char *where, Buffer *ret_key)
{
    IntruderColumn columns[INTRUDER_COLUMNS_MAX];
    Value values[ROW_KEY_COLUMNS_MAX];
    uint16_t ids[ROW_KEY_COLUMNS_MAX];
    sqlite3_stmt *selects[ROW_KEY_COLUMNS_MAX];
    uint8_t keys = 0;
    const size_t count = intruder_columns(intruder, table, columns);
    for (size_t i = 0; i < count; i++) {
        if (!columns[i].key) continue;
        selects[keys] =
                prepare(intruder, "SELECT %s FROM main.%s WHERE %s", columns[i].name, table, where);
        ASSERT(sqlite3_step(selects[keys]) == SQLITE_ROW);
        ids[keys] = (uint16_t)(keys + 1);
        add_key_value(selects[keys], values, &keys);
    }
    const Status s = row_encode_key(id, ids, values, keys, ret_key);
    for (uint8_t i = 0; i < keys; i++)
        sqlite3_finalize(selects[i]);
    return s;
}

/* The unique names of a payment give way too: the index would refuse them. */
static void rename_unique(Intruder *intruder, const char *table, const char *where)
{
    if (strcmp(table, "payment") != 0) return;
    intruder_do(intruder,
            "UPDATE main.payment SET transaction_id = 'x' || transaction_id,"
            " prepay_id = 'x' || prepay_id WHERE %s",
            where);
}

/* The original gives way, the copy is put under another key, the original comes back. */
void intruder_duplicate(Intruder *intruder, const char *table, const char *where)
{
    IntruderColumn columns[INTRUDER_COLUMNS_MAX];
    char name[512];
    const size_t count = intruder_columns(intruder, table, columns);
    const IntruderColumn *last = NULL;
    for (size_t i = 0; i < count; i++) {
        if (columns[i].key) last = &columns[i];
    }
    ASSERT(last != NULL);
    intruder_name(intruder, table, where, name, sizeof(name));
    intruder_do(
            intruder, "CREATE TABLE kept.original AS SELECT * FROM main.%s WHERE %s", table, name);
    rename_unique(intruder, table, name);
    intruder_flip(intruder, table, name, last);
    intruder_do(intruder,
            "INSERT INTO main.%s SELECT * FROM kept.original; DROP TABLE kept.original", table);
}

void intruder_swap(Intruder *intruder, const char *table, const char *where, const char *other)
{
    char names[INTRUDER_SQL_BYTES_MAX];
    intruder_payload(intruder, table, names);
    intruder_do(intruder, "CREATE TABLE kept.swap AS SELECT * FROM main.%s", table);
    rename_unique(intruder, table, where);
    rename_unique(intruder, table, other);
    intruder_do(intruder, "UPDATE main.%s SET (%s) = (SELECT %s FROM kept.swap WHERE %s) WHERE %s",
            table, names, names, other, where);
    intruder_do(intruder, "UPDATE main.%s SET (%s) = (SELECT %s FROM kept.swap WHERE %s) WHERE %s",
            table, names, names, where, other);
    intruder_do(intruder, "DROP TABLE kept.swap");
}

void intruder_keep(Intruder *intruder, const char *table, const char *name)
{
    intruder_do(intruder, "DROP TABLE IF EXISTS kept.%s", name);
    intruder_do(intruder, "CREATE TABLE kept.%s AS SELECT * FROM main.%s", name, table);
}

void intruder_put_back(Intruder *intruder, const char *table, const char *name, const char *where)
{
    intruder_do(intruder,
            "BEGIN IMMEDIATE; DELETE FROM main.%s WHERE %s;"
            "INSERT INTO main.%s SELECT * FROM kept.%s WHERE %s; COMMIT",
            table, where, table, name, where);
}
