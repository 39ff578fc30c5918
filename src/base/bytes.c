#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

bool span_equal(Span a, Span b) { return span_compare(a, b) == 0; }

/* No compiler sees through the empty statement, so none ends the loop at the first difference. */
bool bytes_equal_ct(const void *a, const void *b, size_t size)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    uint64_t difference = 0;
    size_t i = 0;
    for (; size - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t of_x = 0;
        uint64_t of_y = 0;
        memcpy(&of_x, x + i, sizeof(of_x));
        memcpy(&of_y, y + i, sizeof(of_y));
        difference |= of_x ^ of_y;
        __asm__ volatile("" : "+r"(difference));
    }
    for (; i < size; i++) {
        difference |= (uint64_t)(x[i] ^ y[i]);
        __asm__ volatile("" : "+r"(difference));
    }
    return difference == 0;
}

int span_compare(Span a, Span b)
{
    const size_t shared = a.size < b.size ? a.size : b.size;
    const int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared); /* public bytes */
    if (order != 0) return order < 0 ? -1 : 1;
    if (a.size == b.size) return 0;
    return a.size < b.size ? -1 : 1;
}

/* Length of the UTF-8 sequence that `first` opens, and its smallest code point; 0 when invalid. */
static size_t utf8_length(uint8_t first, uint32_t *ret_smallest)
{
    if (first < 0x80) return *ret_smallest = 0, 1;
    if (first >= 0xC2 && first <= 0xDF) return *ret_smallest = 0x80, 2;
    if (first >= 0xE0 && first <= 0xEF) return *ret_smallest = 0x800, 3;
    if (first >= 0xF0 && first <= 0xF4) return *ret_smallest = 0x10000, 4;
    return 0;
}

bool span_is_utf8(Span text)
{
    size_t i = 0;
    while (i < text.size) {
        uint32_t smallest = 0;
        const uint8_t first = text.data[i];
        const size_t length = utf8_length(first, &smallest);
        if (length == 0 || length > text.size - i) return false;
        uint32_t point = length == 1 ? first : (uint32_t)(first & (0x7Fu >> length));
        for (size_t k = 1; k < length; k++) {
            const uint8_t next = text.data[i + k];
            if ((next & 0xC0) != 0x80) return false;
            point = (point << 6) | (next & 0x3Fu);
        }
        if (point < smallest || point > 0x10FFFF) return false;
        if (point >= 0xD800 && point <= 0xDFFF) return false;
        i += length;
    }
    return true;
}

static bool is_letter_or_digit(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool span_is_plain_name(Span text, size_t size_max)
{
    if (text.size == 0 || text.size > size_max || !is_letter_or_digit(text.data[0])) return false;
    for (size_t i = 1; i < text.size; i++) {
        const uint8_t c = text.data[i];
        if (!is_letter_or_digit(c) && c != '.' && c != '_' && c != '-') return false;
    }
    return true;
}

Status buffer_reserve(Buffer *b, size_t size, uint8_t **ret_bytes)
{
    ASSERT(b->size <= b->capacity);
    REQUIRE(size <= b->capacity - b->size, REFUSED_BUFFER_FULL);
    *ret_bytes = b->data + b->size;
    b->size += size;
    return OK;
}

Status buffer_put(Buffer *b, Span bytes)
{
    uint8_t *to = NULL;
    TRY(buffer_reserve(b, bytes.size, &to));
    if (bytes.size > 0) memcpy(to, bytes.data, bytes.size);
    return OK;
}

static Status put_big_endian(Buffer *b, uint64_t v, size_t size)
{
    uint8_t *to = NULL;
    TRY(buffer_reserve(b, size, &to));
    const uint64_t big = __builtin_bswap64(v);
    memcpy(to, (const uint8_t *)&big + (sizeof(big) - size), size);
    return OK;
}

Status buffer_put_u8(Buffer *b, uint8_t v) { return put_big_endian(b, v, 1); }
Status buffer_put_u16(Buffer *b, uint16_t v) { return put_big_endian(b, v, 2); }
Status buffer_put_u32(Buffer *b, uint32_t v) { return put_big_endian(b, v, 4); }
Status buffer_put_u64(Buffer *b, uint64_t v) { return put_big_endian(b, v, 8); }
Status buffer_put_i64(Buffer *b, int64_t v) { return put_big_endian(b, (uint64_t)v, 8); }

Status buffer_put_framed(Buffer *b, Span bytes)
{
    REQUIRE(bytes.size <= UINT32_MAX, REFUSED_BUFFER_FULL);
    const size_t before = b->size;
    TRY(buffer_put_u32(b, (uint32_t)bytes.size));
    const Status s = buffer_put(b, bytes);
    if (!status_ok(s)) b->size = before;
    return s;
}

Status buffer_print(Buffer *b, const char *format, ...)
{
    ASSERT(b->size <= b->capacity);
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    ASSERT(n >= 0);
    REQUIRE((size_t)n < sizeof(text), REFUSED_BUFFER_FULL);
    return buffer_put(b, (Span) { (const uint8_t *)text, (size_t)n });
}

Status cursor_copy(Cursor *c, size_t size, void *ret_bytes)
{
    Span taken = { 0 };
    TRY(cursor_take(c, size, &taken));
    if (size > 0) memcpy(ret_bytes, taken.data, size);
    return OK;
}

static Status take_big_endian(Cursor *c, size_t size, uint64_t *ret)
{
    Span taken = { 0 };
    TRY(cursor_take(c, size, &taken));
    uint64_t big = 0;
    memcpy((uint8_t *)&big + (sizeof(big) - size), taken.data, size);
    *ret = __builtin_bswap64(big);
    return OK;
}

Status cursor_u8(Cursor *c, uint8_t *ret)
{
    uint64_t v = 0;
    TRY(take_big_endian(c, 1, &v));
    *ret = (uint8_t)v;
    return OK;
}

Status cursor_u16(Cursor *c, uint16_t *ret)
{
    uint64_t v = 0;
    TRY(take_big_endian(c, 2, &v));
    *ret = (uint16_t)v;
    return OK;
}

Status cursor_u32(Cursor *c, uint32_t *ret)
{
    uint64_t v = 0;
    TRY(take_big_endian(c, 4, &v));
    *ret = (uint32_t)v;
    return OK;
}

Status cursor_u64(Cursor *c, uint64_t *ret) { return take_big_endian(c, 8, ret); }

Status cursor_i64(Cursor *c, int64_t *ret)
{
    uint64_t v = 0;
    TRY(take_big_endian(c, 8, &v));
    *ret = (int64_t)v;
    return OK;
}

Status cursor_framed(Cursor *c, size_t size_max, Span *ret)
{
    Cursor probe = *c;
    uint32_t size = 0;
    TRY(cursor_u32(&probe, &size));
    REQUIRE(size <= size_max, REFUSED_BUFFER_FULL);
    TRY(cursor_take(&probe, size, ret));
    *c = probe;
    return OK;
}

Status cursor_end(const Cursor *c)
{
    REQUIRE(c->rest.size == 0, REFUSED_BYTES_TRAILING);
    return OK;
}

Status cursor_until(Cursor *c, uint8_t stop, Span *ret)
{
    if (c->rest.size == 0) return REFUSE(REFUSED_BYTES_TRUNCATED);
    const uint8_t *at = memchr(c->rest.data, stop, c->rest.size);
    REQUIRE(at != NULL, REFUSED_BYTES_TRUNCATED);
    const size_t size = (size_t)(at - c->rest.data);
    *ret = (Span) { c->rest.data, size };
    c->rest = (Span) { at + 1, c->rest.size - size - 1 };
    return OK;
}
