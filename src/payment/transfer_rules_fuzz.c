/* Fuzz target: whatever rules of transfers are read never let a slower speed go faster nor a lower
 * class transfer more, and what is refused leaves nothing behind that allows anything. */
#include "payment/transfer_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TransferRules rules = { 0 };
    YamlProblem problem;
    const TransferFacts one = { ACCOUNT_GRADE_III, AUTH_SIGNED, 1, 0, 0, -1, -1 };
    const Status s = transfer_rules_parse((Span) { data, size }, &rules, &problem);
    if (!status_ok(s)) {
        ASSERT(rules.magic == 0 && !status_ok(transfer_allows(&rules, &one)));
        return 0;
    }
    ASSERT(transfer_wait_us(&rules, TRANSFER_REAL_TIME) == 0);
    ASSERT(transfer_wait_us(&rules, TRANSFER_NORMAL) > 0);
    ASSERT(transfer_wait_us(&rules, TRANSFER_NEXT_DAY) > transfer_wait_us(&rules, TRANSFER_NORMAL));
    ASSERT(transfer_speed_name(rules.first_speed)[0] != 0);
    for (int i = 0; i < ACCOUNT_GRADES; i++)
        ASSERT(rules.day[i].minor >= (i == 0 ? 1 : rules.day[i - 1].minor)
                && rules.day[i].count >= (i == 0 ? 1 : rules.day[i - 1].count));
    return 0;
}
