#include "base/row.h"

bool value_equal(const Value *a, const Value *b)
{
    if (a->type != b->type) return false;
    if (a->type == VALUE_NULL) return true;
    if (a->type == VALUE_INT) return a->integer == b->integer;
    return span_equal(a->bytes, b->bytes);
}

enum { COLUMN_HEAD_BYTES = 2 + 1 + 4, KEY_HEAD_BYTES = 2 + 1, IMAGE_HEAD_BYTES = 1 + 2 + 2 };

static size_t value_bytes(const Value *value)
{
    if (value->type == VALUE_NULL) return 0;
    return value->type == VALUE_INT ? sizeof(int64_t) : value->bytes.size;
}

static size_t columns_bytes(const Value *values, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += COLUMN_HEAD_BYTES + value_bytes(&values[i]);
    return bytes;
}

static bool values_fit(const Value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (value_bytes(&values[i]) > ROW_VALUE_BYTES_MAX) return false;
    }
    return true;
}

size_t row_image_bytes(const Value *values, size_t count)
{
    return IMAGE_HEAD_BYTES + KEY_HEAD_BYTES + 2 * (COLUMN_HEAD_BYTES + sizeof(int64_t))
            + columns_bytes(values, count);
}

/* Space is reserved once for the whole image; what follows only fills it. A row is encoded several
 * times on a payment's way, so this is the one place that writes without asking at each field. */
static uint8_t *write_number(uint8_t *to, uint64_t number, size_t size)
{
    const uint64_t big = __builtin_bswap64(number);
    memcpy(to, (const uint8_t *)&big + (sizeof(big) - size), size);
    return to + size;
}

static uint8_t *write_column(uint8_t *to, uint16_t id, const Value *value)
{
    const size_t size = value_bytes(value);
    to = write_number(to, id, 2);
    to = write_number(to, (uint64_t)value->type, 1);
    to = write_number(to, size, 4);
    if (value->type == VALUE_INT) return write_number(to, (uint64_t)value->integer, 8);
    if (size > 0) memcpy(to, value->bytes.data, size);
    return to + size;
}

static uint8_t *write_key(
        uint8_t *to, uint16_t table, const uint16_t *ids, const Value *values, uint8_t key_columns)
{
    to = write_number(to, table, 2);
    to = write_number(to, key_columns, 1);
    for (size_t i = 0; i < key_columns; i++)
        to = write_column(to, ids[i], &values[i]);
    return to;
}

Status row_encode(const RowHead *head, const uint16_t *ids, const Value *values, size_t count,
        Buffer *ret_image)
{
    ASSERT(count <= ROW_COLUMNS_MAX);
    ASSERT(head->key_columns >= 1 && head->key_columns <= ROW_KEY_COLUMNS_MAX);
    ASSERT(head->key_columns <= count);
    REQUIRE(values_fit(values, count), REFUSED_BUFFER_FULL);
    const size_t key_bytes = KEY_HEAD_BYTES + columns_bytes(values, head->key_columns);
    const size_t size = row_image_bytes(values, count);
    REQUIRE(key_bytes <= ROW_KEY_BYTES_MAX, REFUSED_BUFFER_FULL);
    REQUIRE(size <= ROW_IMAGE_BYTES_MAX, REFUSED_BUFFER_FULL);
    uint8_t *start = NULL;
    TRY(buffer_reserve(ret_image, size, &start));

    uint8_t *to = write_number(start, ROW_VERSION, 1);
    to = write_number(to, head->schema, 2);
    to = write_number(to, count, 2);
    to = write_key(to, head->table, ids, values, head->key_columns);
    to = write_column(to, ROW_COLUMN_REVISION, &VALUE_OF_INT(head->revision));
    to = write_column(to, ROW_COLUMN_BATCH, &VALUE_OF_INT(head->batch));
    for (size_t i = head->key_columns; i < count; i++)
        to = write_column(to, ids[i], &values[i]);
    ASSERT(to == start + size);
    return OK;
}

Status row_encode_key(uint16_t table, const uint16_t *ids, const Value *values, uint8_t key_columns,
        Buffer *ret_key)
{
    ASSERT(key_columns >= 1 && key_columns <= ROW_KEY_COLUMNS_MAX);
    REQUIRE(values_fit(values, key_columns), REFUSED_BUFFER_FULL);
    const size_t size = KEY_HEAD_BYTES + columns_bytes(values, key_columns);
    REQUIRE(size <= ROW_KEY_BYTES_MAX, REFUSED_BUFFER_FULL);
    uint8_t *start = NULL;
    TRY(buffer_reserve(ret_key, size, &start));
    ASSERT(write_key(start, table, ids, values, key_columns) == start + size);
    return OK;
}

/* Rows are parsed on every way, scans parse millions: a column is two steps of the cursor. */
static Status take_column(Cursor *c, uint16_t *ret_id, Value *ret_value)
{
    Span head;
    Span bytes;
    uint32_t size = 0;
    TRY(cursor_take(c, COLUMN_HEAD_BYTES, &head));
    const uint8_t type = head.data[2];
    *ret_id = (uint16_t)(head.data[0] << 8 | head.data[1]);
    memcpy(&size, head.data + 3, sizeof(size));
    size = __builtin_bswap32(size);
    REQUIRE(type <= VALUE_BYTES && size <= ROW_VALUE_BYTES_MAX, REFUSED_ROW_INVALID);
    TRY(cursor_take(c, size, &bytes));
    *ret_value = (Value) { (ValueType)type, 0, { NULL, 0 } };
    if (type == VALUE_NULL) {
        REQUIRE(size == 0, REFUSED_ROW_INVALID);
        return OK;
    }
    if (type == VALUE_INT) {
        uint64_t number = 0;
        REQUIRE(size == sizeof(number), REFUSED_ROW_INVALID);
        memcpy(&number, bytes.data, sizeof(number));
        ret_value->integer = (int64_t)__builtin_bswap64(number);
        return OK;
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
    RowView view;
    view.image = image;
    REQUIRE(image.size <= ROW_IMAGE_BYTES_MAX, REFUSED_ROW_INVALID);
    REQUIRE(status_ok(parse_image(image, &view)), REFUSED_ROW_INVALID);
    /* Not the whole of it: what no column filled is nobody's to read. */
    ret_view->head = view.head;
    ret_view->image = view.image;
    ret_view->key = view.key;
    ret_view->count = view.count;
    memcpy(ret_view->ids, view.ids, view.count * sizeof(view.ids[0]));
    memcpy(ret_view->values, view.values, view.count * sizeof(view.values[0]));
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

size_t row_revision_at(const RowView *view)
{
    return IMAGE_HEAD_BYTES + view->key.size + COLUMN_HEAD_BYTES;
}

Span row_body(const RowView *view)
{
    const size_t at = row_revision_at(view) + 2 * sizeof(int64_t) + COLUMN_HEAD_BYTES;
    return (Span) { view->image.data + at, view->image.size - at };
}
