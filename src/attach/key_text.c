#include "attach/key_text.h"

#include "base/encoding.h"

#include <stdio.h>

static Status key_value(uint8_t kind, const Value *value, char *ret, size_t capacity)
{
    int n = -1;
    if (value->type == VALUE_INT && kind == ATTACHED_INT)
        n = snprintf(ret, capacity, "%lld", (long long)value->integer);
    if (value->type == VALUE_TEXT)
        n = snprintf(
                ret, capacity, "%.*s", (int)value->bytes.size, (const char *)value->bytes.data);
    if (value->type == VALUE_BYTES && value->bytes.size * 2 + 3 < capacity) {
        Buffer text = { (uint8_t *)ret, 0, capacity - 1 };
        if (value->bytes.size != 16) TRY(buffer_put(&text, SPAN("\\x")));
        TRY(hex_encode(value->bytes, &text));
        ret[text.size] = '\0';
        return OK;
    }
    REQUIRE(n >= 0 && (size_t)n < capacity, REFUSED_ATTACH_COLUMN_TYPE);
    return OK;
}

static Status take_key_value(Cursor *c, Value *ret)
{
    uint16_t id = 0;
    uint8_t type = 0;
    TRY(cursor_u16(c, &id));
    TRY(cursor_u8(c, &type));
    *ret = (Value) { .type = (ValueType)type };
    TRY(cursor_framed(c, ROW_KEY_BYTES_MAX, &ret->bytes));
    Cursor inside = cursor_of(ret->bytes);
    return type == VALUE_INT ? cursor_i64(&inside, &ret->integer) : OK;
}

Status attach_key_values(const AttachTable *t, Span key, AttachKeyText *ret_text)
{
    Cursor c = cursor_of(key);
    uint16_t number = 0;
    uint8_t count = 0;
    TRY(cursor_u16(&c, &number));
    TRY(cursor_u8(&c, &count));
    REQUIRE(number == t->number && count == t->key_columns, REFUSED_ROW_INVALID);
    for (uint8_t i = 0; i < count; i++) {
        Value value;
        TRY(take_key_value(&c, &value));
        TRY(key_value(t->column[i].kind, &value, ret_text->memory[i], sizeof(ret_text->memory[i])));
        ret_text->values[i] = ret_text->memory[i];
    }
    return cursor_end(&c);
}
