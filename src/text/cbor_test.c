/* Goal: exactly the CBOR that CTAP2 lets an authenticator write is read, and every other form is
 * refused without reading behind the end. Method: the examples of RFC 8949, appendix A; each value
 * in a longer form; lengths beyond the end; nesting beyond the limit; every prefix. */
#include "text/cbor.h"

#include "base/encoding.h"
#include "base/expect.h"

static uint8_t memory[256];

static Cursor bytes_of(const char *hex)
{
    Buffer b = BUFFER_OF(memory);
    ASSERT(status_ok(hex_decode(span_of_text(hex), &b)));
    return cursor_of(span_of_buffer(&b));
}

static void test_numbers(void)
{
    static const struct {
        const char *hex;
        int64_t value;
    } numbers[] = { { "00", 0 }, { "17", 23 }, { "1818", 24 }, { "1864", 100 }, { "1903e8", 1000 },
        { "1a000f4240", 1000000 }, { "1b000000e8d4a51000", 1000000000000 }, { "20", -1 },
        { "29", -10 }, { "3863", -100 }, { "3903e7", -1000 }, { "1b7fffffffffffffff", INT64_MAX },
        { "3b7fffffffffffffff", INT64_MIN } };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        Cursor c = bytes_of(numbers[i].hex);
        int64_t value = 7;
        EXPECT_OK(cbor_int(&c, &value));
        EXPECT(value == numbers[i].value && c.rest.size == 0);
    }
}

static void test_other_forms_are_refused(void)
{
    static const char *const wrong[] = { "1817", "190018", "1900ff", "1a0000ffff",
        "1b00000000ffffffff", "1c", "1f", "3f", /* longer than needed; reserved */
        "1bffffffffffffffff", "3b8000000000000000", /* too large */
        "f97e00", "fb3ff199999999999a", "f7", "f0", "f818", /* floats, undefined, unassigned */
        "c074", "5f4101ff", "9fff", "bfff", "7f6161ff", "" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        Cursor c = bytes_of(wrong[i]);
        const size_t size = c.rest.size;
        int64_t value = 7;
        EXPECT_REFUSED(cbor_int(&c, &value), REFUSED_CBOR_FORMAT);
        if (strcmp(wrong[i], "1bffffffffffffffff") != 0
                && strcmp(wrong[i], "3b8000000000000000") != 0)
            EXPECT_REFUSED(cbor_skip(&c), REFUSED_CBOR_FORMAT);
        EXPECT(c.rest.size == size && value == 7);
    }
}

static void test_strings(void)
{
    Span s;
    Cursor c = bytes_of("4401020304");
    EXPECT_OK(cbor_bytes(&c, &s));
    EXPECT(s.size == 4 && s.data[3] == 4 && c.rest.size == 0);
    c = bytes_of("6449455446");
    EXPECT_REFUSED(cbor_bytes(&c, &s), REFUSED_CBOR_FORMAT);
    EXPECT_OK(cbor_text(&c, &s));
    EXPECT(span_equal(s, SPAN("IETF")));
    c = bytes_of("62c328"); /* no UTF-8 */
    EXPECT_REFUSED(cbor_text(&c, &s), REFUSED_CBOR_FORMAT);
    static const char *const beyond[] = { "4401", "5a7fffffff01", "5bffffffffffffffff01",
        "7b8000000000000000" };
    for (size_t i = 0; i < 4; i++) {
        c = bytes_of(beyond[i]);
        EXPECT_REFUSED(cbor_bytes(&c, &s), REFUSED_CBOR_FORMAT);
        EXPECT_REFUSED(cbor_text(&c, &s), REFUSED_CBOR_FORMAT);
        EXPECT_REFUSED(cbor_skip(&c), REFUSED_CBOR_FORMAT);
    }
}

static void test_nesting(void)
{
    uint64_t count = 0;
    Cursor c = bytes_of("a26161016162820203");
    EXPECT_OK(cbor_skip(&c));
    EXPECT(c.rest.size == 0);
    c = bytes_of("a26161016162820203");
    EXPECT_OK(cbor_map(&c, &count));
    EXPECT(count == 2);
    c = bytes_of("8181818100"); /* four deep */
    EXPECT_OK(cbor_skip(&c));
    c = bytes_of("818181818100");
    EXPECT_REFUSED(cbor_skip(&c), REFUSED_CBOR_FORMAT);
    static const char *const claims[] = { "bb7fffffffffffffff00", "9b7fffffffffffffff00",
        "ba8000000000", "a2000100", "a100" };
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        c = bytes_of(claims[i]);
        EXPECT_REFUSED(cbor_skip(&c), REFUSED_CBOR_FORMAT);
    }
    c = bytes_of("bb7fffffffffffffff00");
    EXPECT_REFUSED(cbor_map(&c, &count), REFUSED_CBOR_FORMAT);
}

static void test_no_prefix_is_whole(void)
{
    static const char hex[] = "a363666d74646e6f6e656761747453746d74a0686175746844617461420102";
    Cursor whole = bytes_of(hex);
    const Span bytes = whole.rest;
    EXPECT_OK(cbor_skip(&whole));
    EXPECT(whole.rest.size == 0);
    for (size_t size = 0; size < bytes.size; size++) {
        Cursor c = cursor_of((Span) { bytes.data, size });
        EXPECT_REFUSED(cbor_skip(&c), REFUSED_CBOR_FORMAT);
        EXPECT(c.rest.size == size);
    }
}

TESTS(TEST(test_numbers), TEST(test_other_forms_are_refused), TEST(test_strings),
        TEST(test_nesting), TEST(test_no_prefix_is_whole))
