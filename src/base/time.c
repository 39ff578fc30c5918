#include "base/time.h"

#include "base/money.h"

/* Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-Compatible Low-Level
 * Date Algorithms", days_from_civil): years start in March so that leap days come last. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const unsigned year_of_era = (unsigned)(year - era * 400);
    const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const unsigned day_of_era =
            year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

typedef struct Civil {
    int year;
    unsigned month;
    unsigned day;
} Civil;

static Civil civil_from_days(int64_t days)
{
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const unsigned day_of_era = (unsigned)(days - era * 146097);
    const unsigned year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year =
            day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted = (5 * day_of_year + 2) / 153;
    const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
    return (Civil) { (int)((int64_t)year_of_era + era * 400 + (month <= 2)), month,
        day_of_year - (153 * shifted + 2) / 5 + 1 };
}

static int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

Status time_parse_date(Span text, int32_t *ret_day)
{
    uint8_t bytes[TIME_TEXT_BYTES];
    Buffer moment = BUFFER_OF(bytes);
    int64_t time_us = 0;
    REQUIRE(text.size == sizeof("2026-01-31") - 1, REFUSED_TIME_INVALID);
    TRY(buffer_put(&moment, text));
    TRY(buffer_put(&moment, SPAN("T00:00:00+08:00")));
    TRY(time_parse(span_of_buffer(&moment), &time_us));
    *ret_day = time_business_day(time_us);
    return OK;
}

int32_t time_business_day(int64_t time_us)
{
    return (int32_t)floor_divide(time_us + TIME_BUSINESS_OFFSET_S * TIME_SECOND_US, TIME_DAY_US);
}

int64_t time_business_day_start_us(int32_t day)
{
    return day * TIME_DAY_US - TIME_BUSINESS_OFFSET_S * TIME_SECOND_US;
}

void time_business_day_text(int32_t day, char ret_text[9])
{
    const Civil date = civil_from_days(day);
    uint32_t digits = (uint32_t)date.year * 10000 + date.month * 100 + date.day;
    for (int i = 7; i >= 0; i--, digits /= 10)
        ret_text[i] = (char)('0' + digits % 10);
    ret_text[8] = 0;
}

Status time_format(int64_t time_us, Buffer *ret_text)
{
    const int64_t local_s = floor_divide(time_us, TIME_SECOND_US) + TIME_BUSINESS_OFFSET_S;
    const int64_t days = floor_divide(local_s, 86400);
    const int second = (int)(local_s - days * 86400);
    const Civil date = civil_from_days(days);
    return buffer_print(ret_text, "%04d-%02u-%02uT%02d:%02d:%02d+08:00", date.year, date.month,
            date.day, second / 3600, second / 60 % 60, second % 60);
}

/* Exactly `size` digits as a number. */
static Status take_number(Cursor *c, size_t size, int64_t *ret)
{
    Span digits = { 0 };
    REQUIRE(status_ok(cursor_take(c, size, &digits)), REFUSED_TIME_INVALID);
    REQUIRE(digits.data[0] != '-', REFUSED_TIME_INVALID);
    REQUIRE(status_ok(i64_parse(digits, ret)), REFUSED_TIME_INVALID);
    return OK;
}

static Status take_mark(Cursor *c, uint8_t mark)
{
    uint8_t found = 0;
    REQUIRE(status_ok(cursor_u8(c, &found)) && found == mark, REFUSED_TIME_INVALID);
    return OK;
}

static Status take_fraction(Cursor *c, int64_t *ret_us)
{
    int64_t scale = 100000;
    *ret_us = 0;
    if (c->rest.size == 0 || c->rest.data[0] != '.') return OK;
    TRY(take_mark(c, '.'));
    REQUIRE(c->rest.size > 0 && c->rest.data[0] >= '0' && c->rest.data[0] <= '9',
            REFUSED_TIME_INVALID);
    while (c->rest.size > 0 && c->rest.data[0] >= '0' && c->rest.data[0] <= '9') {
        int64_t digit = 0;
        TRY(take_number(c, 1, &digit));
        *ret_us += digit * scale;
        scale /= 10;
    }
    return OK;
}

static Status take_offset(Cursor *c, int64_t *ret_s)
{
    uint8_t sign = 0;
    REQUIRE(status_ok(cursor_u8(c, &sign)), REFUSED_TIME_INVALID);
    *ret_s = 0;
    if (sign == 'Z') return OK;
    REQUIRE(sign == '+' || sign == '-', REFUSED_TIME_INVALID);
    int64_t hour = 0;
    int64_t minute = 0;
    TRY(take_number(c, 2, &hour));
    TRY(take_mark(c, ':'));
    TRY(take_number(c, 2, &minute));
    REQUIRE(hour <= 23 && minute <= 59, REFUSED_TIME_INVALID);
    *ret_s = (sign == '-' ? -1 : 1) * (hour * 3600 + minute * 60);
    return OK;
}

Status time_parse(Span text, int64_t *ret_us)
{
    Cursor c = cursor_of(text);
    int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    int64_t fraction_us = 0, offset_s = 0;
    TRY(take_number(&c, 4, &year));
    TRY(take_mark(&c, '-'));
    TRY(take_number(&c, 2, &month));
    TRY(take_mark(&c, '-'));
    TRY(take_number(&c, 2, &day));
    TRY(take_mark(&c, 'T'));
    TRY(take_number(&c, 2, &hour));
    TRY(take_mark(&c, ':'));
    TRY(take_number(&c, 2, &minute));
    TRY(take_mark(&c, ':'));
    TRY(take_number(&c, 2, &second));
    TRY(take_fraction(&c, &fraction_us));
    TRY(take_offset(&c, &offset_s));
    REQUIRE(c.rest.size == 0, REFUSED_TIME_INVALID);
    REQUIRE(year >= 1970 && month >= 1 && month <= 12 && day >= 1, REFUSED_TIME_INVALID);
    REQUIRE(hour <= 23 && minute <= 59 && second <= 59, REFUSED_TIME_INVALID);
    const int64_t days = days_from_civil(year, (unsigned)month, (unsigned)day);
    const Civil back = civil_from_days(days); /* 31 April comes back as 1 May */
    REQUIRE(back.month == month && back.day == day, REFUSED_TIME_INVALID);
    const int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset_s;
    *ret_us = seconds * TIME_SECOND_US + fraction_us;
    return OK;
}
