#include "payment/holidays.h"

#include <stdlib.h>

#include "base/time.h"

typedef struct RangeFile {
    Span from;
    Span to;
    Span kind;
} RangeFile;

static const YamlField range_fields[] = {
    { "from", YAML_TEXT, true, 10, 10, offsetof(RangeFile, from), NULL, 0 },
    { "to", YAML_TEXT, false, 10, 10, offsetof(RangeFile, to), NULL, 0 },
    { "kind", YAML_TEXT, true, 1, 16, offsetof(RangeFile, kind), NULL, 0 },
};

typedef struct HolidaysFile {
    int64_t version;
    Span source;
    const YamlNode *days;
} HolidaysFile;

static const YamlField fields[] = {
    { "version", YAML_INT, true, 1, 1, offsetof(HolidaysFile, version), NULL, 0 },
    { "source", YAML_TEXT, true, 1, 512, offsetof(HolidaysFile, source), NULL, 0 },
    { "days", YAML_SEQUENCE, true, 0, HOLIDAYS_MAX, offsetof(HolidaysFile, days), NULL, 0 },
};

static Status take_range(const YamlNode *node, HolidayRange *ret, YamlProblem *problem)
{
    RangeFile file = { 0 };
    TRY(yaml_read(
            node, range_fields, sizeof(range_fields) / sizeof(range_fields[0]), &file, problem));
    const Span to = file.to.size > 0 ? file.to : file.from;
    ret->work = span_equal(file.kind, SPAN("WORKDAY"));
    const bool known = (ret->work || span_equal(file.kind, SPAN("HOLIDAY")))
            && status_ok(time_parse_date(file.from, &ret->from))
            && status_ok(time_parse_date(to, &ret->to)) && ret->from <= ret->to
            && ret->to - ret->from < HOLIDAYS_LENGTH_MAX;
    if (!known) yaml_blame(node, problem);
    REQUIRE(known, REFUSED_HOLIDAYS_FORMAT);
    return OK;
}

static Status take_ranges(const YamlNode *days, Holidays *ret, YamlProblem *problem)
{
    for (size_t i = 0; i < yaml_size(days); i++) {
        const YamlNode *node = yaml_at(days, i);
        HolidayRange *range = &ret->of[i];
        TRY(take_range(node, range, problem));
        const bool ascends = i == 0 || range->from > ret->of[i - 1].to;
        if (!ascends) yaml_blame(node, problem);
        REQUIRE(ascends, REFUSED_HOLIDAYS_FORMAT);
        ret->count++;
    }
    return OK;
}

Status holidays_parse(Span yaml, Holidays *ret_holidays, YamlProblem *problem)
{
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    HolidaysFile file = { 0 };
    Holidays holidays = { 0 };
    TRY(yaml_parse(yaml, &document, problem));
    TRY(yaml_read(yaml_root(document), fields, sizeof(fields) / sizeof(fields[0]), &file, problem));
    TRY(take_ranges(file.days, &holidays, problem));
    *ret_holidays = holidays;
    return OK;
}

static void memory_free(uint8_t **memory) { free(*memory); }

Status holidays_load(const char *path, Holidays *ret_holidays, YamlProblem *problem)
{
    *problem = (YamlProblem) { 0 };
    CLEANUP(memory_free) uint8_t *memory = malloc(HOLIDAYS_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, HOLIDAYS_BYTES_MAX };
    REQUIRE(yaml_file_read(path, &text), REFUSED_HOLIDAYS_FORMAT);
    return holidays_parse(span_of_buffer(&text), ret_holidays, problem);
}

/* 1970-01-01 was a Thursday. */
static bool is_weekend(int32_t day)
{
    const int32_t weekday = ((day + 4) % 7 + 7) % 7; /* 0: Sunday */
    return weekday == 0 || weekday == 6;
}

bool holidays_is_working(const Holidays *holidays, int32_t day)
{
    for (size_t i = 0; i < holidays->count; i++) {
        const HolidayRange *range = &holidays->of[i];
        if (day >= range->from && day <= range->to) return range->work;
    }
    return !is_weekend(day);
}

/* YYYYMM */
static int month_of(int32_t day)
{
    char text[9];
    time_business_day_text(day, text);
    int month = 0;
    for (int i = 0; i < 6; i++)
        month = month * 10 + (text[i] - '0');
    return month;
}

static bool knows_year(const Holidays *holidays, int year)
{
    for (size_t i = 0; i < holidays->count; i++)
        if (month_of(holidays->of[i].from) / 100 == year) return true;
    return false;
}

int holidays_missing_year(const Holidays *holidays, int32_t today)
{
    const int month = month_of(today);
    const int year = month / 100;
    if (holidays->count == 0) return 0;
    if (!knows_year(holidays, year)) return year;
    return month % 100 == 12 && !knows_year(holidays, year + 1) ? year + 1 : 0;
}
