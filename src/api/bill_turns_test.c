/* Goal: nobody has the ledger walked as often as he asks. Method: one merchant asks until he is
 * refused, while another is not; an hour later, and for what is known to be empty. */
#include "api/bill_turns.h"

#include "base/expect.h"
#include "base/time.h"

#define NOW_US ((INT64_C(1790000000)) * TIME_SECOND_US)

static BillForm form_of(const char *mchid, BillKind kind, int32_t days_ago)
{
    BillForm form = { .kind = kind, .day = time_business_day(NOW_US) - days_ago };
    snprintf(form.mchid, sizeof(form.mchid), "%s", mchid);
    return form;
}

/* How many of this bill are looked for, one after another, until no more are. */
static size_t turns_of(BillTurns *turns, const BillForm *form, Status *ret_refused)
{
    size_t count = 0;
    for (*ret_refused = OK; count <= BILL_TURN_DAYS_MAX; count++) {
        *ret_refused = bill_turns_take(turns, form, NOW_US);
        if (!status_ok(*ret_refused)) break;
    }
    return count;
}

static void test_a_merchant_has_his_turns(void)
{
    static BillTurns turns;
    const BillForm trade = form_of("m1", BILL_TRADE_ALL, 5);
    const BillForm fund = form_of("m2", BILL_FUND_BASIC, 92);
    Status refused = OK;
    EXPECT(turns_of(&turns, &trade, &refused) == BILL_TURN_DAYS_MAX);
    EXPECT_REFUSED(refused, REFUSED_BILL_TURN);
    EXPECT(turns_of(&turns, &fund, &refused) == BILL_TURN_DAYS_MAX / 93);
    EXPECT_REFUSED(refused, REFUSED_BILL_TURN);
    EXPECT_REFUSED(bill_turns_take(&turns, &trade, NOW_US), REFUSED_BILL_TURN);
    EXPECT_OK(bill_turns_take(&turns, &trade, NOW_US + 3600 * TIME_SECOND_US));
}

static void test_what_is_empty_is_not_looked_for_again(void)
{
    static BillTurns turns;
    const BillForm empty = form_of("m1", BILL_TRADE_REFUND, 5);
    const BillForm other = form_of("m1", BILL_TRADE_ALL, 5);
    const BillForm others = form_of("m2", BILL_TRADE_REFUND, 5);
    EXPECT_OK(bill_turns_take(&turns, &empty, NOW_US));
    bill_turns_none(&turns, &empty);
    EXPECT_REFUSED(bill_turns_take(&turns, &empty, NOW_US), REFUSED_BILL_NONE);
    EXPECT_OK(bill_turns_take(&turns, &other, NOW_US));
    EXPECT_OK(bill_turns_take(&turns, &others, NOW_US));
    for (size_t i = 0; i < BILL_NONES_MAX; i++)
        bill_turns_none(&turns, &others);
    EXPECT_OK(bill_turns_take(&turns, &empty, NOW_US)); /* forgotten, so looked for once more */
}

static void test_there_are_only_so_many_merchants(void)
{
    static BillTurns turns;
    BillForm form = form_of("m", BILL_TRADE_ALL, 1);
    for (size_t i = 0; i < BILL_TURN_MERCHANTS_MAX; i++) {
        snprintf(form.mchid, sizeof(form.mchid), "m%zu", i);
        EXPECT_OK(bill_turns_take(&turns, &form, NOW_US));
    }
    snprintf(form.mchid, sizeof(form.mchid), "one-more");
    EXPECT_REFUSED(bill_turns_take(&turns, &form, NOW_US), REFUSED_BILL_BUSY);
}

TESTS(TEST(test_a_merchant_has_his_turns), TEST(test_what_is_empty_is_not_looked_for_again),
        TEST(test_there_are_only_so_many_merchants))
