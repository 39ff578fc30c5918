/* Fuzz target: whatever rules of barcodes are read never allow more at a lower level of protection,
 * and what is refused leaves nothing behind that allows anything. */
#include "payment/barcode_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 0 is no limit, so it is the most. */
static bool is_ordered(int64_t less, int64_t more)
{
    return more == 0 || (less != 0 && less <= more);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    BarcodeRules rules = { 0 };
    YamlProblem problem;
    const Status s = barcode_rules_parse((Span) { data, size }, &rules, &problem);
    if (!status_ok(s)) {
        ASSERT(rules.magic == 0 && !status_ok(barcode_allows_static(&rules, 0, 1)));
        return 0;
    }
    ASSERT(rules.fixed > 0 && is_ordered(rules.fixed, rules.dynamic[AUTH_ONE]));
    ASSERT(is_ordered(rules.dynamic[AUTH_ONE], rules.dynamic[AUTH_TWO]));
    ASSERT(is_ordered(rules.dynamic[AUTH_TWO], rules.dynamic[AUTH_SIGNED]));
    return 0;
}
