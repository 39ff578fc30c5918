#pragma once
/*
 * time: microseconds since 1970-01-01T00:00:00Z in int64_t (suffix _us). The business day is
 * Asia/Shanghai, which has been UTC+8 without summer time since 1991.
 */
#include "base/bytes.h"

enum {
    TIME_TEXT_BYTES = 25, /* 2026-01-31T12:00:00+08:00 */
    TIME_BUSINESS_OFFSET_S = 8 * 3600,
};
#define TIME_SECOND_US ((int64_t)1000000)
#define TIME_DAY_US ((int64_t)86400 * TIME_SECOND_US)

/* Has the time come for what is done every `every_us`, next at `next_us`? Also when the clock was
 * set back meanwhile: it does not wait until the clock is there again. */
static inline bool time_has_come(int64_t next_us, int64_t now_us, int64_t every_us)
{
    return now_us >= next_us || next_us - now_us > every_us;
}

/* RFC 3339 at +08:00, whole seconds, as the v3 profile shows times. */
MUST_USE Status time_format(int64_t time_us, Buffer *ret_text);
/* RFC 3339, "Z" or a numeric offset, optional fraction; refuses REFUSED_TIME_INVALID. */
MUST_USE Status time_parse(Span text, int64_t *ret_us);
/* "2026-01-31", a day that there is, as a business day; refuses REFUSED_TIME_INVALID. */
MUST_USE Status time_parse_date(Span text, int32_t *ret_day);
/* Days since 1970-01-01 of the business day that time_us lies in. */
int32_t time_business_day(int64_t time_us);
/* Start of a business day. */
int64_t time_business_day_start_us(int32_t day);
/* "20260131" of a business day into 8 bytes. */
void time_business_day_text(int32_t day, char ret_text[9]);
