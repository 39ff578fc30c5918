#pragma once
/*
 * bytes: spans (borrowed), buffers (owned by the caller, bounded), and the one cursor through which
 * every byte from outside is read. No other code does pointer arithmetic on outside bytes.
 *
 * All integers on our wires and in our files are big-endian. Floor 0. No shared state.
 */
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Span {
    const uint8_t *data; /* borrowed; may be NULL when size is 0 */
    size_t size;
} Span;

typedef struct Buffer {
    uint8_t *data; /* caller's memory */
    size_t size; /* bytes in use */
    size_t capacity;
} Buffer;

/* A span over a string literal, without its NUL. */
#define SPAN(literal) ((Span) { (const uint8_t *)("" literal), sizeof(literal) - 1 })
/* A span over a whole array. */
#define SPAN_OF(array) ((Span) { (const uint8_t *)(array), sizeof(array) })
/* An empty buffer over a whole array. */
#define BUFFER_OF(array) ((Buffer) { (uint8_t *)(array), 0, sizeof(array) })

static inline Span span_of_text(const char *text)
{
    return (Span) { (const uint8_t *)text, strlen(text) };
}
static inline Span span_of_buffer(const Buffer *b) { return (Span) { b->data, b->size }; }

/* Equal content; time depends on the content: for public bytes only. */
bool span_equal(Span a, Span b);

/* Equal content; time depends on the sizes alone: for secrets, tags and digests. */
bool bytes_equal_ct(const void *a, const void *b, size_t size);

/* Lexical order as memcmp, shorter first on a common prefix: -1, 0, 1. */
int span_compare(Span a, Span b);

/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms, up to U+10FFFF). */
bool span_is_utf8(Span text);

/* 1..size_max of letters, digits, '.', '_', '-', the first a letter or digit: it cannot name
 * another folder. */
bool span_is_plain_name(Span text, size_t size_max);

/* --- writing: each refuses REFUSED_BUFFER_FULL and then leaves the buffer unchanged --- */
MUST_USE Status buffer_put(Buffer *b, Span bytes);
MUST_USE Status buffer_put_u8(Buffer *b, uint8_t v);
MUST_USE Status buffer_put_u16(Buffer *b, uint16_t v);
MUST_USE Status buffer_put_u32(Buffer *b, uint32_t v);
MUST_USE Status buffer_put_u64(Buffer *b, uint64_t v);
MUST_USE Status buffer_put_i64(Buffer *b, int64_t v);
/* u32 length, then the bytes. */
MUST_USE Status buffer_put_framed(Buffer *b, Span bytes);
/* printf into the buffer; no NUL is stored. */
__attribute__((format(printf, 2, 3))) MUST_USE Status buffer_print(
        Buffer *b, const char *format, ...);
/* Reserve `size` bytes for the caller to fill; `ret_bytes` points into the buffer. */
MUST_USE Status buffer_reserve(Buffer *b, size_t size, uint8_t **ret_bytes);

/* --- reading: each refuses REFUSED_BYTES_TRUNCATED and then leaves the cursor unchanged --- */
typedef struct Cursor {
    Span rest;
} Cursor;

static inline Cursor cursor_of(Span bytes) { return (Cursor) { bytes }; }
MUST_USE Status cursor_u8(Cursor *c, uint8_t *ret);
MUST_USE Status cursor_u16(Cursor *c, uint16_t *ret);
MUST_USE Status cursor_u32(Cursor *c, uint32_t *ret);
MUST_USE Status cursor_u64(Cursor *c, uint64_t *ret);
MUST_USE Status cursor_i64(Cursor *c, int64_t *ret);
/* Borrow the next `size` bytes. */
MUST_USE static inline Status cursor_take(Cursor *c, size_t size, Span *ret)
{
    REQUIRE(size <= c->rest.size, REFUSED_BYTES_TRUNCATED);
    *ret = (Span) { c->rest.data, size };
    c->rest = (Span) { size == 0 ? c->rest.data : c->rest.data + size, c->rest.size - size };
    return OK;
}
/* Copy the next `size` bytes into `ret_bytes`. */
MUST_USE Status cursor_copy(Cursor *c, size_t size, void *ret_bytes);
/* Borrow a u32-length-framed field of at most `size_max` bytes (else REFUSED_BUFFER_FULL). */
MUST_USE Status cursor_framed(Cursor *c, size_t size_max, Span *ret);
/* Refuses REFUSED_BYTES_TRAILING unless everything was read. */
MUST_USE Status cursor_end(const Cursor *c);
/* Borrow up to (not including) the first `stop`, and step over it; truncated when there is none. */
MUST_USE Status cursor_until(Cursor *c, uint8_t stop, Span *ret);
