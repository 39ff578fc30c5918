#include "attach/rows.h"

#include "attach/value.h"

static Status status_of(const PGresult *result)
{
    const ExecStatusType type = PQresultStatus(result);
    if (type == PGRES_TUPLES_OK || type == PGRES_COMMAND_OK) return OK;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL) return BROKEN(FAULT_ATTACH_DATABASE);
    const Span code = span_of_text(state);
    const bool again = span_equal(code, SPAN("40001")) || span_equal(code, SPAN("40P01"));
    if (again) return REFUSE(REFUSED_ATTACH_RETRY);
    if (span_equal(code, SPAN("23505"))) return REFUSE(REFUSED_ROW_EXISTS);
    return BROKEN(FAULT_ATTACH_DATABASE);
}

Status attach_run(PGconn *connection, const AttachStatement *s, PGresult **ret)
{
    enum { BINARY = 1 };
    PGresult *result = PQexecParams(
            connection, s->sql, s->count, NULL, s->values, s->lengths, s->formats, BINARY);
    const Status status = status_of(result);
    if (!status_ok(status)) {
        PQclear(result);
        return status;
    }
    *ret = result;
    return OK;
}

Status attach_do(PGconn *connection, const char *sql)
{
    CLEANUP(attach_result_free) PGresult *result = NULL;
    return attach_run(connection, &(AttachStatement) { .sql = sql }, &result);
}

/* --- what the table looks like --- */

static Status quote(PGconn *connection, const char *name, size_t size, char *ret, size_t capacity)
{
    char *quoted = PQescapeIdentifier(connection, name, size);
    CHECK(quoted != NULL, FAULT_ATTACH_DATABASE);
    const int n = snprintf(ret, capacity, "%s", quoted);
    PQfreemem(quoted);
    REQUIRE(n > 0 && (size_t)n < capacity, REFUSED_ATTACH_TABLE);
    return OK;
}

/* "public.t_account": both parts quoted. */
static Status quote_table(AttachRows *r)
{
    char schema[200];
    char name[200];
    const char *dot = strchr(r->table.name, '.');
    REQUIRE(dot != NULL, REFUSED_ATTACH_TABLE);
    TRY(quote(r->connection, r->table.name, (size_t)(dot - r->table.name), schema, sizeof(schema)));
    TRY(quote(r->connection, dot + 1, strlen(dot + 1), name, sizeof(name)));
    const int n = snprintf(r->quoted, sizeof(r->quoted), "%s.%s", schema, name);
    REQUIRE(n > 0 && (size_t)n < sizeof(r->quoted), REFUSED_ATTACH_TABLE);
    return OK;
}

static Status look_up_column(AttachRows *r, size_t i)
{
    static const char sql[] =
            "SELECT a.atttypid::pg_catalog.int4, pg_catalog.format_type(a.atttypid, a.atttypmod) "
            "FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::pg_catalog.regclass "
            "AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped";
    CLEANUP(attach_result_free) PGresult *result = NULL;
    const char *values[] = { r->quoted, r->table.column[i].name };
    TRY(attach_run(r->connection, &(AttachStatement) { sql, values, NULL, NULL, 2 }, &result));
    REQUIRE(PQntuples(result) == 1 && PQgetlength(result, 0, 0) == 4, REFUSED_ATTACH_TABLE);
    Cursor c = cursor_of((Span) { (const uint8_t *)PQgetvalue(result, 0, 0), 4 });
    uint32_t type = 0;
    TRY(cursor_u32(&c, &type));
    REQUIRE(attach_kind(type) == r->table.column[i].kind, REFUSED_ATTACH_TABLE);
    const int n = snprintf(r->type[i], sizeof(r->type[i]), "%.*s", PQgetlength(result, 0, 1),
            PQgetvalue(result, 0, 1));
    REQUIRE(n > 0 && (size_t)n < sizeof(r->type[i]), REFUSED_ATTACH_TABLE);
    return quote(r->connection, r->table.column[i].name, strlen(r->table.column[i].name),
            r->column[i], sizeof(r->column[i]));
}

static Status write_lists(AttachRows *r)
{
    Buffer list = BUFFER_OF(r->list);
    Buffer where = BUFFER_OF(r->where);
    for (size_t i = 0; i < r->table.columns; i++)
        TRY(buffer_print(&list, "%s%s", i > 0 ? ", " : "", r->column[i]));
    for (size_t i = 0; i < r->table.key_columns; i++)
        TRY(buffer_print(
                &where, "%s%s = $%zu::%s", i > 0 ? " AND " : "", r->column[i], i + 1, r->type[i]));
    TRY(buffer_put_u8(&list, '\0'));
    return buffer_put_u8(&where, '\0');
}

Status attach_rows_open(PGconn *connection, const AttachTable *table, AttachRows *ret_rows)
{
    *ret_rows = (AttachRows) { .connection = connection, .table = *table };
    TRY(quote_table(ret_rows));
    for (size_t i = 0; i < table->columns; i++)
        TRY(look_up_column(ret_rows, i));
    return write_lists(ret_rows);
}

/* --- reading --- */

static Status take_values(const AttachRows *r, const PGresult *result, int line, int first,
        Buffer *scratch, Value *ret_values)
{
    for (size_t i = 0; i < r->table.columns; i++) {
        const int column = first + (int)i;
        const Span binary = { PQgetisnull(result, line, column)
                    ? NULL
                    : (const uint8_t *)PQgetvalue(result, line, column),
            (size_t)PQgetlength(result, line, column) };
        const uint32_t type = PQftype(result, column);
        REQUIRE(attach_kind(type) == r->table.column[i].kind, REFUSED_ATTACH_TABLE);
        TRY(attach_value(type, binary, scratch, &ret_values[i]));
    }
    return OK;
}

static Status take_image(const AttachRows *r, const PGresult *result, int line, int first,
        Buffer *ret_image, Buffer *ret_key)
{
    uint8_t memory[ROW_COLUMNS_MAX * ATTACH_NUMERIC_BYTES_MAX];
    Buffer scratch = BUFFER_OF(memory);
    Value values[ROW_COLUMNS_MAX];
    TRY(take_values(r, result, line, first, &scratch, values));
    if (ret_key != NULL) TRY(attach_key(&r->table, values, ret_key));
    return attach_image(&r->table, values, ret_image);
}

Status attach_rows_take(
        const AttachRows *r, const PGresult *result, int line, int first, AttachRow *ret_row)
{
    Buffer image = BUFFER_OF(ret_row->image);
    Buffer key = BUFFER_OF(ret_row->key);
    TRY(take_image(r, result, line, first, &image, &key));
    ret_row->present = true;
    ret_row->image_bytes = image.size;
    ret_row->key_bytes = key.size;
    return OK;
}

static Status read_seal(const AttachRows *r, AttachRow *row)
{
    static const char sql[] =
            "SELECT seal FROM hufu.seal WHERE table_id = $1::pg_catalog.int4 AND key = $2";
    char number[16];
    snprintf(number, sizeof(number), "%u", r->table.number);
    const char *values[] = { number, (const char *)row->key };
    const int lengths[] = { 0, (int)row->key_bytes };
    const int formats[] = { 0, 1 };
    CLEANUP(attach_result_free) PGresult *result = NULL;
    TRY(attach_run(
            r->connection, &(AttachStatement) { sql, values, lengths, formats, 2 }, &result));
    row->seal_bytes = 0;
    if (PQntuples(result) == 0 || PQgetlength(result, 0, 0) != WIRE_SEAL_BYTES) return OK;
    memcpy(row->seal, PQgetvalue(result, 0, 0), WIRE_SEAL_BYTES);
    row->seal_bytes = WIRE_SEAL_BYTES;
    return OK;
}

static int value_at(const AttachRows *r, const AttachValues *values, size_t column)
{
    for (size_t i = 0; values != NULL && i < values->count; i++) {
        if (strcmp(values->columns[i], r->table.column[column].name) == 0) return (int)i;
    }
    return -1;
}

/* Each sealed column as it will be: the new value, as the column's type makes it, or the old. */
static Status put_wanted(
        const AttachRows *r, const AttachValues *values, size_t first_parameter, Buffer *sql)
{
    for (size_t i = 0; i < r->table.columns; i++) {
        const int at = value_at(r, values, i);
        if (at >= 0)
            TRY(buffer_print(sql, ", $%zu::%s", first_parameter + (size_t)at, r->type[i]));
        else
            TRY(buffer_print(sql, ", %s", r->column[i]));
    }
    return OK;
}

enum { PARAMETERS_MAX = ROW_KEY_COLUMNS_MAX + 2 * ROW_COLUMNS_MAX };

static size_t gather(const AttachRows *r, const char *const *key, const AttachValues *values,
        const char *ret[PARAMETERS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; key != NULL && i < r->table.key_columns; i++)
        ret[count++] = key[i];
    for (size_t i = 0; values != NULL && i < values->count && count < PARAMETERS_MAX; i++)
        ret[count++] = values->values[i];
    return count;
}

static Status take_wanted(const AttachRows *r, const PGresult *result, int first, AttachRow *row)
{
    Buffer wanted = BUFFER_OF(row->wanted);
    TRY(take_image(r, result, 0, first, &wanted, NULL));
    row->wanted_bytes = wanted.size;
    Cursor c = cursor_of((Span) { (const uint8_t *)PQgetvalue(result, 0, PQnfields(result) - 1),
            (size_t)PQgetlength(result, 0, PQnfields(result) - 1) });
    return cursor_u64(&c, &row->transaction);
}

/* A row that is not there has a key all the same: its values as the columns' types make them. */
static Status read_key(AttachRows *r, const char *const *key, AttachRow *row)
{
    char memory[1024];
    Buffer sql = BUFFER_OF(memory);
    const char *parameters[PARAMETERS_MAX];
    Value values[ROW_KEY_COLUMNS_MAX];
    TRY(buffer_put(&sql, SPAN("SELECT ")));
    for (size_t i = 0; i < r->table.key_columns; i++)
        TRY(buffer_print(&sql, "%s$%zu::%s", i > 0 ? ", " : "", i + 1, r->type[i]));
    TRY(buffer_put_u8(&sql, '\0'));
    const size_t count = gather(r, key, NULL, parameters);
    CLEANUP(attach_result_free) PGresult *result = NULL;
    TRY(attach_run(r->connection, &(AttachStatement) { memory, parameters, NULL, NULL, (int)count },
            &result));
    uint8_t scratch_memory[ROW_KEY_COLUMNS_MAX * ATTACH_NUMERIC_BYTES_MAX];
    Buffer scratch = BUFFER_OF(scratch_memory);
    for (int i = 0; i < r->table.key_columns; i++) {
        const Span binary = { (const uint8_t *)PQgetvalue(result, 0, i),
            (size_t)PQgetlength(result, 0, i) };
        TRY(attach_value(PQftype(result, i), binary, &scratch, &values[i]));
    }
    Buffer encoded = BUFFER_OF(row->key);
    TRY(attach_key(&r->table, values, &encoded));
    row->key_bytes = encoded.size;
    return OK;
}

#define TRANSACTION ", pg_catalog.pg_current_xact_id()"

Status attach_rows_read(AttachRows *r, const char *const *key, AttachLock lock,
        const AttachValues *values, AttachRow *ret_row)
{
    static const char *const locks[] = { "", " FOR SHARE", " FOR UPDATE" };
    char memory[ATTACH_SQL_BYTES_MAX];
    Buffer sql = BUFFER_OF(memory);
    const char *parameters[PARAMETERS_MAX];
    const bool writes = lock == ATTACH_UPDATE;
    TRY(buffer_print(&sql, "SELECT %s", r->list));
    if (writes) TRY(put_wanted(r, values, r->table.key_columns + 1U, &sql));
    TRY(buffer_print(&sql, "%s FROM %s WHERE %s%s", writes ? TRANSACTION : "", r->quoted, r->where,
            locks[lock]));
    TRY(buffer_put_u8(&sql, '\0'));
    const size_t count = gather(r, key, writes ? values : NULL, parameters);
    CLEANUP(attach_result_free) PGresult *result = NULL;
    TRY(attach_run(r->connection, &(AttachStatement) { memory, parameters, NULL, NULL, (int)count },
            &result));
    ret_row->present = PQntuples(result) > 0;
    ret_row->doubled = PQntuples(result) > 1;
    if (!ret_row->present) return read_key(r, key, ret_row);
    TRY(attach_rows_take(r, result, 0, 0, ret_row));
    if (writes) TRY(take_wanted(r, result, (int)r->table.columns, ret_row));
    return read_seal(r, ret_row);
}

Status attach_rows_intend(AttachRows *r, const AttachValues *values, AttachRow *ret_row)
{
    char memory[ATTACH_SQL_BYTES_MAX];
    Buffer sql = BUFFER_OF(memory);
    const char *parameters[PARAMETERS_MAX];
    for (size_t i = 0; i < r->table.columns; i++)
        REQUIRE(value_at(r, values, i) >= 0, REFUSED_ATTACH_VALUES);
    TRY(buffer_put(&sql, SPAN("SELECT 1")));
    TRY(put_wanted(r, values, 1, &sql));
    TRY(buffer_put(&sql, SPAN(TRANSACTION "\0")));
    const size_t count = gather(r, NULL, values, parameters);
    CLEANUP(attach_result_free) PGresult *result = NULL;
    TRY(attach_run(r->connection, &(AttachStatement) { memory, parameters, NULL, NULL, (int)count },
            &result));
    TRY(attach_rows_take(r, result, 0, 1, ret_row));
    TRY(take_wanted(r, result, 1, ret_row));
    ret_row->present = false;
    ret_row->seal_bytes = 0;
    return OK;
}

/* --- writing --- */

static Status is_wanted(const AttachRows *r, const PGresult *result, const AttachRow *row)
{
    uint8_t memory[ROW_IMAGE_BYTES_MAX];
    Buffer image = BUFFER_OF(memory);
    REQUIRE(PQntuples(result) == 1, REFUSED_ATTACH_WRITE_DIFFERS);
    TRY(take_image(r, result, 0, 0, &image, NULL));
    REQUIRE(span_equal(span_of_buffer(&image), (Span) { row->wanted, row->wanted_bytes }),
            REFUSED_ATTACH_WRITE_DIFFERS);
    return OK;
}

static Status put_name(const AttachRows *r, const char *name, Buffer *sql)
{
    char quoted[136];
    TRY(quote(r->connection, name, strlen(name), quoted, sizeof(quoted)));
    return buffer_put(sql, span_of_text(quoted));
}

static Status run_write(AttachRows *r, Buffer *sql, const char *const *key,
        const AttachValues *values, const AttachRow *row)
{
    const char *parameters[PARAMETERS_MAX];
    TRY(buffer_print(sql, " RETURNING %s", r->list));
    TRY(buffer_put_u8(sql, '\0'));
    const size_t count = gather(r, key, values, parameters);
    CLEANUP(attach_result_free) PGresult *result = NULL;
    TRY(attach_run(r->connection,
            &(AttachStatement) { (const char *)sql->data, parameters, NULL, NULL, (int)count },
            &result));
    return row != NULL ? is_wanted(r, result, row) : OK;
}

Status attach_rows_update(
        AttachRows *r, const char *const *key, const AttachValues *values, const AttachRow *row)
{
    char memory[ATTACH_SQL_BYTES_MAX];
    Buffer sql = BUFFER_OF(memory);
    TRY(buffer_print(&sql, "UPDATE %s SET ", r->quoted));
    for (size_t i = 0; i < values->count; i++) {
        if (i > 0) TRY(buffer_put(&sql, SPAN(", ")));
        TRY(put_name(r, values->columns[i], &sql));
        TRY(buffer_print(&sql, " = $%zu", r->table.key_columns + i + 1));
    }
    TRY(buffer_print(&sql, " WHERE %s", r->where));
    return run_write(r, &sql, key, values, row);
}

Status attach_rows_insert(AttachRows *r, const AttachValues *values, const AttachRow *row)
{
    char memory[ATTACH_SQL_BYTES_MAX];
    Buffer sql = BUFFER_OF(memory);
    TRY(buffer_print(&sql, "INSERT INTO %s (", r->quoted));
    for (size_t i = 0; i < values->count; i++) {
        if (i > 0) TRY(buffer_put(&sql, SPAN(", ")));
        TRY(put_name(r, values->columns[i], &sql));
    }
    TRY(buffer_put(&sql, SPAN(") VALUES (")));
    for (size_t i = 0; i < values->count; i++)
        TRY(buffer_print(&sql, "%s$%zu", i > 0 ? ", " : "", i + 1));
    TRY(buffer_put(&sql, SPAN(")")));
    return run_write(r, &sql, NULL, values, row);
}

Status attach_rows_delete(AttachRows *r, const char *const *key)
{
    char memory[ATTACH_SQL_BYTES_MAX];
    Buffer sql = BUFFER_OF(memory);
    TRY(buffer_print(&sql, "DELETE FROM %s WHERE %s", r->quoted, r->where));
    return run_write(r, &sql, key, NULL, NULL);
}

static Status seal_statement(AttachRows *r, const char *sql, Span key, const uint8_t *seal)
{
    char number[16];
    char revision[24] = "0";
    snprintf(number, sizeof(number), "%u", r->table.number);
    if (seal != NULL)
        snprintf(revision, sizeof(revision), "%lld", (long long)attach_seal_revision(seal));
    const char *values[] = { number, (const char *)key.data, revision, (const char *)seal };
    const int lengths[] = { 0, (int)key.size, 0, WIRE_SEAL_BYTES };
    const int formats[] = { 0, 1, 0, 1 };
    CLEANUP(attach_result_free) PGresult *result = NULL;
    return attach_run(r->connection,
            &(AttachStatement) { sql, values, lengths, formats, seal != NULL ? 4 : 2 }, &result);
}

Status attach_seal_write(AttachRows *r, Span key, const uint8_t seal[WIRE_SEAL_BYTES])
{
    return seal_statement(r,
            "INSERT INTO hufu.seal (table_id, key, revision, seal) "
            "VALUES ($1::pg_catalog.int4, $2::pg_catalog.bytea, $3::pg_catalog.int8, $4) "
            "ON CONFLICT (table_id, key) DO UPDATE SET revision = excluded.revision, "
            "seal = excluded.seal",
            key, seal);
}

Status attach_seal_delete(AttachRows *r, Span key)
{
    return seal_statement(r,
            "DELETE FROM hufu.seal WHERE table_id = $1::pg_catalog.int4 AND key = $2", key, NULL);
}
