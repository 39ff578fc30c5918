#include "attach/table.h"

#include "base/encoding.h"

static Status copy_name(Span from, char *ret_to, size_t capacity)
{
    REQUIRE(from.size < capacity, REFUSED_IPC_FORMAT);
    memcpy(ret_to, from.data, from.size);
    ret_to[from.size] = '\0';
    return OK;
}

static Status take_columns(Cursor *c, AttachTable *t)
{
    uint32_t count = 0;
    TRY(wire_take_count(c, WIRE_ATTACHED_COLUMNS_MAX, &count));
    t->columns = count;
    for (uint32_t i = 0; i < count; i++) {
        WireAttachedColumn column;
        TRY(wire_take_attached_column(c, &column));
        t->column[i].kind = column.kind;
        t->column[i].is_key = column.is_key;
        if (column.is_key) t->key_columns++;
        TRY(copy_name(column.name, t->column[i].name, sizeof(t->column[i].name)));
    }
    REQUIRE(t->key_columns >= 1 && t->key_columns <= ROW_KEY_COLUMNS_MAX, REFUSED_IPC_FORMAT);
    return cursor_end(c);
}

Status attach_table_take(const WireAttachedStatus *status, AttachTable *ret_table)
{
    *ret_table = (AttachTable) { .number = status->table,
        .phase = status->phase,
        .rows = status->rows,
        .frozen = status->frozen,
        .pending = status->pending };
    Cursor c = cursor_of(status->definition);
    WireAttachedTable facts;
    TRY(wire_take_attached_table(&c, &facts));
    TRY(copy_name(facts.database, ret_table->database, sizeof(ret_table->database)));
    TRY(copy_name(facts.name, ret_table->name, sizeof(ret_table->name)));
    return take_columns(&c, ret_table);
}

static const uint16_t ids[ROW_COLUMNS_MAX] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32 };

Status attach_image(const AttachTable *t, const Value *values, Buffer *ret_image)
{
    const RowHead head = { t->number, 1, t->key_columns, 0, 0 };
    return row_encode(&head, ids, values, t->columns, ret_image);
}

Status attach_key(const AttachTable *t, const Value *values, Buffer *ret_key)
{
    return row_encode_key(t->number, ids, values, t->key_columns, ret_key);
}

/* Whoever writes the table chooses its keys: nothing of them moves a terminal's cursor. */
static Status put_printable(Span text, Buffer *b)
{
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];
        const bool c1 = byte == 0xC2 && i + 1 < text.size && text.data[i + 1] < 0xA0;
        if (c1) i++;
        TRY(buffer_put_u8(b, c1 || byte < ' ' || byte == 0x7F ? '?' : byte));
    }
    return OK;
}

static Status put_value(Cursor *c, Buffer *b)
{
    uint16_t id = 0;
    uint8_t type = 0;
    Span bytes;
    int64_t number = 0;
    TRY(cursor_u16(c, &id));
    TRY(cursor_u8(c, &type));
    TRY(cursor_framed(c, ROW_VALUE_BYTES_MAX, &bytes));
    Cursor inside = cursor_of(bytes);
    switch (type) {
    case VALUE_INT:
        TRY(cursor_i64(&inside, &number));
        return buffer_print(b, "%lld", (long long)number);
    case VALUE_TEXT: return put_printable(bytes, b);
    case VALUE_BYTES: return hex_encode(bytes, b);
    default: return buffer_put(b, SPAN("NULL"));
    }
}

Status attach_key_text(const AttachTable *t, Span key, Buffer *ret_text)
{
    Cursor c = cursor_of(key);
    uint16_t number = 0;
    uint8_t count = 0;
    TRY(cursor_u16(&c, &number));
    TRY(cursor_u8(&c, &count));
    REQUIRE(number == t->number && count == t->key_columns, REFUSED_ROW_INVALID);
    for (uint8_t i = 0; i < count; i++) {
        TRY(buffer_print(ret_text, "%s%s=", i > 0 ? ", " : "", t->column[i].name));
        TRY(put_value(&c, ret_text));
    }
    return cursor_end(&c);
}

int64_t attach_seal_revision(const uint8_t seal[WIRE_SEAL_BYTES])
{
    enum { REVISION_AT = 8 };
    Cursor c = cursor_of((Span) { seal + REVISION_AT, 8 });
    int64_t revision = 0;
    ASSERT(status_ok(cursor_i64(&c, &revision)));
    return revision;
}
