#include "message/budget.h"

#include "base/expect.h"

static int take_all(SignBudget *budget, int64_t now_us)
{
    int taken = 0;
    while (taken < 10000 && budget_take(budget, now_us))
        taken++;
    return taken;
}

static void burst_then_rate(void)
{
    SignBudget budget;
    budget_open(&budget, 50, 100);
    const int64_t start_us = 1767225600000000;
    EXPECT(take_all(&budget, start_us) == 100);
    EXPECT(!budget_take(&budget, start_us + 19999));
    EXPECT(budget_take(&budget, start_us + 20000));
    EXPECT(!budget_take(&budget, start_us + 20000));
    EXPECT(take_all(&budget, start_us + 1020000) == 50);
    EXPECT(take_all(&budget, start_us + 3600000000) == 100); /* never more than the burst */
}

static void a_clock_that_goes_back_gives_nothing(void)
{
    SignBudget budget;
    budget_open(&budget, 50, 100);
    EXPECT(take_all(&budget, 1767225600000000) == 100);
    EXPECT(take_all(&budget, 1767225600000000 - BUDGET_SLACK_US + 1) == 0);
    EXPECT(take_all(&budget, 1767220000000000) == 100); /* an hour and a half: set back */
    EXPECT(take_all(&budget, 1767220000000000) == 0);
}

TESTS(TEST(burst_then_rate), TEST(a_clock_that_goes_back_gives_nothing))
