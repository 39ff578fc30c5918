/* TP-5, TP-8: what must not be stored is noticed in free text, in the spellings people use. Numbers
 * are the schemes' published test numbers. */
#include "policy/detect.h"

#include "base/expect.h"
#include "base/seams.h"

static Status detect(const char *text) { return detect_free_text(span_of_text(text)); }

static void test_card_numbers_are_refused(void)
{
    static const char *const texts[] = { "4111111111111111", "pay to 4111 1111 1111 1111 please",
        "5555-5555-5555-4444", "378282246310005", "6200000000000005", "卡号6200000000000005。",
        "４１１１１１１１１１１１１１１１", "3530111333300000", "6011111111111117",
        "4222222222222" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        EXPECT_REFUSED(detect(texts[i]), REFUSED_DATA_CARD_NUMBER);
}

static void test_track_and_codes_are_prohibited(void)
{
    EXPECT_REFUSED(detect("%B4111111111111111^DOE/JOHN^2512101"), REFUSED_DATA_PROHIBITED);
    EXPECT_REFUSED(detect(";4111111111111111=25121010000"), REFUSED_DATA_PROHIBITED);
    EXPECT_REFUSED(detect("4111111111111111D25121010000"), REFUSED_DATA_PROHIBITED);
    EXPECT_REFUSED(detect("cvv 123"), REFUSED_DATA_PROHIBITED);
    EXPECT_REFUSED(detect("my CVN2: 4321"), REFUSED_DATA_PROHIBITED);
}

static void test_ordinary_text_passes(void)
{
    static const char *const texts[] = { "", "image test", "订单 20260131000123456789012 的尾款",
        "4111111111111112", "phone 13800138000", "cv version 12345", "41111111111111111111111",
        "2026-01-31 12:00:00 100.00", "cvv", "%B", "1234567890123456" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        EXPECT_OK(detect(texts[i]));
}

static void test_luhn_notices_every_single_wrong_digit(void)
{
    const char *good = "4111111111111111";
    EXPECT(detect_luhn(span_of_text(good)));
    for (size_t i = 0; i < 16; i++) {
        for (char d = '0'; d <= '9'; d++) {
            char text[17];
            memcpy(text, good, sizeof(text));
            if (text[i] == d) continue;
            text[i] = d;
            EXPECT(!detect_luhn(span_of_text(text)));
        }
    }
    EXPECT(!detect_luhn(span_of_text("")) && !detect_luhn(span_of_text("4111a")));
}

/* DESIGN section 5.1: false refusals at most 1 in 100,000. Ordinary descriptions carry order
 * numbers, dates, phone numbers and prices; a generator makes a million of them. */
static void test_false_refusals_are_rare(void)
{
    SeededRandom state;
    random_seeded(&state, 20260131);
    size_t refused = 0;
    for (size_t i = 0; i < 1000000; i++) {
        char text[128];
        const uint64_t a = seeded_next(&state);
        const uint64_t b = seeded_next(&state);
        const int n = snprintf(text, sizeof(text),
                "Order %llu of 2026-%02u-%02u, tel 1%010llu, %u.%02u CNY x%u",
                (unsigned long long)(a % 1000000000000), (unsigned)(b % 12 + 1),
                (unsigned)(b % 28 + 1), (unsigned long long)(b % 10000000000), (unsigned)(a % 900),
                (unsigned)(a % 100), (unsigned)(a % 7 + 1));
        EXPECT(n > 0 && (size_t)n < sizeof(text));
        if (!status_ok(detect(text))) refused++;
    }
    EXPECT(refused <= 10);
}

static void test_bytes_cut_anywhere_are_read(void)
{
    const char *text = "４１１１ 1111-1111.1111;=%B^cvv2 12";
    for (size_t size = 0; size <= strlen(text); size++)
        IGNORE(detect_free_text((Span) { (const uint8_t *)text, size }),
                "only that it ends is asked");
}

TESTS(TEST(test_card_numbers_are_refused), TEST(test_track_and_codes_are_prohibited),
        TEST(test_ordinary_text_passes), TEST(test_luhn_notices_every_single_wrong_digit),
        TEST(test_false_refusals_are_rare), TEST(test_bytes_cut_anywhere_are_read))
