#include "store/store_internal.h"

/*
 * The SQL of a table, written from its description, and rows through it. Names of tables and
 * columns come from our own constants; every value is bound.
 */

StoreTable *store_slot(Store *store, const Table *table)
{
    for (size_t i = 0; i < store->table_count; i++) {
        if (store->tables[i].table == table) return &store->tables[i];
    }
    status_assert_failed("no schema brought this table", table->name, table->id);
}

static Status put_text(Buffer *sql, const char *text)
{
    return buffer_put(sql, span_of_text(text));
}

/* "a, b, c, revision, batch, seal" */
static Status put_columns(Buffer *sql, const Table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        TRY(buffer_print(sql, "%s, ", table->columns[i].name));
    return put_text(sql, table->append_only ? "batch, seal" : "revision, batch, seal");
}

/* "a = ?1 AND b = ?2" */
static Status put_equal(
        Buffer *sql, const Table *table, const uint16_t *ids, size_t count, int first)
{
    for (size_t i = 0; i < count; i++)
        TRY(buffer_print(sql, "%s%s = ?%d", i > 0 ? " AND " : "",
                table->columns[table_position(table, ids[i])].name, first + (int)i));
    return OK;
}

static Status put_select(Buffer *sql, const Table *table)
{
    TRY(put_text(sql, "SELECT "));
    TRY(put_columns(sql, table));
    return buffer_print(sql, " FROM %s", table->name);
}

static Status write_select(Buffer *sql, const Table *table, const uint16_t *ids, size_t count)
{
    TRY(put_select(sql, table));
    TRY(put_text(sql, " WHERE "));
    TRY(put_equal(sql, table, ids, count, 1));
    return buffer_put_u8(sql, 0);
}

static size_t housekeeping_columns(const Table *table) { return table->append_only ? 2 : 3; }

static Status write_insert(Buffer *sql, const Table *table)
{
    TRY(buffer_print(sql, "INSERT INTO %s(", table->name));
    TRY(put_columns(sql, table));
    TRY(put_text(sql, ") VALUES("));
    const size_t count = table->column_count + housekeeping_columns(table);
    for (size_t i = 1; i <= count; i++)
        TRY(buffer_print(sql, "%s?%zu", i > 1 ? ", " : "", i));
    TRY(put_text(sql, ")"));
    return buffer_put_u8(sql, 0);
}

/* "UPDATE t SET c = ?1, ..., revision = ?, batch = ?, seal = ? WHERE a = ? AND b = ? AND revision =
 * ?" */
static Status write_update(Buffer *sql, const StoreTable *slot, uint32_t mask)
{
    const Table *table = slot->table;
    int next = 1;
    TRY(buffer_print(sql, "UPDATE %s SET ", table->name));
    for (size_t i = 0; i < table->column_count; i++) {
        if ((mask >> i & 1) == 1)
            TRY(buffer_print(sql, "%s = ?%d, ", table->columns[i].name, next++));
    }
    TRY(buffer_print(
            sql, "revision = ?%d, batch = ?%d, seal = ?%d WHERE ", next, next + 1, next + 2));
    next += 3;
    TRY(put_equal(sql, table, slot->ids, table->key_columns, next));
    TRY(buffer_print(sql, " AND revision = ?%d", next + table->key_columns));
    return buffer_put_u8(sql, 0);
}

/* Rows behind a key, by row-value comparison (SQLite and PostgreSQL), in key order. */
static Status write_scan(Buffer *sql, const StoreTable *slot, bool after)
{
    const Table *table = slot->table;
    TRY(put_select(sql, table));
    if (after) {
        TRY(put_text(sql, " WHERE ("));
        for (size_t i = 0; i < table->key_columns; i++)
            TRY(buffer_print(sql, "%s%s", i > 0 ? ", " : "", table->columns[i].name));
        TRY(put_text(sql, ") > ("));
        for (size_t i = 0; i < table->key_columns; i++)
            TRY(buffer_print(sql, "%s?%zu", i > 0 ? ", " : "", i + 1));
        TRY(put_text(sql, ")"));
    }
    TRY(put_text(sql, " ORDER BY "));
    for (size_t i = 0; i < table->key_columns; i++)
        TRY(buffer_print(sql, "%s%s", i > 0 ? ", " : "", table->columns[i].name));
    return buffer_put_u8(sql, 0);
}

Status statement_select(Store *store, StoreTable *slot, sqlite3_stmt **ret)
{
    if (slot->select == NULL) {
        uint8_t memory[STORE_SQL_BYTES_MAX];
        Buffer sql = BUFFER_OF(memory);
        TRY(write_select(&sql, slot->table, slot->ids, slot->table->key_columns));
        TRY(store_prepare(store, (const char *)sql.data, &slot->select));
    }
    *ret = slot->select;
    return OK;
}

static Status statement_insert(Store *store, StoreTable *slot, sqlite3_stmt **ret)
{
    if (slot->insert == NULL) {
        uint8_t memory[STORE_SQL_BYTES_MAX];
        Buffer sql = BUFFER_OF(memory);
        TRY(write_insert(&sql, slot->table));
        TRY(store_prepare(store, (const char *)sql.data, &slot->insert));
    }
    *ret = slot->insert;
    return OK;
}

/* One UPDATE for each set of columns that change together: SQLite then leaves the indexes of the
 * others alone. */
static Status statement_update(Store *store, StoreTable *slot, uint32_t mask, sqlite3_stmt **ret)
{
    for (size_t i = 0; i < STORE_UPDATES_MAX; i++) {
        if (slot->updates[i].statement == NULL || slot->updates[i].mask != mask) continue;
        *ret = slot->updates[i].statement;
        return OK;
    }
    uint8_t memory[STORE_SQL_BYTES_MAX];
    Buffer sql = BUFFER_OF(memory);
    sqlite3_stmt *made = NULL;
    TRY(write_update(&sql, slot, mask));
    TRY(store_prepare(store, (const char *)sql.data, &made));
    StoreUpdate *place = &slot->updates[slot->update_next];
    slot->update_next = (slot->update_next + 1) % STORE_UPDATES_MAX;
    sqlite3_finalize(place->statement);
    *place = (StoreUpdate) { mask, made };
    *ret = made;
    return OK;
}

void statement_close(StoreTable *slot)
{
    sqlite3_finalize(slot->select);
    sqlite3_finalize(slot->insert);
    for (size_t i = 0; i < STORE_UPDATES_MAX; i++)
        sqlite3_finalize(slot->updates[i].statement);
}

/* --- reading --- */

/* The row under the cursor; its values borrow from SQLite. Refuses REFUSED_ROW_INVALID. */
static Status take_row(sqlite3_stmt *statement, const Table *table, Row *ret_row, Span *ret_seal)
{
    const int count = table->column_count;
    ret_row->table = table;
    for (int i = 0; i < count; i++)
        ret_row->values[i] = store_column(statement, i);
    const Value batch = store_column(statement, count + (table->append_only ? 0 : 1));
    const Value revision = table->append_only ? VALUE_OF_INT(1) : store_column(statement, count);
    const Value seal = store_column(statement, count + (table->append_only ? 1 : 2));
    *ret_seal = seal.type == VALUE_BYTES ? seal.bytes : (Span) { 0 };
    REQUIRE(revision.type == VALUE_INT && batch.type == VALUE_INT, REFUSED_ROW_INVALID);
    ret_row->revision = revision.integer;
    ret_row->batch = batch.integer;
    return OK;
}

static RowHead head_of(const Row *row)
{
    const Table *table = row->table;
    return (RowHead) { table->id, table->schema, table->key_columns, row->revision, row->batch };
}

static Status encode(const Row *row, const uint16_t *ids, Buffer *ret_image)
{
    const RowHead head = head_of(row);
    return row_encode(&head, ids, row->values, row->table->column_count, ret_image);
}

/* Values that pointed into SQLite's memory point at their copies inside the image: the layout is
 * row.h's. */
static void point_into_image(Row *row, const uint8_t *image)
{
    enum { BEFORE_KEY = 8, COLUMN_HEAD = 7, HOUSEKEEPING = 30 };
    size_t at = BEFORE_KEY;
    for (size_t i = 0; i < row->table->column_count; i++) {
        if (i == row->table->key_columns) at += HOUSEKEEPING;
        Value *v = &row->values[i];
        at += COLUMN_HEAD;
        if (v->type == VALUE_INT) at += 8;
        if (v->type != VALUE_TEXT && v->type != VALUE_BYTES) continue;
        v->bytes.data = image + at;
        at += v->bytes.size;
    }
}

/* Copy the row under the cursor into the arena: once, as its image. */
static Status keep_row(
        sqlite3_stmt *statement, const StoreTable *slot, Arena *arena, StoredRow *ret_row)
{
    Span seal = { 0 };
    TRY(take_row(statement, slot->table, &ret_row->row, &seal));
    const size_t size = row_image_bytes(ret_row->row.values, slot->table->column_count);
    REQUIRE(size <= ROW_IMAGE_BYTES_MAX && seal.size == SEAL_BYTES, REFUSED_ROW_INVALID);
    uint8_t *memory = arena_take(arena, size + seal.size);
    REQUIRE(memory != NULL, REFUSED_BUFFER_FULL);
    Buffer image = { memory, 0, size };
    REQUIRE(status_ok(encode(&ret_row->row, slot->ids, &image)), REFUSED_ROW_INVALID);
    memcpy(memory + size, seal.data, seal.size);
    point_into_image(&ret_row->row, memory);
    ret_row->image = (Span) { memory, size };
    ret_row->seal = (Span) { memory + size, seal.size };
    return OK;
}

static Status read_one(Store *store, sqlite3_stmt *statement, const StoreTable *slot,
        const Value *parameters, size_t count, Arena *arena, StoredRow *ret_row, bool *ret_found)
{
    TRY(store_bind(statement, parameters, count, 1));
    const int code = sqlite3_step(statement);
    Status s = code == SQLITE_ROW ? keep_row(statement, slot, arena, ret_row)
                                  : store_result(store, code);
    sqlite3_reset(statement);
    if (status_ok(s)) *ret_found = code == SQLITE_ROW;
    return s;
}

Status store_read(Store *store, StoreTable *slot, const Value *key, Arena *arena,
        StoredRow *ret_row, bool *ret_found)
{
    sqlite3_stmt *statement = NULL;
    TRY(statement_select(store, slot, &statement));
    return read_one(
            store, statement, slot, key, slot->table->key_columns, arena, ret_row, ret_found);
}

static Status lookup_statement(Store *store, const Lookup *lookup, sqlite3_stmt **ret)
{
    for (size_t i = 0; i < store->lookup_count; i++) {
        if (store->lookups[i].lookup != lookup) continue;
        *ret = store->lookups[i].statement;
        return OK;
    }
    ASSERT(store->lookup_count < STORE_LOOKUPS_MAX);
    ASSERT(lookup->column_count >= 1 && lookup->column_count <= LOOKUP_COLUMNS_MAX);
    uint8_t memory[STORE_SQL_BYTES_MAX];
    Buffer sql = BUFFER_OF(memory);
    sqlite3_stmt *made = NULL;
    TRY(write_select(&sql, lookup->table, lookup->columns, lookup->column_count));
    TRY(store_prepare(store, (const char *)sql.data, &made));
    store->lookups[store->lookup_count++] = (StoreLookup) { lookup, made };
    *ret = made;
    return OK;
}

Status store_read_lookup(Store *store, const Lookup *lookup, const Value *parameters,
        size_t parameter_count, Arena *arena, StoredRow *ret_row, bool *ret_found)
{
    ASSERT(parameter_count == lookup->column_count);
    sqlite3_stmt *statement = NULL;
    TRY(lookup_statement(store, lookup, &statement));
    return read_one(store, statement, store_slot(store, lookup->table), parameters, parameter_count,
            arena, ret_row, ret_found);
}

/* --- writing --- */

/* One row in or changed. Zero rows changed means that somebody else wrote to our database. */
static Status write_one(Store *store, sqlite3_stmt *statement)
{
    const int code = sqlite3_step(statement);
    const int changed = sqlite3_changes(store->db);
    sqlite3_reset(statement);
    CHECK(code != SQLITE_ROW, FAULT_STORE);
    if (code != SQLITE_DONE) return store_result(store, code);
    CHECK(changed == 1, FAULT_STORE);
    return OK;
}

Status store_write_insert(Store *store, const Row *row, Span seal)
{
    const Table *table = row->table;
    StoreTable *slot = store_slot(store, table);
    sqlite3_stmt *statement = NULL;
    TRY(statement_insert(store, slot, &statement));
    TRY(store_bind(statement, row->values, table->column_count, 1));
    const Value tail[] = { VALUE_OF_INT(row->revision), VALUE_OF_INT(row->batch),
        VALUE_OF_BYTES(seal) };
    const size_t skip = table->append_only ? 1 : 0;
    TRY(store_bind(statement, tail + skip, 3 - skip, table->column_count + 1));
    return write_one(store, statement);
}

Status store_write_update(Store *store, const Row *old, const Row *row, Span seal)
{
    const Table *table = row->table;
    ASSERT(!table->append_only);
    uint32_t mask = 0;
    for (size_t i = table->key_columns; i < table->column_count; i++) {
        if (!value_equal(&old->values[i], &row->values[i])) mask |= (uint32_t)1 << i;
    }
    sqlite3_stmt *statement = NULL;
    TRY(statement_update(store, store_slot(store, table), mask, &statement));
    int next = 1;
    for (size_t i = table->key_columns; i < table->column_count; i++) {
        if ((mask >> i & 1) == 1) TRY(store_bind(statement, &row->values[i], 1, next++));
    }
    const Value tail[] = { VALUE_OF_INT(row->revision), VALUE_OF_INT(row->batch),
        VALUE_OF_BYTES(seal) };
    TRY(store_bind(statement, tail, 3, next));
    TRY(store_bind(statement, row->values, table->key_columns, next + 3));
    TRY(store_bind(statement, &VALUE_OF_INT(old->revision), 1, next + 3 + table->key_columns));
    return write_one(store, statement);
}

/* --- scanning --- */

static Status visit_row(Store *store, sqlite3_stmt *statement, const StoreTable *slot,
        StoreVisit visit, void *context)
{
    Row row;
    Span seal = { 0 };
    Buffer image = BUFFER_OF(store->image);
    const Status s = take_row(statement, slot->table, &row, &seal);
    const bool canonical = status_ok(s) && status_ok(encode(&row, slot->ids, &image));
    return visit(context, canonical ? span_of_buffer(&image) : (Span) { 0 }, seal);
}

static void statement_free(sqlite3_stmt **statement) { sqlite3_finalize(*statement); }

Status store_scan_from(Store *store, const Table *table, const Value *after, size_t count_max,
        StoreVisit visit, void *context, size_t *ret_count)
{
    const StoreTable *slot = store_slot(store, table);
    uint8_t memory[STORE_SQL_BYTES_MAX];
    Buffer sql = BUFFER_OF(memory);
    CLEANUP(statement_free) sqlite3_stmt *statement = NULL;
    TRY(write_scan(&sql, slot, after != NULL));
    TRY(store_prepare(store, (const char *)sql.data, &statement));
    if (after != NULL) TRY(store_bind(statement, after, table->key_columns, 1));
    size_t count = 0;
    while (count < count_max) {
        const int code = sqlite3_step(statement);
        if (code == SQLITE_DONE) break;
        if (code != SQLITE_ROW) return store_result(store, code);
        TRY(visit_row(store, statement, slot, visit, context));
        count++;
    }
    *ret_count = count;
    return OK;
}

Status store_scan(Store *store, const Table *table, StoreVisit visit, void *context)
{
    size_t count = 0;
    return store_scan_from(store, table, NULL, SIZE_MAX, visit, context, &count);
}
