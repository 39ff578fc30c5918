/* Goal: a key that somebody made up is refused by name, and one that was drawn is not (TP-10,
 * TP-13). Method: what people have used as keys, each published weak key of DES, and many drawn
 * ones. */
#include "base/expect.h"
#include "base/seams.h"
#include "crypto/weak_key.h"

static void test_made_up_keys_are_refused(void)
{
    uint8_t key[32] = { 0 };
    EXPECT_REFUSED(weak_key_check(SPAN_OF(key)), REFUSED_KEY_IS_PATTERN);
    memset(key, 0xA5, sizeof(key));
    EXPECT_REFUSED(weak_key_check(SPAN_OF(key)), REFUSED_KEY_IS_PATTERN);
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(250 - i);
    EXPECT_REFUSED(weak_key_check(SPAN_OF(key)), REFUSED_KEY_IS_PATTERN);
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)("\x9b\x01\xc3\x7f\x20\xee\x42\x8d"[i % 8]);
    EXPECT_REFUSED(weak_key_check(SPAN_OF(key)), REFUSED_KEY_IS_PATTERN);
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(0x80 | (i * i % 13));
    EXPECT_REFUSED(weak_key_check(SPAN_OF(key)), REFUSED_KEY_IS_PATTERN);
    EXPECT_REFUSED(weak_key_check(SPAN("Tenpay2021passwordA1")), REFUSED_KEY_IS_TEXT);
    EXPECT_REFUSED(weak_key_check(SPAN("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c")),
            REFUSED_KEY_IS_TEXT);
    EXPECT_REFUSED(weak_key_check(SPAN("n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=\n")),
            REFUSED_KEY_IS_TEXT);
    EXPECT_REFUSED(weak_key_check(SPAN("\x01\xff\x80")), REFUSED_KEY_TOO_SHORT);
    EXPECT_REFUSED(weak_key_check((Span) { NULL, 0 }), REFUSED_KEY_TOO_SHORT);
}

static void test_drawn_keys_pass(void)
{
    const Random random = random_system();
    uint8_t key[32];
    for (int i = 0; i < 20000; i++) {
        EXPECT_OK(random_fill(&random, key, sizeof(key)));
        EXPECT_OK(weak_key_check(SPAN_OF(key)));
    }
    EXPECT_OK(weak_key_check_3des((Span) { key, 24 }));
    EXPECT_OK(weak_key_check_3des((Span) { key, 16 }));
    EXPECT_REFUSED(weak_key_check_3des((Span) { key, 8 }), REFUSED_KEY_TOO_SHORT);
    EXPECT_REFUSED(weak_key_check_3des((Span) { key, 32 }), REFUSED_KEY_TOO_SHORT);
}

/* As the standard prints them, with odd parity; and with the parity bits turned. */
static void test_weak_des_keys(void)
{
    static const char weak[][9] = { "\x01\x01\x01\x01\x01\x01\x01\x01",
        "\xFE\xFE\xFE\xFE\xFE\xFE\xFE\xFE", "\xE0\xE0\xE0\xE0\xF1\xF1\xF1\xF1",
        "\x1F\x1F\x1F\x1F\x0E\x0E\x0E\x0E", "\x01\x1F\x01\x1F\x01\x0E\x01\x0E",
        "\x1F\x01\x1F\x01\x0E\x01\x0E\x01", "\x01\xE0\x01\xE0\x01\xF1\x01\xF1",
        "\xE0\x01\xE0\x01\xF1\x01\xF1\x01", "\x01\xFE\x01\xFE\x01\xFE\x01\xFE",
        "\xFE\x01\xFE\x01\xFE\x01\xFE\x01", "\x1F\xE0\x1F\xE0\x0E\xF1\x0E\xF1",
        "\xE0\x1F\xE0\x1F\xF1\x0E\xF1\x0E", "\x1F\xFE\x1F\xFE\x0E\xFE\x0E\xFE",
        "\xFE\x1F\xFE\x1F\xFE\x0E\xFE\x0E", "\xE0\xFE\xE0\xFE\xF1\xFE\xF1\xFE",
        "\xFE\xE0\xFE\xE0\xFE\xF1\xFE\xF1" };
    const Random random = random_system();
    uint8_t key[24];
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
        for (size_t part = 0; part < 3; part++) {
            EXPECT_OK(random_fill(&random, key, sizeof(key)));
            memcpy(key + 8 * part, weak[i], 8);
            EXPECT_REFUSED(weak_key_check_3des(SPAN_OF(key)), REFUSED_KEY_IS_WEAK_DES);
            key[8 * part] ^= 1;
            EXPECT_REFUSED(weak_key_check_3des(SPAN_OF(key)), REFUSED_KEY_IS_WEAK_DES);
        }
    }
    EXPECT_OK(random_fill(&random, key, sizeof(key)));
    memcpy(key + 8, key, 8);
    EXPECT_REFUSED(weak_key_check_3des(SPAN_OF(key)), REFUSED_KEY_IS_WEAK_DES);
    EXPECT_OK(random_fill(&random, key, sizeof(key)));
    memcpy(key + 16, key + 8, 8);
    key[23] ^= 1; /* only its parity differs */
    EXPECT_REFUSED(weak_key_check_3des(SPAN_OF(key)), REFUSED_KEY_IS_WEAK_DES);
}

TESTS(TEST(test_made_up_keys_are_refused), TEST(test_drawn_keys_pass), TEST(test_weak_des_keys))
