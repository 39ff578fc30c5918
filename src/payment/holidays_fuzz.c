/* Fuzz target: whatever holidays are read are in order, and each day of them is what it says. */
#include "payment/holidays.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Holidays holidays;
    YamlProblem problem;
    holidays.count = 0;
    if (!status_ok(holidays_parse((Span) { data, size }, &holidays, &problem))) {
        ASSERT(holidays.count == 0);
        return 0;
    }
    ASSERT(holidays.count <= HOLIDAYS_MAX);
    for (size_t i = 0; i < holidays.count; i++) {
        const HolidayRange *range = &holidays.of[i];
        ASSERT(range->from <= range->to && (i == 0 || range->from > holidays.of[i - 1].to));
        ASSERT(holidays_is_working(&holidays, range->from) == range->work);
        ASSERT(holidays_is_working(&holidays, range->to) == range->work);
    }
    return 0;
}
