/* Goal: one value has one canonical form, whatever the scale or padding; no bytes from a server do
 * harm (TP-12). Method: the server's binary forms by hand; each cut and each bent. */
#include "attach/value.h"

#include "base/expect.h"

enum { INT2 = 21, INT4 = 23, INT8 = 20, BOOL = 16, BPCHAR = 1042, STAMP = 1184, NUMERIC = 1700 };

static uint8_t memory[ATTACH_NUMERIC_BYTES_MAX];

static bool number_is(uint32_t type, Span binary, int64_t wanted)
{
    Buffer scratch = BUFFER_OF(memory);
    Value value;
    return status_ok(attach_value(type, binary, &scratch, &value)) && value.type == VALUE_INT
            && value.integer == wanted;
}

static bool text_is(uint32_t type, Span binary, const char *wanted)
{
    Buffer scratch = BUFFER_OF(memory);
    Value value;
    return status_ok(attach_value(type, binary, &scratch, &value)) && value.type == VALUE_TEXT
            && span_equal(value.bytes, span_of_text(wanted));
}

static void test_integers(void)
{
    EXPECT(number_is(INT2, SPAN("\xFF\xFE"), -2));
    EXPECT(number_is(INT4, SPAN("\x00\x00\x01\x00"), 256));
    EXPECT(number_is(INT8, SPAN("\x80\x00\x00\x00\x00\x00\x00\x00"), INT64_MIN));
    EXPECT(number_is(BOOL, SPAN("\x01"), 1));
    EXPECT(number_is(STAMP, SPAN("\x00\x00\x00\x00\x00\x00\x00\x00"), 946684800000000));
    EXPECT(number_is(STAMP, SPAN("\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), INT64_MAX)); /* infinity */
}

/* groups, weight, sign, scale, digits */
static void test_numerics(void)
{
    EXPECT(text_is(NUMERIC, SPAN("\0\0\0\0\0\0\0\2"), "0"));
    EXPECT(text_is(NUMERIC, SPAN("\0\2\0\0\0\0\0\2\0\1\x13\x88"), "1.5"));
    EXPECT(text_is(NUMERIC, SPAN("\0\2\0\0\0\0\0\6\0\1\x13\x88"), "1.5")); /* another scale */
    EXPECT(text_is(NUMERIC, SPAN("\0\2\0\0\x40\0\0\2\0\1\x13\x88"), "-1.5"));
    EXPECT(text_is(NUMERIC, SPAN("\0\2\0\1\0\0\0\0\0\1\0\2"), "10002"));
    EXPECT(text_is(NUMERIC, SPAN("\0\1\0\2\0\0\0\0\0\1"), "100000000"));
    EXPECT(text_is(NUMERIC, SPAN("\0\1\xFF\xFE\0\0\0\6\0\1"), "0.00000001"));
    EXPECT(text_is(NUMERIC, SPAN("\0\0\0\0\xC0\0\0\0"), "NaN"));
    EXPECT(text_is(NUMERIC, SPAN("\0\0\0\0\x40\0\0\0"), "0")); /* minus nothing */
}

static void test_texts(void)
{
    EXPECT(text_is(BPCHAR, SPAN("ab   "), "ab"));
    Buffer scratch = BUFFER_OF(memory);
    Value value;
    EXPECT_REFUSED(attach_value(BPCHAR, SPAN("\xFF"), &scratch, &value), REFUSED_ATTACH_VALUE);
    EXPECT_REFUSED(attach_value(600, SPAN("x"), &scratch, &value), REFUSED_ATTACH_COLUMN_TYPE);
    EXPECT_OK(attach_value(INT4, (Span) { NULL, 0 }, &scratch, &value));
    EXPECT(value.type == VALUE_NULL);
}

static void test_what_no_server_sends(void)
{
    static const uint8_t good[] = "\0\2\0\0\0\0\0\2\0\1\x13\x88";
    Buffer scratch = BUFFER_OF(memory);
    Value value;
    for (size_t size = 1; size < sizeof(good) - 1; size++)
        EXPECT_REFUSED(attach_value(NUMERIC, (Span) { good, size }, &scratch, &value),
                REFUSED_ATTACH_VALUE);
    EXPECT_REFUSED(attach_value(NUMERIC, SPAN("\0\1\0\0\0\0\0\0\x27\x10"), &scratch, &value),
            REFUSED_ATTACH_VALUE); /* a group of 10000 */
    EXPECT_REFUSED(attach_value(NUMERIC, SPAN("\xFF\xFF\0\0\0\0\0\0"), &scratch, &value),
            REFUSED_ATTACH_VALUE);
    EXPECT_REFUSED(attach_value(INT4, SPAN("\0\0\0"), &scratch, &value), REFUSED_ATTACH_VALUE);
    EXPECT_REFUSED(attach_value(INT4, SPAN("\0\0\0\0\0"), &scratch, &value), REFUSED_ATTACH_VALUE);
    EXPECT(scratch.size == 0);
}

TESTS(TEST(test_integers), TEST(test_numerics), TEST(test_texts), TEST(test_what_no_server_sends))
