/* Goal: RFC 4648 both ways, and one text for each value. Vectors: RFC 4648 section 10. */
#include "base/encoding.h"
#include "base/expect.h"

static void test_rfc_vectors(void)
{
    static const char *const plain[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
    static const char *const base64[] = { "", "Zg==", "Zm8=", "Zm9v",
        "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
    static const char *const hex[] = { "", "66", "666F", "666F6F", "666F6F62", "666F6F6261",
        "666F6F626172" };
    for (size_t i = 0; i < 7; i++) {
        uint8_t memory[32];
        Buffer text = BUFFER_OF(memory);
        EXPECT_OK(base64_encode(span_of_text(plain[i]), &text));
        EXPECT(span_equal(span_of_buffer(&text), span_of_text(base64[i])));
        text.size = 0;
        EXPECT_OK(base64_decode(span_of_text(base64[i]), &text));
        EXPECT(span_equal(span_of_buffer(&text), span_of_text(plain[i])));
        text.size = 0;
        EXPECT_OK(hex_encode_upper(span_of_text(plain[i]), &text));
        EXPECT(span_equal(span_of_buffer(&text), span_of_text(hex[i])));
        text.size = 0;
        EXPECT_OK(hex_decode(span_of_text(hex[i]), &text));
        EXPECT(span_equal(span_of_buffer(&text), span_of_text(plain[i])));
    }
    uint8_t memory[32];
    Buffer text = BUFFER_OF(memory);
    EXPECT_OK(hex_encode(SPAN("\x00\xAB\xFF"), &text));
    EXPECT(span_equal(span_of_buffer(&text), SPAN("00abff")));
    text.size = 0;
    EXPECT_OK(hex_decode(SPAN("aBFf"), &text));
    EXPECT(span_equal(span_of_buffer(&text), SPAN("\xAB\xFF")));
}

static void test_other_texts_are_refused(void)
{
    static const char *const bad64[] = { "Z", "Zg",
        "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "====", "Zm 9v", "Zm9v\n", "Zm9-", "Zm9_", "=m9v",
        "Z=9v", "Zm=v", "\xEF\xBC\xBA==" };
    static const char *const bad16[] = { "0", "0g", "g0", " 0", "0x", "000", "@@", "``", "//",
        "::" };
    uint8_t memory[32];
    Buffer bytes = BUFFER_OF(memory);
    for (size_t i = 0; i < sizeof(bad64) / sizeof(bad64[0]); i++)
        EXPECT_REFUSED(base64_decode(span_of_text(bad64[i]), &bytes), REFUSED_ENCODING_INVALID);
    for (size_t i = 0; i < sizeof(bad16) / sizeof(bad16[0]); i++)
        EXPECT_REFUSED(hex_decode(span_of_text(bad16[i]), &bytes), REFUSED_ENCODING_INVALID);
    EXPECT(bytes.size == 0);
}

/* Of all four-character texts over a few characters, each value has one. */
static void test_every_text_is_canonical(void)
{
    static const char digits[] = "AQgwz/9+=";
    for (size_t n = 0; n < 9 * 9 * 9 * 9; n++) {
        const char text[] = { digits[n % 9], digits[n / 9 % 9], digits[n / 81 % 9], digits[n / 729],
            0 };
        uint8_t memory[4];
        uint8_t again_memory[8];
        Buffer bytes = BUFFER_OF(memory);
        Buffer again = BUFFER_OF(again_memory);
        if (!status_ok(base64_decode(span_of_text(text), &bytes))) continue;
        EXPECT_OK(base64_encode(span_of_buffer(&bytes), &again));
        EXPECT(span_equal(span_of_buffer(&again), span_of_text(text)));
    }
}

static void test_full_buffers_refuse(void)
{
    uint8_t memory[4];
    Buffer small = { memory, 0, 3 };
    EXPECT_REFUSED(base64_encode(SPAN("a"), &small), REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(hex_encode(SPAN("ab"), &small), REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(base64_decode(SPAN("Zm9vYg=="), &small), REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(hex_decode(SPAN("00112233"), &small), REFUSED_BUFFER_FULL);
    EXPECT(small.size == 0);
}

/* RFC 4648, section 5: the alphabet of URLs, unpadded; no text has two spellings. */
static void test_base64url(void)
{
    static const struct {
        const char *bytes;
        const char *text;
    } pairs[] = { { "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" },
        { "\xfb\xff\xbe", "-_--" } };
    static const char *const wrong[] = { "Zg==", "Z", "Zh", "Zm9", "+/++", "Zm 9v", "Zm9v\n" };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        uint8_t memory[16];
        Buffer text = BUFFER_OF(memory);
        EXPECT_OK(base64url_encode(span_of_text(pairs[i].bytes), &text));
        EXPECT(span_equal(span_of_buffer(&text), span_of_text(pairs[i].text)));
        text.size = 0;
        EXPECT_OK(base64url_decode(span_of_text(pairs[i].text), &text));
        EXPECT(span_equal(span_of_buffer(&text), span_of_text(pairs[i].bytes)));
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t memory[16];
        Buffer bytes = BUFFER_OF(memory);
        EXPECT_REFUSED(base64url_decode(span_of_text(wrong[i]), &bytes), REFUSED_ENCODING_INVALID);
        EXPECT(bytes.size == 0);
    }
}

TESTS(TEST(test_rfc_vectors), TEST(test_base64url), TEST(test_other_texts_are_refused),
        TEST(test_every_text_is_canonical), TEST(test_full_buffers_refuse))
