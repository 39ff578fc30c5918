/* Goal: the clock ends what was given for a while in its row, too; a vault that does not answer
 * leaves it to the next tick (TP-15, LL-4.5.2). Method: a row through a real batch, whose guard is
 * away for a while. */
#include "api/access_tick.h"

#include "access/grant.h"
#include "access/merchant.h"
#include "base/time.h"
#include "store/store_for_tests.h"

static const int64_t noon_us = 1000 * TIME_DAY_US;

typedef struct Given {
    Unit unit;
    Grant grant;
} Given;

static Status nothing(Unit *unit, Rows *rows) { return OK; }
static Status give(Unit *unit, Rows *rows) { return grant_insert(rows, &((Given *)unit)->grant); }

static void test_a_vault_that_is_away_is_asked_again(void)
{
    static const StoreSchema *const schemas[] = { &access_schema };
    static House house;
    TestStore t;
    Grant g;
    AccessTick tick = { .next_us = noon_us + 1 }; /* no reminders yet */
    Given given = { .unit = { .gather = nothing, .run = give },
        .grant = { .id = "00000000000000a1",
                .principal = "li",
                .kind = GRANT_OF_ACTION,
                .action = "caller.list",
                .level = LEVEL_C1,
                .state = GRANT_GIVEN,
                .reason = "a case",
                .until_us = noon_us - 1 } };
    test_store_open(&t, schemas, 1, noon_us);
    house = (House) { .batcher = t.batcher };
    EXPECT_OK(grant_book_open(&house.grants));
    EXPECT_OK(unit_wait(t.batcher, &given.unit));
    EXPECT_OK(grant_book_put(house.grants, &given.grant));
    t.practice.prepare_answer = REFUSE(REFUSED_VAULT_UNAVAILABLE);
    EXPECT_REFUSED(access_tick(&tick, &house, noon_us), REFUSED_VAULT_UNAVAILABLE);
    EXPECT(grant_book_find(house.grants, span_of_text(given.grant.id), &g)); /* not forgotten */
    t.practice.prepare_answer = OK;
    EXPECT_OK(access_tick(&tick, &house, noon_us));
    EXPECT(!grant_book_find(house.grants, span_of_text(given.grant.id), &g));
    EXPECT(practice_number(t.store, "SELECT state FROM access_grant") == GRANT_ENDED);
    grant_book_close(&house.grants);
    test_store_close(&t);
}

TESTS(TEST(test_a_vault_that_is_away_is_asked_again))
