/* Goal: what an earlier run began is interrupted, what this one began is not, wherever the clock
 * was moved (TP-15, LL-4.5.2). Method: rows through a real batch, another start, the clock set back
 * and ahead. */
#include "api/request_tick.h"

#include "access/request_act.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "store/store_for_tests.h"

static const int64_t noon_us = 1000 * TIME_DAY_US;

typedef struct Begun {
    Unit unit;
    AskedRequest request;
} Begun;

static Status nothing(Unit *unit, Rows *rows) { return OK; }

static Status begin_run(Unit *unit, Rows *rows)
{
    AskedRequest *r = &((Begun *)unit)->request;
    r->changed_us = rows_now_us(rows);
    return asked_insert(rows, r);
}

static void begin(TestStore *t, const char *id, AskedState state)
{
    Begun b = { .unit = { .gather = nothing, .run = begin_run },
        .request = { .action = "caller.add",
                .asker = "alice",
                .from = "uid:1",
                .door = DOOR_CLI,
                .needs = 1,
                .exact = "{}",
                .exact_size = 2,
                .expires_us = noon_us + TIME_DAY_US,
                .state = state } };
    snprintf(b.request.id, sizeof(b.request.id), "%s", id);
    sha256(SPAN("{}"), b.request.digest);
    ASSERT(status_ok(unit_wait(t->batcher, &b.unit)));
}

static AskedState state_of(TestStore *t, const char *id)
{
    RequestLook look = { 0 };
    snprintf(look.request.id, sizeof(look.request.id), "%s", id);
    request_look_unit(&look, NULL);
    ASSERT(status_ok(unit_wait(t->batcher, &look.unit)));
    return look.request.state;
}

#define EARLIER "00000000000000a1"
#define NOW "00000000000000a2"
#define WAITING "00000000000000a3"

static void expect_after(int64_t start_us, int64_t begun_us)
{
    static const StoreSchema *const schemas[] = { &request_schema };
    TestStore t;
    RequestTick tick = { 0 };
    test_store_open(&t, schemas, 1, noon_us);
    begin(&t, EARLIER, ASKED_RUNNING);
    begin(&t, WAITING, ASKED_WAITING);
    test_store_stop(&t);
    test_store_start(&t);
    t.now_us = start_us;
    House house = { .batcher = t.batcher,
        .clock = t.clock,
        .opened_us = start_us,
        .first_batch = t.practice.confirmed };
    t.now_us = begun_us;
    begin(&t, NOW, ASKED_RUNNING);
    EXPECT_OK(request_tick(&tick, &house, t.now_us));
    EXPECT(state_of(&t, EARLIER) == ASKED_INTERRUPTED);
    EXPECT(state_of(&t, NOW) == ASKED_RUNNING);
    EXPECT(state_of(&t, WAITING) == ASKED_WAITING);
    test_store_close(&t);
}

static void test_by_the_clock_as_it_goes(void)
{
    expect_after(noon_us + TIME_SECOND_US, noon_us + 2 * TIME_SECOND_US);
}

static void test_a_clock_that_was_set_back_before_the_start(void)
{
    expect_after(noon_us - 7 * TIME_DAY_US, noon_us - 7 * TIME_DAY_US);
}

static void test_a_clock_that_is_set_back_after_it(void)
{
    expect_after(noon_us + TIME_SECOND_US, noon_us - TIME_DAY_US);
}

TESTS(TEST(test_by_the_clock_as_it_goes), TEST(test_a_clock_that_was_set_back_before_the_start),
        TEST(test_a_clock_that_is_set_back_after_it))
