#include "ipc/wire_shape.h"

static Status put_field(Buffer *b, const WireField *field, const uint8_t *at)
{
    switch (field->type) {
    case FIELD_BOOL: return buffer_put_u8(b, *(const bool *)at ? 1 : 0);
    case FIELD_U8: return buffer_put_u8(b, *at);
    case FIELD_U16: return buffer_put_u16(b, *(const uint16_t *)(const void *)at);
    case FIELD_U32: return buffer_put_u32(b, *(const uint32_t *)(const void *)at);
    case FIELD_U64: return buffer_put_u64(b, *(const uint64_t *)(const void *)at);
    case FIELD_I64: return buffer_put_i64(b, *(const int64_t *)(const void *)at);
    case FIELD_FIXED: return buffer_put(b, (Span) { at, field->max });
    case FIELD_SPAN:
    case FIELD_SEAL: break;
    }
    const Span *bytes = (const Span *)(const void *)at;
    REQUIRE(bytes->size >= field->min && bytes->size <= field->max, REFUSED_IPC_TOO_LARGE);
    if (field->type == FIELD_SEAL)
        REQUIRE(bytes->size == 0 || bytes->size == field->max, REFUSED_IPC_TOO_LARGE);
    return buffer_put_framed(b, *bytes);
}

Status wire_shape_put(Buffer *b, const WireShape *shape, const void *value)
{
    const size_t before = b->size;
    Status s = OK;
    for (size_t i = 0; i < shape->count && status_ok(s); i++)
        s = put_field(b, &shape->fields[i], (const uint8_t *)value + shape->fields[i].offset);
    if (!status_ok(s)) b->size = before;
    return s;
}

static Status take_field(Cursor *c, const WireField *field, uint8_t *at)
{
    uint8_t flag = 0;
    switch (field->type) {
    case FIELD_BOOL:
        TRY(cursor_u8(c, &flag));
        REQUIRE(flag <= 1, REFUSED_IPC_FORMAT);
        *(bool *)at = flag == 1;
        return OK;
    case FIELD_U8: return cursor_u8(c, at);
    case FIELD_U16: return cursor_u16(c, (uint16_t *)(void *)at);
    case FIELD_U32: return cursor_u32(c, (uint32_t *)(void *)at);
    case FIELD_U64: return cursor_u64(c, (uint64_t *)(void *)at);
    case FIELD_I64: return cursor_i64(c, (int64_t *)(void *)at);
    case FIELD_FIXED: return cursor_copy(c, field->max, at);
    case FIELD_SPAN:
    case FIELD_SEAL: break;
    }
    Span *bytes = (Span *)(void *)at;
    TRY(cursor_framed(c, field->max, bytes));
    REQUIRE(bytes->size >= field->min, REFUSED_IPC_FORMAT);
    if (field->type == FIELD_SEAL)
        REQUIRE(bytes->size == 0 || bytes->size == field->max, REFUSED_IPC_FORMAT);
    return OK;
}

Status wire_shape_take(Cursor *c, const WireShape *shape, void *ret)
{
    _Alignas(max_align_t) uint8_t value[WIRE_SHAPE_BYTES_MAX] = { 0 };
    Cursor at = *c;
    for (size_t i = 0; i < shape->count; i++) {
        const WireField *field = &shape->fields[i];
        REQUIRE(status_ok(take_field(&at, field, value + field->offset)), REFUSED_IPC_FORMAT);
    }
    *c = at;
    memcpy(ret, value, shape->size);
    return OK;
}
