/* Goal: one merchant who cannot be settled is asked again, alone, and is one event a day; rows that
 * somebody put into the database hide nobody. Method: a house with terms of merchants whom it does
 * not have, so that each is refused; what is refused and the events are counted. */
#include "api/settlement_tick.h"

#include "api/terms_for_tests.h"
#include "base/time.h"

static void agree(TestHouse *t, int number)
{
    char mchid[16];
    snprintf(mchid, sizeof(mchid), "m%03d", number);
    EXPECT_OK(terms_put(t, mchid, clock_now_us(&t->house.clock) + 100 * TIME_DAY_US));
}

static int64_t events; /* in sealed batches */

static Status count_events(
        void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed)
{
    Cursor c = cursor_of(draft->events);
    uint32_t count = 0;
    TRY(cursor_u32(&c, &count));
    events += count;
    return OK;
}

/* Banks work today, whatever day it is; events are counted from now on. */
static int64_t working_now(TestHouse *t)
{
    const int64_t now_us = clock_now_us(&t->house.clock);
    events = 0;
    batcher_stop(t->house.batcher); /* it has a copy of its guard */
    t->practice.guard.append = count_events;
    ASSERT(status_ok(
            batcher_start(t->store, &t->practice.guard, &t->house.clock, 0, &t->house.batcher)));
    const int32_t today = time_business_day(now_us);
    t->house.holidays.of[0] = (HolidayRange) { today, today, true };
    t->house.holidays.count = 1;
    return now_us;
}

static void test_who_failed_is_told_once_and_asked_again(void)
{
    CLEANUP(house_close) TestHouse t;
    SettlementTick tick = { 0 };
    EXPECT_OK(house_open(&t, 1));
    const int64_t now_us = working_now(&t);
    agree(&t, 1);
    EXPECT_REFUSED(settlement_tick(&tick, &t.house, now_us), REFUSED_MERCHANT_UNKNOWN);
    EXPECT(events == 1);
    EXPECT_OK(settlement_tick(&tick, &t.house, now_us + SETTLEMENT_RETRY_US / 2));
    agree(&t, 2); /* not one of those who failed: his evening is the next */
    for (int i = 1; i <= 3; i++)
        EXPECT_REFUSED(settlement_tick(&tick, &t.house, now_us + i * SETTLEMENT_RETRY_US),
                REFUSED_MERCHANT_UNKNOWN);
    EXPECT(events == 1 && tick.failed_count == 1 && !tick.done);
}

/* More than a group, and more than are remembered: all are asked, and all again, quietly. */
static void test_many_who_fail(void)
{
    enum { MANY = 2 * SETTLEMENT_FOUND_MAX + 5 };
    CLEANUP(house_close) TestHouse t;
    SettlementTick tick = { 0 };
    EXPECT_OK(house_open(&t, 1));
    const int64_t now_us = working_now(&t);
    for (int i = 0; i < MANY; i++)
        agree(&t, i);
    for (int round = 0; round < 2; round++) {
        for (int group = 0; group < 3; group++)
            EXPECT_REFUSED(settlement_tick(&tick, &t.house, now_us + round * SETTLEMENT_RETRY_US),
                    REFUSED_MERCHANT_UNKNOWN);
        EXPECT_OK(settlement_tick(&tick, &t.house, now_us + round * SETTLEMENT_RETRY_US));
        EXPECT(events == MANY);
    }
}

static void test_nobody_to_settle(void)
{
    CLEANUP(house_close) TestHouse t;
    SettlementTick tick = { 0 };
    EXPECT_OK(house_open(&t, 1));
    const int64_t now_us = working_now(&t);
    EXPECT_OK(settlement_tick(&tick, &t.house, now_us));
    EXPECT(tick.done && events == 0);
}

TESTS(TEST(test_who_failed_is_told_once_and_asked_again), TEST(test_many_who_fail),
        TEST(test_nobody_to_settle))
