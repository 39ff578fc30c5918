/* Goal: sums and numbers never wrap, and texts that are no numbers are refused. */
#include "base/expect.h"
#include "base/money.h"

static Money cny(int64_t minor) { return (Money) { minor, CURRENCY_CNY }; }

static void test_sums(void)
{
    Money sum = { 0 };
    EXPECT_OK(money_add(cny(100), cny(-30), &sum));
    EXPECT(sum.minor == 70 && sum.currency == CURRENCY_CNY);
    EXPECT_OK(money_subtract(cny(-1), cny(INT64_MIN), &sum));
    EXPECT(sum.minor == INT64_MAX);
    sum = cny(7);
    EXPECT_REFUSED(money_add(cny(INT64_MAX), cny(1), &sum), REFUSED_MONEY_OVERFLOW);
    EXPECT_REFUSED(money_add(cny(INT64_MIN), cny(-1), &sum), REFUSED_MONEY_OVERFLOW);
    EXPECT_REFUSED(money_subtract(cny(INT64_MIN), cny(1), &sum), REFUSED_MONEY_OVERFLOW);
    EXPECT_REFUSED(money_subtract(cny(0), cny(INT64_MIN), &sum), REFUSED_MONEY_OVERFLOW);
    EXPECT_REFUSED(
            money_add(cny(1), (Money) { 1, CURRENCY_USD }, &sum), REFUSED_MONEY_CURRENCY_MIXED);
    EXPECT_REFUSED(money_subtract(cny(1), (Money) { 1, CURRENCY_USD }, &sum),
            REFUSED_MONEY_CURRENCY_MIXED);
    EXPECT(sum.minor == 7); /* untouched by refusals */
    int64_t minor = 7;
    EXPECT_REFUSED(minor_add(INT64_MAX, 1, &minor), REFUSED_MONEY_OVERFLOW);
    EXPECT(minor == 7);
}

typedef struct Case {
    const char *text;
    int64_t value; /* or REFUSED_CASE */
} Case;

enum { REFUSED_CASE = -99 };

static void test_decimal_amounts(void)
{
    static const Case cases[] = { { "57.16", 5716 }, { "0.01", 1 }, { "0", 0 }, { "3", 300 },
        { "3.5", 350 }, { "007.10", 710 }, { "92233720368547758.07", INT64_MAX },
        { "92233720368547758.08", REFUSED_CASE }, { "", REFUSED_CASE }, { ".", REFUSED_CASE },
        { ".5", REFUSED_CASE }, { "5.", REFUSED_CASE }, { "1.234", REFUSED_CASE },
        { "-1", REFUSED_CASE }, { "+1", REFUSED_CASE }, { "1e3", REFUSED_CASE },
        { " 1", REFUSED_CASE }, { "1 ", REFUSED_CASE }, { "1,5", REFUSED_CASE },
        { "1.2.3", REFUSED_CASE }, { "\xEF\xBC\x91", REFUSED_CASE }, { "0x10", REFUSED_CASE },
        { "99999999999999999999", REFUSED_CASE } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = REFUSED_CASE;
        const Status s = minor_parse_decimal(span_of_text(cases[i].text), &value);
        EXPECT(value == cases[i].value);
        EXPECT_STATUS(s, value == REFUSED_CASE ? REFUSED_NUMBER_INVALID : 0);
    }
}

static void test_whole_numbers(void)
{
    static const Case cases[] = { { "0", 0 }, { "-0", 0 }, { "12", 12 }, { "-12", -12 },
        { "9223372036854775807", INT64_MAX }, { "-9223372036854775808", INT64_MIN },
        { "9223372036854775808", REFUSED_CASE }, { "-9223372036854775809", REFUSED_CASE },
        { "", REFUSED_CASE }, { "-", REFUSED_CASE }, { "--1", REFUSED_CASE },
        { "1-", REFUSED_CASE }, { "1.0", REFUSED_CASE }, { "/", REFUSED_CASE },
        { ":", REFUSED_CASE } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = REFUSED_CASE;
        const Status s = i64_parse(span_of_text(cases[i].text), &value);
        EXPECT(value == cases[i].value);
        EXPECT_STATUS(s, value == REFUSED_CASE ? REFUSED_NUMBER_INVALID : 0);
    }
}

static void test_currencies(void)
{
    static const Currency all[] = { CURRENCY_CNY, CURRENCY_USD, CURRENCY_EUR };
    Currency parsed = CURRENCY_NONE;
    for (size_t i = 0; i < 3; i++) {
        EXPECT_OK(currency_parse(span_of_text(currency_name(all[i])), &parsed));
        EXPECT(parsed == all[i]);
    }
    EXPECT_REFUSED(currency_parse(SPAN("cny"), &parsed), REFUSED_NUMBER_INVALID);
    EXPECT_REFUSED(currency_parse(SPAN("CNYX"), &parsed), REFUSED_NUMBER_INVALID);
    EXPECT_REFUSED(currency_parse(SPAN(""), &parsed), REFUSED_NUMBER_INVALID);
    EXPECT(strcmp(currency_name((Currency)1), "XXX") == 0);
}

TESTS(TEST(test_sums), TEST(test_decimal_amounts), TEST(test_whole_numbers), TEST(test_currencies))
