#include "message/budget.h"

#include "base/status.h"

void budget_open(SignBudget *ret_budget, int64_t per_second, int64_t burst)
{
    ASSERT(per_second > 0 && per_second <= 1000000);
    ASSERT(burst > 0 && burst <= 1000000);
    const int64_t interval_us = 1000000 / per_second;
    atomic_init(&ret_budget->full_at_us, 0);
    ret_budget->interval_us = interval_us;
    ret_budget->burst_us = interval_us * burst;
}

/* The bucket is full at full_at_us; each token taken moves that moment one interval further. There
 * is one to take as long as the moment stays within burst_us of now. */
bool budget_take(SignBudget *budget, int64_t now_us)
{
    int64_t full_at_us = atomic_load(&budget->full_at_us);
    for (;;) {
        const bool set_back = full_at_us - now_us > budget->burst_us + BUDGET_SLACK_US;
        const int64_t from_us = full_at_us > now_us && !set_back ? full_at_us : now_us;
        const int64_t next_us = from_us + budget->interval_us;
        if (next_us - now_us > budget->burst_us) return false;
        if (atomic_compare_exchange_weak(&budget->full_at_us, &full_at_us, next_us)) return true;
    }
}
