/* Goal: nobody forgets the bank's statement of the reserve account: each day without one is an
 * alert once, when working days enough are over, and no other day is. Method: a house with days in
 * its table, holidays of its own, and a clock that is told. */
#include "api/reserve_tick.h"

#include "api/house_for_tests.h"
#include "base/time.h"
#include "ledger/reserve.h"
#include "store/unit_wait.h"

typedef struct Close {
    Unit unit;
    ReserveDay day;
} Close;

static Status close_gather(Unit *unit, Rows *rows)
{
    const ReserveDay *day = &((const Close *)unit)->day;
    const Row *row = NULL;
    const Value key[] = { VALUE_OF_INT(day->day), VALUE_OF_INT((int64_t)day->currency) };
    return rows_get(rows, &reserve_table, key, &row);
}

static Status close_run(Unit *unit, Rows *rows)
{
    return reserve_insert(rows, &((const Close *)unit)->day);
}

static void close_day(TestHouse *t, int32_t day, int64_t owed)
{
    Close work = { .unit = { .gather = close_gather, .run = close_run },
        .day = { .day = day, .currency = CURRENCY_CNY, .customers_minor = owed } };
    EXPECT_OK(unit_wait(t->house.batcher, &work.unit));
}

static Status take(void *context, const Value *values, size_t count)
{
    *(int64_t *)context = values[0].integer;
    return OK;
}

static Status count_alerts(void *context, Store *store)
{
    const Value verdict = VALUE_OF_INT(REFUSED_RESERVE_NO_STATEMENT);
    return store_query(
            store, "SELECT count(*) FROM alert WHERE verdict = ?1", &verdict, 1, take, context);
}

/* After two rounds of looking on this day; -1: it failed. */
static int64_t alerts_on(TestHouse *t, int32_t day)
{
    ReserveTick tick = { 0 };
    int64_t count = -1;
    const int64_t noon_us = (int64_t)day * TIME_DAY_US + 4 * 3600 * TIME_SECOND_US;
    ASSERT(time_business_day(noon_us) == day);
    for (int hour = 0; hour < 2; hour++)
        if (!status_ok(reserve_tick(&tick, &t->house, noon_us + hour * 3600 * TIME_SECOND_US)))
            return -1;
    if (!status_ok(batcher_between(t->house.batcher, count_alerts, &count))) return -1;
    return count;
}

enum { MONDAY = 20458 }; /* 2026-01-05 */

static void test_weekends_and_holidays_do_not_count(void)
{
    const Holidays weekends = { 0 };
    const Holidays golden_week = { .of = { { MONDAY, MONDAY + 4, false } }, .count = 1 };
    EXPECT(holidays_is_working(&weekends, MONDAY) && !holidays_is_working(&weekends, MONDAY - 1));
    EXPECT(reserve_tick_due_day(&weekends, MONDAY + 2, 1) == MONDAY);
    EXPECT(reserve_tick_due_day(&weekends, MONDAY + 1, 1)
            == MONDAY - 1); /* a Sunday has one, too */
    EXPECT(reserve_tick_due_day(&weekends, MONDAY, 1) == MONDAY - 4);
    EXPECT(reserve_tick_due_day(&weekends, MONDAY + 6, 1) == MONDAY + 2);
    EXPECT(reserve_tick_due_day(&golden_week, MONDAY + 7, 1) == MONDAY - 4);
    EXPECT(reserve_tick_due_day(&weekends, MONDAY + 4, 3) == MONDAY);
}

static void test_each_day_without_a_statement_is_told_once(void)
{
    CLEANUP(house_close) TestHouse t;
    EXPECT_OK(house_open(&t, 1));
    close_day(&t, MONDAY, 100);
    close_day(&t, MONDAY + 1, 0); /* nobody was owed anything */
    close_day(&t, MONDAY + 2, 100);
    EXPECT(alerts_on(&t, MONDAY + 4) == 0); /* nobody waits */
    t.house.reserve_wait_days = 1;
    EXPECT(alerts_on(&t, MONDAY + 1) == 0);
    EXPECT(alerts_on(&t, MONDAY + 2) == 1);
    EXPECT(alerts_on(&t, MONDAY + 3) == 1);
    ReserveImport import = { .actor = "ann",
        .statement = { .day = MONDAY + 2, .currency = CURRENCY_CNY, .statement_minor = 100 } };
    reserve_import_unit(&import);
    EXPECT_OK(unit_wait(t.house.batcher, &import.unit));
    EXPECT(alerts_on(&t, MONDAY + 8) == 1); /* it came in time */
    close_day(&t, MONDAY + 8, 100);
    EXPECT(alerts_on(&t, MONDAY + 10) == 2);
    EXPECT(alerts_on(&t, MONDAY + 11) == 2);
}

TESTS(TEST(test_weekends_and_holidays_do_not_count),
        TEST(test_each_day_without_a_statement_is_told_once))
