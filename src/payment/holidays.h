#pragma once
/*
 * holidays: on which days banks work (rules/holidays.yaml). Saturdays and Sundays are free, but for
 * what the file says: HOLIDAY from a day to a day, or WORKDAY on a day that would be free. A year
 * that it says nothing of has weekends alone.
 */
#include "base/bytes.h"
#include "text/yaml.h"

enum { HOLIDAYS_MAX = 256, HOLIDAYS_BYTES_MAX = 64 * 1024, HOLIDAYS_LENGTH_MAX = 31 };

typedef struct HolidayRange {
    int32_t from; /* business days */
    int32_t to;
    bool work;
} HolidayRange;

typedef struct Holidays {
    HolidayRange of[HOLIDAYS_MAX]; /* ascending, none within another */
    size_t count; /* 0: weekends alone */
} Holidays;

/* Refuses HOLIDAYS_FORMAT, and what yaml_parse() and yaml_read() refuse; then *ret_holidays is as
 * it was. */
MUST_USE Status holidays_parse(Span yaml, Holidays *ret_holidays, YamlProblem *problem);
MUST_USE Status holidays_load(const char *path, Holidays *ret_holidays, YamlProblem *problem);
bool holidays_is_working(const Holidays *holidays, int32_t day);
/* The year whose holidays are missing: today's, or in December the next; 0: none, or no file. */
int holidays_missing_year(const Holidays *holidays, int32_t today);
