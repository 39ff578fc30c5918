/* Goal: no write leaves its buffer, no read its message, and a refused one changes nothing. */
#include "base/arena.h"
#include "base/bytes.h"
#include "base/expect.h"
#include "base/secret.h"

static void test_what_is_put_is_read(void)
{
    uint8_t memory[64];
    Buffer b = BUFFER_OF(memory);
    EXPECT_OK(buffer_put_u8(&b, 0xAB));
    EXPECT_OK(buffer_put_u16(&b, 0x1234));
    EXPECT_OK(buffer_put_u32(&b, 0xDEADBEEF));
    EXPECT_OK(buffer_put_u64(&b, 0x0102030405060708));
    EXPECT_OK(buffer_put_i64(&b, -2));
    EXPECT_OK(buffer_put_framed(&b, SPAN("hello")));
    EXPECT_OK(buffer_print(&b, "%d!", 42));
    EXPECT(memory[1] == 0x12 && memory[3] == 0xDE && memory[7] == 0x01); /* big-endian */
    Cursor c = cursor_of(span_of_buffer(&b));
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    int64_t i64 = 0;
    Span framed = { 0 };
    Span text = { 0 };
    EXPECT_OK(cursor_u8(&c, &u8));
    EXPECT_OK(cursor_u16(&c, &u16));
    EXPECT_OK(cursor_u32(&c, &u32));
    EXPECT_OK(cursor_u64(&c, &u64));
    EXPECT_OK(cursor_i64(&c, &i64));
    EXPECT_REFUSED(cursor_framed(&c, 4, &framed), REFUSED_BUFFER_FULL);
    EXPECT_OK(cursor_framed(&c, 5, &framed));
    EXPECT_REFUSED(cursor_end(&c), REFUSED_BYTES_TRAILING);
    EXPECT_OK(cursor_until(&c, '!', &text));
    EXPECT_OK(cursor_end(&c));
    EXPECT(u8 == 0xAB && u16 == 0x1234 && u32 == 0xDEADBEEF && u64 == 0x0102030405060708
            && i64 == -2);
    EXPECT(span_equal(framed, SPAN("hello")) && span_equal(text, SPAN("42")));
}

/* Every write into every capacity that is too small: refused, nothing changed, nothing beyond
 * touched. */
static void test_full_buffers_refuse(void)
{
    for (size_t capacity = 0; capacity < 9; capacity++) {
        for (int kind = 0; kind < 7; kind++) {
            uint8_t memory[16];
            memset(memory, 0x55, sizeof(memory));
            Buffer b = { memory, 0, capacity };
            const size_t needs[] = { 1, 2, 4, 8, 8, 9, 9 };
            Status s = OK;
            if (kind == 0) s = buffer_put_u8(&b, 1);
            if (kind == 1) s = buffer_put_u16(&b, 1);
            if (kind == 2) s = buffer_put_u32(&b, 1);
            if (kind == 3) s = buffer_put_u64(&b, 1);
            if (kind == 4) s = buffer_put_i64(&b, 1);
            if (kind == 5) s = buffer_put_framed(&b, SPAN("12345"));
            if (kind == 6) s = buffer_print(&b, "123456789");
            const bool fits = capacity >= needs[kind];
            EXPECT_STATUS(s, fits ? 0 : REFUSED_BUFFER_FULL);
            EXPECT(b.size == (fits ? needs[kind] : 0));
            for (size_t i = capacity; i < sizeof(memory); i++)
                EXPECT(memory[i] == 0x55);
        }
    }
}

static void test_short_messages_refuse(void)
{
    static const uint8_t bytes[] = { 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o' };
    for (size_t size = 0; size < sizeof(bytes); size++) {
        Cursor c = cursor_of((Span) { bytes, size });
        Span framed = { 0 };
        EXPECT_REFUSED(cursor_framed(&c, 100, &framed), REFUSED_BYTES_TRUNCATED);
        EXPECT(c.rest.size == size && framed.data == NULL);
    }
    static const uint8_t huge[] = { 0xFF, 0xFF, 0xFF, 0xFF, 1 };
    Cursor c = cursor_of(SPAN_OF(huge));
    Span framed = { 0 };
    EXPECT_REFUSED(cursor_framed(&c, 100, &framed), REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(cursor_framed(&c, SIZE_MAX, &framed), REFUSED_BYTES_TRUNCATED);
    EXPECT(c.rest.size == sizeof(huge));
    uint64_t number = 0;
    EXPECT_REFUSED(cursor_u64(&c, &number), REFUSED_BYTES_TRUNCATED);
    EXPECT_REFUSED(cursor_until(&c, 'x', &framed), REFUSED_BYTES_TRUNCATED);
    EXPECT_REFUSED(cursor_take(&c, SIZE_MAX, &framed), REFUSED_BYTES_TRUNCATED);
    EXPECT(c.rest.size == sizeof(huge));
}

static void test_comparing(void)
{
    EXPECT(span_equal(SPAN(""), (Span) { NULL, 0 }));
    EXPECT(span_compare(SPAN("a"), SPAN("ab")) == -1 && span_compare(SPAN("b"), SPAN("ab")) == 1);
    EXPECT(span_compare(SPAN("\xFF"), SPAN("a")) == 1 && span_compare(SPAN("ab"), SPAN("ab")) == 0);
    uint8_t a[40] = { 0 };
    uint8_t b[40] = { 0 };
    for (size_t size = 1; size <= sizeof(a); size++) {
        for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
            b[bit / 8] = (uint8_t)(1u << (bit % 8));
            EXPECT(bytes_equal_ct(a, b, size) == (bit / 8 >= size));
            b[bit / 8] = 0;
        }
    }
    EXPECT(bytes_equal_ct(a, b, sizeof(a)) && bytes_equal_ct(a, b, 0));
}

/* Markus Kuhn, "UTF-8 decoder capability and stress test": the ends of each length, then what must
 * be refused. */
static void test_utf8(void)
{
    static const char *const good[] = { "", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80",
        "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF" };
    static const char *const bad[] = { "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41",
        "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF", "\xE1\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE",
        "\xFF", "a\xC3", "\xF0\x90\x80" };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        EXPECT(span_is_utf8(span_of_text(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        EXPECT(!span_is_utf8(span_of_text(bad[i])));
    EXPECT(span_is_utf8(SPAN("a\0b")));
}

static void test_arena(void)
{
    Arena arena;
    Span copy = { 0 };
    EXPECT_OK(arena_open(&arena, 100));
    uint8_t *first = arena_take(&arena, 1);
    uint8_t *second = arena_take(&arena, 50);
    EXPECT(first != NULL && second == first + 16 && (uintptr_t)first % 16 == 0);
    EXPECT(arena_take(&arena, 35) == NULL && arena_take(&arena, SIZE_MAX) == NULL);
    EXPECT_REFUSED(arena_copy(&arena, (Span) { second, 40 }, &copy), REFUSED_BUFFER_FULL);
    memset(second, 0x77, 50);
    arena_reset(&arena);
    EXPECT(second[0] == 0 && second[49] == 0); /* wiped */
    EXPECT_OK(arena_copy(&arena, SPAN("abc"), &copy));
    EXPECT(copy.data == first && span_equal(copy, SPAN("abc")));
    arena_close(&arena);
    EXPECT(arena.memory == NULL && arena_take(&arena, 1) == NULL);
}

static void test_secret(void)
{
    Secret secret = { 0 };
    uint8_t large[SECRET_BYTES_MAX + 1] = { 1 };
    EXPECT_OK(secret_set(&secret, (Span) { large, SECRET_BYTES_MAX }));
    EXPECT_REFUSED(secret_set(&secret, SPAN_OF(large)), REFUSED_BUFFER_FULL);
    EXPECT(secret.size == SECRET_BYTES_MAX && secret.bytes[0] == 1);
    EXPECT_OK(secret_set(&secret, SPAN("k")));
    EXPECT(secret.size == 1 && secret.bytes[1] == 0); /* nothing of the longer one is left */
    secret_wipe(&secret);
    EXPECT(secret.size == 0 && secret.bytes[0] == 0);
}

TESTS(TEST(test_what_is_put_is_read), TEST(test_full_buffers_refuse),
        TEST(test_short_messages_refuse), TEST(test_comparing), TEST(test_utf8), TEST(test_arena),
        TEST(test_secret))
