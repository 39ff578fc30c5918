#include "base/row.h"

bool value_equal(const Value *a, const Value *b)
{
    if (a->type != b->type) return false;
    if (a->type == VALUE_NULL) return true;
    if (a->type == VALUE_INT) return a->integer == b->integer;
    return span_equal(a->bytes, b->bytes);
}

static Status put_column(Buffer *b, uint16_t id, const Value *value)
{
    TRY(buffer_put_u16(b, id));
    TRY(buffer_put_u8(b, (uint8_t)value->type));
    switch (value->type) {
    case VALUE_NULL: return buffer_put_u32(b, 0);
    case VALUE_INT:
        TRY(buffer_put_u32(b, 8));
        return buffer_put_i64(b, value->integer);
    case VALUE_TEXT:
    case VALUE_BYTES:
        REQUIRE(value->bytes.size <= ROW_VALUE_BYTES_MAX, REFUSED_BUFFER_FULL);
        return buffer_put_framed(b, value->bytes);
    }
    return REFUSE(REFUSED_ROW_INVALID);
}

static Status put_key(
        Buffer *b, uint16_t table, const uint16_t *ids, const Value *values, uint8_t key_columns)
{
    TRY(buffer_put_u16(b, table));
    TRY(buffer_put_u8(b, key_columns));
    for (size_t i = 0; i < key_columns; i++)
        TRY(put_column(b, ids[i], &values[i]));
    return OK;
}

static Status put_image(const RowHead *head, const uint16_t *ids, const Value *values, size_t count,
        Buffer *b)
{
    TRY(buffer_put_u8(b, ROW_VERSION));
    TRY(buffer_put_u16(b, head->schema));
    TRY(buffer_put_u16(b, (uint16_t)count));
    TRY(put_key(b, head->table, ids, values, head->key_columns));
    TRY(put_column(b, ROW_COLUMN_REVISION, &VALUE_OF_INT(head->revision)));
    TRY(put_column(b, ROW_COLUMN_BATCH, &VALUE_OF_INT(head->batch)));
    for (size_t i = head->key_columns; i < count; i++)
        TRY(put_column(b, ids[i], &values[i]));
    return OK;
}

Status row_encode(const RowHead *head, const uint16_t *ids, const Value *values, size_t count,
        Buffer *ret_image)
{
    ASSERT(count <= ROW_COLUMNS_MAX);
    ASSERT(head->key_columns >= 1 && head->key_columns <= ROW_KEY_COLUMNS_MAX);
    ASSERT(head->key_columns <= count);
    const size_t before = ret_image->size;
    const Status s = put_image(head, ids, values, count, ret_image);
    if (!status_ok(s)) ret_image->size = before;
    return s;
}

Status row_encode_key(uint16_t table, const uint16_t *ids, const Value *values,
        uint8_t key_columns, Buffer *ret_key)
{
    ASSERT(key_columns >= 1 && key_columns <= ROW_KEY_COLUMNS_MAX);
    const size_t before = ret_key->size;
    const Status s = put_key(ret_key, table, ids, values, key_columns);
    if (!status_ok(s)) ret_key->size = before;
    return s;
}

static Status take_column(Cursor *c, uint16_t *ret_id, Value *ret_value)
{
    uint8_t type = 0;
    Span bytes = { 0 };
    TRY(cursor_u16(c, ret_id));
    TRY(cursor_u8(c, &type));
    TRY(cursor_framed(c, ROW_VALUE_BYTES_MAX, &bytes));
    REQUIRE(type <= VALUE_BYTES, REFUSED_ROW_INVALID);
    *ret_value = (Value) { (ValueType)type, 0, { NULL, 0 } };
    if (type == VALUE_NULL) {
        REQUIRE(bytes.size == 0, REFUSED_ROW_INVALID);
        return OK;
    }
    if (type == VALUE_INT) {
        Cursor number = cursor_of(bytes);
        TRY(cursor_i64(&number, &ret_value->integer));
        return cursor_end(&number);
    }
    ret_value->bytes = bytes;
    return OK;
}

static Status take_housekeeping(Cursor *c, uint16_t wanted, int64_t *ret)
{
    uint16_t id = 0;
    Value value = { 0 };
    TRY(take_column(c, &id, &value));
    REQUIRE(id == wanted && value.type == VALUE_INT, REFUSED_ROW_INVALID);
    *ret = value.integer;
    return OK;
}

static Status parse_image(Span image, RowView *v)
{
    Cursor c = cursor_of(image);
    uint8_t version = 0;
    uint16_t count = 0;
    TRY(cursor_u8(&c, &version));
    REQUIRE(version == ROW_VERSION, REFUSED_ROW_INVALID);
    TRY(cursor_u16(&c, &v->head.schema));
    TRY(cursor_u16(&c, &count));
    REQUIRE(count >= 1 && count <= ROW_COLUMNS_MAX, REFUSED_ROW_INVALID);
    v->count = count;

    const Span from_key = c.rest;
    TRY(cursor_u16(&c, &v->head.table));
    TRY(cursor_u8(&c, &v->head.key_columns));
    REQUIRE(v->head.key_columns >= 1 && v->head.key_columns <= ROW_KEY_COLUMNS_MAX,
            REFUSED_ROW_INVALID);
    REQUIRE(v->head.key_columns <= count, REFUSED_ROW_INVALID);
    for (size_t i = 0; i < v->head.key_columns; i++)
        TRY(take_column(&c, &v->ids[i], &v->values[i]));
    v->key = (Span) { from_key.data, from_key.size - c.rest.size };
    REQUIRE(v->key.size <= ROW_KEY_BYTES_MAX, REFUSED_ROW_INVALID);

    TRY(take_housekeeping(&c, ROW_COLUMN_REVISION, &v->head.revision));
    TRY(take_housekeeping(&c, ROW_COLUMN_BATCH, &v->head.batch));
    for (size_t i = v->head.key_columns; i < count; i++)
        TRY(take_column(&c, &v->ids[i], &v->values[i]));
    return cursor_end(&c);
}

Status row_parse(Span image, RowView *ret_view)
{
    RowView view = { .image = image };
    REQUIRE(image.size <= ROW_IMAGE_BYTES_MAX, REFUSED_ROW_INVALID);
    REQUIRE(status_ok(parse_image(image, &view)), REFUSED_ROW_INVALID);
    *ret_view = view;
    return OK;
}

const Value *row_value(const RowView *view, uint16_t column)
{
    for (size_t i = 0; i < view->count; i++) {
        if (view->ids[i] == column) return &view->values[i];
    }
    return NULL;
}

int64_t row_int(const RowView *view, uint16_t column, int64_t otherwise)
{
    const Value *value = row_value(view, column);
    return value != NULL && value->type == VALUE_INT ? value->integer : otherwise;
}

Span row_bytes(const RowView *view, uint16_t column)
{
    const Value *value = row_value(view, column);
    const bool has = value != NULL && (value->type == VALUE_TEXT || value->type == VALUE_BYTES);
    return has ? value->bytes : (Span) { NULL, 0 };
}
