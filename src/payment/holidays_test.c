/* Goal: banks work on the days on which they do. Method: the file of this tree against dates of the
 * State Council's notice, typed in here again; then files that are none. */
#include "payment/holidays.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/expect.h"
#include "base/time.h"

static int32_t day_of(const char *date)
{
    int32_t day = 0;
    ASSERT(status_ok(time_parse_date(span_of_text(date), &day)));
    return day;
}

static void test_2026(void)
{
    static const char *const works[] = { "2026-01-04", "2026-01-05", "2026-02-14", "2026-02-24",
        "2026-02-28", "2026-04-07", "2026-05-06", "2026-05-09", "2026-06-22", "2026-09-20",
        "2026-09-28", "2026-10-08", "2026-10-10", "2026-11-27" };
    static const char *const rests[] = { "2026-01-01", "2026-01-02", "2026-01-03", "2026-02-15",
        "2026-02-20", "2026-02-23", "2026-04-06", "2026-05-01", "2026-05-05", "2026-06-19",
        "2026-09-25", "2026-10-01", "2026-10-07", "2026-11-28", "2026-11-29" };
    static Holidays holidays;
    YamlProblem problem = { 0 };
    char path[512];
    snprintf(path, sizeof(path), "%s/rules/holidays.yaml", getenv("HUFU_SOURCE"));
    EXPECT_OK(holidays_load(path, &holidays, &problem));
    for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
        EXPECT(holidays_is_working(&holidays, day_of(works[i])));
    for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++)
        EXPECT(!holidays_is_working(&holidays, day_of(rests[i])));
    int32_t working = 0;
    for (int32_t day = day_of("2026-01-01"); day <= day_of("2026-12-31"); day++)
        working += holidays_is_working(&holidays, day);
    EXPECT(working
            == 248); /* 365 - 104 of weekends - 19 other free days + 6 weekend days of work */
}

static void test_a_year_that_is_missing(void)
{
    static const Holidays none;
    static Holidays h;
    h.of[0] = (HolidayRange) { day_of("2026-01-01"), day_of("2026-01-03"), false };
    h.of[1] = (HolidayRange) { day_of("2026-12-31"), day_of("2027-01-02"), false };
    h.count = 2;
    EXPECT(holidays_missing_year(&h, day_of("2026-01-01")) == 0);
    EXPECT(holidays_missing_year(&h, day_of("2026-11-30")) == 0);
    EXPECT(holidays_missing_year(&h, day_of("2026-12-01")) == 2027);
    EXPECT(holidays_missing_year(&h, day_of("2027-05-01")) == 2027);
    h.of[h.count++] = (HolidayRange) { day_of("2027-02-05"), day_of("2027-02-11"), false };
    EXPECT(holidays_missing_year(&h, day_of("2026-12-01")) == 0);
    EXPECT(holidays_missing_year(&h, day_of("2027-12-01")) == 2028);
    EXPECT(holidays_missing_year(&none, day_of("2026-12-01")) == 0); /* weekends, as wanted */
}

static void test_without_a_file_there_are_weekends(void)
{
    static const Holidays none;
    EXPECT(holidays_is_working(&none, day_of("2026-10-01")));
    EXPECT(!holidays_is_working(&none, day_of("2026-10-03")));
    EXPECT(!holidays_is_working(&none, day_of("1970-01-04"))); /* a Sunday */
}

static void test_what_is_none_changes_nothing(void)
{
#define HEAD "version: 1\nsource: x\ndays:\n"
    static const char *const wrong[] = { "", "version: 2\nsource: x\ndays: []\n",
        HEAD "  - { from: 2026-02-30, kind: HOLIDAY }\n", HEAD "  - { from: 2026-02-03 }\n",
        HEAD "  - { from: 2026-02-03, kind: FEAST }\n",
        HEAD "  - { from: 2026-02-03, to: 2026-02-01, kind: HOLIDAY }\n",
        HEAD "  - { from: 2026-02-03, to: 2026-05-01, kind: HOLIDAY }\n",
        HEAD "  - { from: 2026-02-03, kind: HOLIDAY }\n  - { from: 2026-02-03, kind: WORKDAY }\n",
        HEAD "  - { from: 2026-02-03, kind: HOLIDAY, name: x }\n", HEAD "  - 2026-02-03\n" };
    static Holidays holidays;
    YamlProblem problem;
    holidays.count = HOLIDAYS_MAX;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        problem = (YamlProblem) { 0 };
        EXPECT(status_refused(holidays_parse(span_of_text(wrong[i]), &holidays, &problem)));
        EXPECT(holidays.count == HOLIDAYS_MAX);
    }
}

TESTS(TEST(test_2026), TEST(test_a_year_that_is_missing),
        TEST(test_without_a_file_there_are_weekends), TEST(test_what_is_none_changes_nothing))
