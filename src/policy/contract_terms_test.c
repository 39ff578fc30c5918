/*
 * Goal: nobody is deducted twice for one month because of how it was counted, and one text is one
 * set of terms. Method: borders of day, week, month and year at midnight in Shanghai, leap years
 * among them; 20,000 days against a calendar that is counted on, day by day; terms that differ in
 * one field.
 */
#include "policy/contract_terms.h"

#include "base/expect.h"
#include "base/time.h"

static int64_t at(const char *text)
{
    int64_t time_us = 0;
    ASSERT(status_ok(time_parse(span_of_text(text), &time_us)));
    return time_us;
}

static bool same(ContractPeriod period, const char *a, const char *b)
{
    return contract_period_at(period, at(a)) == contract_period_at(period, at(b));
}

static void test_a_period_begins_at_midnight_in_shanghai(void)
{
    EXPECT(same(CONTRACT_EACH_DAY, "2026-11-28T00:00:00+08:00", "2026-11-28T23:59:59+08:00"));
    EXPECT(!same(CONTRACT_EACH_DAY, "2026-11-28T23:59:59+08:00", "2026-11-29T00:00:00+08:00"));
    EXPECT(!same(CONTRACT_EACH_DAY, "2026-11-28T15:59:59Z", "2026-11-28T16:00:00Z"));
    EXPECT(same(CONTRACT_EACH_WEEK, "2026-11-23T00:00:00+08:00", "2026-11-29T23:59:59+08:00"));
    EXPECT(!same(CONTRACT_EACH_WEEK, "2026-11-29T23:59:59+08:00", "2026-11-30T00:00:00+08:00"));
    EXPECT(same(CONTRACT_EACH_MONTH, "2028-02-01T00:00:00+08:00", "2028-02-29T23:59:59+08:00"));
    EXPECT(!same(CONTRACT_EACH_MONTH, "2028-02-29T23:59:59+08:00", "2028-03-01T00:00:00+08:00"));
    EXPECT(!same(CONTRACT_EACH_MONTH, "2026-12-31T23:59:59+08:00", "2027-01-01T00:00:00+08:00"));
    EXPECT(!same(CONTRACT_EACH_MONTH, "2026-11-15T00:00:00+08:00", "2027-11-15T00:00:00+08:00"));
    EXPECT(same(CONTRACT_EACH_YEAR, "2026-01-01T00:00:00+08:00", "2026-12-31T23:59:59+08:00"));
    EXPECT(!same(CONTRACT_EACH_YEAR, "2026-12-31T23:59:59+08:00", "2027-01-01T00:00:00+08:00"));
    EXPECT(contract_period_at(9, at("2026-01-01T00:00:00Z")) == 0);
}

static int month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (leap && month == 2);
}

/* 1970-01-01 was a Thursday. */
static void test_periods_are_those_of_a_calendar_counted_on(void)
{
    int year = 1970;
    int month = 1;
    int day = 1;
    int weekday = 3;
    int64_t before[5] = { 0 };
    for (int32_t n = 0; n < 20000; n++) {
        const int64_t noon = time_business_day_start_us(n) + TIME_DAY_US / 2;
        const bool begins[] = { false, true, weekday == 0, day == 1, day == 1 && month == 1 };
        for (int p = CONTRACT_EACH_DAY; p <= CONTRACT_EACH_YEAR; p++) {
            const int64_t now = contract_period_at(p, noon);
            EXPECT(n == 0 || now == before[p] + (begins[p] ? 1 : 0));
            EXPECT(contract_period_at(p, time_business_day_start_us(n)) == now);
            EXPECT(contract_period_at(p, time_business_day_start_us(n + 1) - 1) == now);
            before[p] = now;
        }
        weekday = (weekday + 1) % 7;
        if (++day > month_days(year, month)) {
            day = 1;
            month++;
        }
        if (month > 12) {
            month = 1;
            year++;
        }
    }
    EXPECT(year == 2024);
}

static void test_one_text_is_one_set_of_terms(void)
{
    const ContractTerms base = { SPAN("1900000001"), SPAN("C-1"), SPAN("会员"), SPAN("w***"), 7,
        100, CONTRACT_EACH_MONTH, 300, 3, 24, 156, 1 };
    ContractTerms terms[12];
    uint8_t texts[13][256];
    Buffer b[13];
    for (size_t i = 0; i < 12; i++)
        terms[i] = base;
    terms[0].mchid = SPAN("1900000002");
    terms[1].code = SPAN("C-2");
    terms[2].title = SPAN("会");
    terms[3].account = SPAN("");
    terms[4].plan = 8;
    terms[5].one_minor = 101;
    terms[6].period = CONTRACT_EACH_WEEK;
    terms[7].period_minor = 301;
    terms[8].period_count = 4;
    terms[9].notice_hours = 0;
    terms[10].currency = 840;
    terms[11].until_us = 2;
    for (size_t i = 0; i < 13; i++) {
        b[i] = BUFFER_OF(texts[i]);
        EXPECT_OK(contract_terms_text(i < 12 ? &terms[i] : &base, &b[i]));
        for (size_t j = 0; j < i; j++)
            EXPECT(!span_equal(span_of_buffer(&b[i]), span_of_buffer(&b[j])));
    }
    EXPECT(span_equal(span_of_buffer(&b[12]),
            SPAN("hufu-contract-1\n1900000001\nC-1\n7\n会员\nw***\n100\n3\n300\n3\n24\n156\n1\n")));
    ContractTerms split = base;
    split.title = SPAN("a\nb");
    EXPECT_REFUSED(contract_terms_text(&split, &b[0]), REFUSED_CONTRACT_FIELD);
}

static void test_the_order_is_no_payments_number(void)
{
    uint8_t digest[CONTRACT_TERMS_DIGEST_BYTES] = { 0xAB };
    char order[CONTRACT_ORDER_BYTES + 1];
    contract_terms_order(digest, order);
    EXPECT(strlen(order) == CONTRACT_ORDER_BYTES && strncmp(order, "contract/ab00", 13) == 0);
}

TESTS(TEST(test_a_period_begins_at_midnight_in_shanghai),
        TEST(test_periods_are_those_of_a_calendar_counted_on),
        TEST(test_one_text_is_one_set_of_terms), TEST(test_the_order_is_no_payments_number))
