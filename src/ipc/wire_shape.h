#pragma once
/*
 * wire_shape: each payload is one table that reads like its layout; two functions walk it. A field
 * is thus bounded in the same way when it is written and when it is read, and no shape has code of
 * its own to be wrong in. For the wire headers of this room.
 */
#include "base/bytes.h"

typedef enum WireFieldType {
    FIELD_BOOL, /* u8, 0 or 1 */
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_U64,
    FIELD_I64,
    FIELD_FIXED, /* `max` bytes inside the struct */
    FIELD_SPAN, /* framed, min..max bytes */
    FIELD_SEAL, /* framed, WIRE_SEAL_BYTES or empty */
} WireFieldType;

typedef struct WireField {
    WireFieldType type;
    size_t offset;
    size_t min;
    size_t max;
} WireField;

enum { WIRE_SHAPE_BYTES_MAX = 256 };

typedef struct WireShape {
    const WireField *fields;
    size_t count;
    size_t size; /* of the struct */
} WireShape;

#define SHAPE(type, name, ...)                                            \
    static const WireField name##_fields[] = { __VA_ARGS__ };             \
    static const WireShape name = { name##_fields,                        \
        sizeof(name##_fields) / sizeof(name##_fields[0]), sizeof(type) }; \
    _Static_assert(                                                       \
            sizeof(type) <= WIRE_SHAPE_BYTES_MAX, #type " needs a larger WIRE_SHAPE_BYTES_MAX")

/* A field's place in its struct. */
#define AT(type, field) offsetof(type, field)

/* Refuses REFUSED_IPC_TOO_LARGE (a part is out of its bounds), REFUSED_BUFFER_FULL; then the
 * buffer is unchanged. */
MUST_USE Status wire_shape_put(Buffer *b, const WireShape *shape, const void *value);
/* Refuses REFUSED_IPC_FORMAT; then cursor and `ret` are unchanged. */
MUST_USE Status wire_shape_take(Cursor *c, const WireShape *shape, void *ret);

/* The put and take of one shape, called name##_shape. */
#define WIRE_PAIR(name, Type)                            \
    Status wire_put_##name(Buffer *b, const Type *value) \
    {                                                    \
        return wire_shape_put(b, &name##_shape, value);  \
    }                                                    \
    Status wire_take_##name(Cursor *c, Type *ret) { return wire_shape_take(c, &name##_shape, ret); }
