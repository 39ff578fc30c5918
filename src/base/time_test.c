/* Goal: RFC 3339 in and out, and the business day of Asia/Shanghai. Reference values: GNU date. */
#include "base/expect.h"
#include "base/time.h"

static void test_format(void)
{
    static const struct {
        int64_t s;
        const char *text;
    } cases[] = { { 0, "1970-01-01T08:00:00+08:00" }, { 1769832000, "2026-01-31T12:00:00+08:00" },
        { 951753600, "2000-02-29T00:00:00+08:00" }, { 1709135999, "2024-02-28T23:59:59+08:00" },
        { -1, "1970-01-01T07:59:59+08:00" }, { 4102415999, "2099-12-31T23:59:59+08:00" } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t memory[TIME_TEXT_BYTES];
        Buffer text = BUFFER_OF(memory);
        EXPECT_OK(time_format(cases[i].s * TIME_SECOND_US + 999999, &text));
        EXPECT(span_equal(span_of_buffer(&text), span_of_text(cases[i].text)));
    }
    uint8_t memory[TIME_TEXT_BYTES - 1];
    Buffer small = BUFFER_OF(memory);
    EXPECT_REFUSED(time_format(0, &small), REFUSED_BUFFER_FULL);
}

static void test_every_day_comes_back(void)
{
    for (int32_t day = 0; day < 60000; day += 7) {
        uint8_t memory[TIME_TEXT_BYTES];
        Buffer text = BUFFER_OF(memory);
        int64_t back = 0;
        const int64_t start = time_business_day_start_us(day);
        EXPECT(time_business_day(start) == day && time_business_day(start - 1) == day - 1);
        if (start < 0) continue;
        EXPECT_OK(time_format(start, &text));
        EXPECT_OK(time_parse(span_of_buffer(&text), &back));
        EXPECT(back == start);
    }
}

static void test_parse(void)
{
    int64_t us = 0;
    EXPECT_OK(time_parse(SPAN("2026-01-31T04:00:00Z"), &us));
    EXPECT(us == 1769832000 * TIME_SECOND_US);
    EXPECT_OK(time_parse(SPAN("2026-01-31T12:00:00.5+08:00"), &us));
    EXPECT(us == 1769832000 * TIME_SECOND_US + 500000);
    EXPECT_OK(time_parse(SPAN("2026-01-30T22:30:00.0000019-05:30"), &us));
    EXPECT(us == 1769832000 * TIME_SECOND_US + 1);
    EXPECT_OK(time_parse(SPAN("2024-02-29T00:00:00Z"), &us));
}

static void test_other_texts_are_refused(void)
{
    static const char *const bad[] = { "", "2026-01-31", "2026-01-31T12:00:00",
        "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
        "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:00:60Z",
        "2026-01-31t12:00:00Z", "2026-01-31T12:00:00z", "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00+8:00", "2026-01-31T12:00:00+0800", "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00+08:60", "2026-01-31T12:00:00+08:00 ", " 2026-01-31T12:00:00Z",
        "2026-1-31T12:00:00Z", "-026-01-31T12:00:00Z", "2026--1-31T12:00:00Z",
        "1969-12-31T23:59:59Z", "2026-01-31T12:00:00Z0" };
    int64_t us = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        EXPECT_REFUSED(time_parse(span_of_text(bad[i]), &us), REFUSED_TIME_INVALID);
    EXPECT(us == 7);
}

static void test_business_day(void)
{
    char text[9];
    const int64_t evening =
            1769874900 * TIME_SECOND_US; /* 2026-01-31T15:55:00Z = 23:55 in Shanghai */
    time_business_day_text(time_business_day(evening), text);
    EXPECT(strcmp(text, "20260131") == 0);
    time_business_day_text(time_business_day(evening + 5 * 60 * TIME_SECOND_US), text);
    EXPECT(strcmp(text, "20260201") == 0);
}

/* Goal: what is done every hour is done an hour later, and soon when the clock was set back. */
static void test_what_is_done_every_so_often(void)
{
    enum { EVERY = 3600 };
    EXPECT(time_has_come(0, 1000000, EVERY)); /* at the start */
    EXPECT(!time_has_come(1000000 + EVERY, 1000000, EVERY));
    EXPECT(!time_has_come(1000000 + EVERY, 1000000 + EVERY - 1, EVERY));
    EXPECT(time_has_come(1000000 + EVERY, 1000000 + EVERY, EVERY));
    EXPECT(time_has_come(1000000 + EVERY, 1000000 - 1, EVERY));
    EXPECT(time_has_come(1000000 + EVERY, 0, EVERY));
}

TESTS(TEST(test_format), TEST(test_every_day_comes_back), TEST(test_parse),
        TEST(test_other_texts_are_refused), TEST(test_business_day),
        TEST(test_what_is_done_every_so_often))
