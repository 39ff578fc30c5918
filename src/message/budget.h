#pragma once
/*
 * budget: how many refusals before authentication are signed. A signature costs us seventeen times
 * what a bad request costs its sender, so beyond the budget such refusals go out unsigned (clients
 * do not verify answers other than 2xx).
 *
 * A token bucket in one atomic word (the generic cell rate algorithm, ITU-T I.371). Thread-safe, no
 * lock.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { BUDGET_PER_SECOND = 50, BUDGET_BURST = 100, BUDGET_SLACK_US = 1000000 };

typedef struct SignBudget {
    _Atomic int64_t full_at_us; /* when the bucket would be full again */
    int64_t interval_us; /* one token */
    int64_t burst_us; /* all tokens */
} SignBudget;

/* per_second and burst > 0 (asserted). */
void budget_open(SignBudget *ret_budget, int64_t per_second, int64_t burst);
/* Take one; false when there is none. A clock that goes backwards gives no tokens, but one that was
 * set back (by more than the bucket and BUDGET_SLACK_US) begins with a full bucket: nobody waits
 * for the old time to come again. */
bool budget_take(SignBudget *budget, int64_t now_us);
