#pragma once
/*
 * vector_test: published test vectors as they are printed, in hexadecimal. For this room's tests
 * only.
 */
#include "base/encoding.h"
#include "base/expect.h"

enum { VECTOR_BYTES_MAX = 512 };

typedef struct Vector {
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t size;
} Vector;

static inline Vector vector(const char *hex)
{
    Vector v = { 0 };
    Buffer to = BUFFER_OF(v.bytes);
    ASSERT(status_ok(hex_decode(span_of_text(hex), &to)));
    v.size = to.size;
    return v;
}

static inline Span vector_span(const Vector *v) { return (Span) { v->bytes, v->size }; }

/* The bytes are the ones in `hex`. */
static inline bool vector_is(const char *hex, const uint8_t *bytes, size_t size)
{
    const Vector v = vector(hex);
    return v.size == size && bytes_equal_ct(v.bytes, bytes, size);
}
