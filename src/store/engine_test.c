/*
 * Goal: a batch does exactly what its units say, one after another, and nothing of what refused
 * units tried. Method: batches of chosen units straight into the engine, on a database in memory of
 * the disk cache, with a guard that checks every change; afterwards the whole database is read
 * again.
 */
#include "base/expect.h"
#include "store/engine_house.h"

static void test_a_batch_is_written_once(void)
{
    HOUSE;
    EXPECT(open_accounts());
    EXPECT(house.guard.absent_claims == 2 && house.guard.prepared == -1);
    PracticeUnit units[3] = { practice_transfer(1, 2, 10), practice_transfer(1, 2, 20),
        practice_transfer(2, 1, 5) };
    EXPECT(RUN(&units[0], &units[1], &units[2]) == 0);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(units[i].outcome);
    EXPECT(balance(1) == 75 && balance(2) == 75);
    /* Two accounts, six bookings; each account one revision up although three units changed it. */
    EXPECT(house.guard.changes == 8 && house.guard.events == 3);
    EXPECT(practice_number(house.store, "SELECT max(revision) FROM account") == 2);
    EXPECT(practice_number(house.store, "SELECT min(batch) FROM account") == 1);
    EXPECT(practice_number(house.store, "SELECT max(number) FROM booking WHERE in_batch = 1") == 6);
    EXPECT(house.engine.next_batch == 2 && house.guard.confirmed == 2);
    EXPECT(practice_is_sound(house.store));
}

static void test_a_refusal_beside_a_success(void)
{
    HOUSE;
    EXPECT(open_accounts());
    PracticeUnit good = practice_transfer(1, 2, 10);
    PracticeUnit poor = practice_transfer(1, 2, 1000);
    PracticeUnit late = practice_transfer(1, 2, 7); /* refused after it changed both accounts */
    late.refuse_after = REFUSE(REFUSED_RISK_REFUSED);
    PracticeUnit last = practice_transfer(1, 2, 1);
    RUN(&good, &poor, &late, &last);
    EXPECT_OK(good.outcome);
    EXPECT_REFUSED(poor.outcome, REFUSED_BALANCE_NOT_ENOUGH);
    EXPECT_REFUSED(late.outcome, REFUSED_RISK_REFUSED);
    EXPECT_OK(last.outcome);
    EXPECT(balance(1) == 89 && balance(2) == 61);
    EXPECT(house.guard.events == 4); /* refusals are audited too */
    EXPECT(practice_number(house.store, "SELECT max(number) FROM booking WHERE in_batch = 1") == 4);
    EXPECT(practice_number(house.store, "SELECT count(*) FROM booking WHERE in_batch = 1") == 4);
    EXPECT(practice_is_sound(house.store));
}

/* A refused unit's update of a row that an earlier unit changed goes back to the earlier unit's
 * row. */
static void test_undo_is_exact(void)
{
    HOUSE;
    EXPECT(open_accounts());
    PracticeUnit units[40];
    PracticeUnit *list[40];
    int64_t left = 100;
    for (int i = 0; i < 40; i++) {
        units[i] = practice_transfer(1, 2, i);
        if (i % 3 == 1) units[i].refuse_after = REFUSE(REFUSED_RISK_REFUSED);
        list[i] = &units[i];
    }
    run(list, 40);
    for (int i = 0; i < 40; i++) {
        if (i % 3 == 1)
            EXPECT_REFUSED(units[i].outcome,
                    i <= left ? REFUSED_RISK_REFUSED : REFUSED_BALANCE_NOT_ENOUGH);
        else if (i > left)
            EXPECT_REFUSED(units[i].outcome, REFUSED_BALANCE_NOT_ENOUGH);
        else
            left -= i;
    }
    EXPECT(balance(1) == left && balance(2) == 150 - left);
    EXPECT(practice_is_sound(house.store));
}

static void test_two_orders_with_one_number(void)
{
    HOUSE;
    EXPECT(open_accounts());
    PracticeUnit first = deal("shop", "N1", "c1");
    PracticeUnit again = deal("shop", "N1", "c2");
    PracticeUnit other = deal("shop", "N2", "c3");
    RUN(&first, &again, &other);
    EXPECT_OK(first.outcome);
    EXPECT_REFUSED(again.outcome, REFUSED_ROW_EXISTS);
    EXPECT_OK(other.outcome);
    EXPECT(balance(1) == 98);
    PracticeUnit later = deal("shop", "N1", "c4"); /* and in the next batch, from the database */
    RUN(&later);
    EXPECT_REFUSED(later.outcome, REFUSED_ROW_EXISTS);
    EXPECT(practice_number(house.store, "SELECT count(*) FROM deal") == 2);
    EXPECT(practice_is_sound(house.store));
}

static void test_lookup_sees_rows_of_the_batch(void)
{
    HOUSE;
    EXPECT(open_accounts());
    PracticeUnit first = deal("shop", "N1", "code");
    PracticeUnit second = deal("shop", "N2", "code");
    RUN(&first, &second);
    EXPECT_OK(first.outcome);
    EXPECT_REFUSED(second.outcome, PRACTICE_CODE_TAKEN);
    PracticeUnit third = deal("shop", "N3", "code");
    RUN(&third);
    EXPECT_REFUSED(third.outcome, PRACTICE_CODE_TAKEN);
    EXPECT(house.engine.counters.reruns == 0);
}

static void test_a_constraint_error_drops_only_its_unit(void)
{
    HOUSE;
    EXPECT(open_accounts());
    PracticeUnit units[5] = { deal("s", "N1", "x"), deal("s", "N2", "same"),
        deal("s", "N3", "same"), deal("s", "N4", "same"), deal("s", "N5", "y") };
    for (int i = 0; i < 5; i++)
        units[i].forget_code = true;
    EXPECT(RUN(&units[0], &units[1], &units[2], &units[3], &units[4]) == 0);
    EXPECT_OK(units[0].outcome);
    EXPECT_OK(units[1].outcome);
    EXPECT_REFUSED(units[2].outcome, REFUSED_STORE_CONSTRAINT);
    EXPECT_REFUSED(units[3].outcome, REFUSED_STORE_CONSTRAINT);
    EXPECT_OK(units[4].outcome);
    EXPECT(house.engine.counters.reruns == 2 && house.guard.abort_calls == 2);
    EXPECT(house.guard.events == 3); /* the dropped units' events said what did not happen */
    EXPECT(balance(1) == 97);
    EXPECT(practice_number(house.store, "SELECT max(number) FROM booking WHERE in_batch = 1") == 6);
    EXPECT(practice_is_sound(house.store));
}

static void test_an_ungathered_row_comes_again(void)
{
    HOUSE;
    EXPECT(open_accounts());
    PracticeUnit units[3] = { practice_transfer(1, 2, 1), practice_transfer(1, 3, 2),
        practice_transfer(1, 2, 3) };
    units[1].forget_to = true;
    EXPECT(RUN(&units[0], &units[1], &units[2]) == 1);
    EXPECT(house.work.fates[1] == FATE_AGAIN && units[1].done == 0 && units[1].unit.tries == 1);
    EXPECT(balance(1) == 96); /* what it had changed before is undone */
    EXPECT(house.guard.events == 2);
    EXPECT(RUN(&units[1]) == 0);
    EXPECT_REFUSED(units[1].outcome, REFUSED_ACCOUNT_UNKNOWN);
}

static Status never_gather(Unit *unit, Rows *rows) { return OK; }

static void test_a_unit_that_never_gathers_ends(void)
{
    HOUSE;
    EXPECT(open_accounts());
    PracticeUnit unit = practice_transfer(1, 2, 1);
    unit.unit.gather = never_gather;
    for (int i = 1; i < BATCH_REGATHER_MAX; i++)
        EXPECT(RUN(&unit) == 1);
    EXPECT(RUN(&unit) == 0);
    EXPECT_REFUSED(unit.outcome, REFUSED_BATCH_FULL);
}

static void test_a_bad_row_fails_only_its_units(void)
{
    HOUSE;
    EXPECT(open_accounts());
    PracticeUnit more[2] = { practice_opening(3, 10), practice_opening(4, 10) };
    RUN(&more[0], &more[1]);
    static const char *const changes[] = { "UPDATE account SET balance = 9999 WHERE id = 2",
        "UPDATE account SET owner = 'owneR' WHERE id = 2",
        "UPDATE account SET revision = 2 WHERE id = 2", "UPDATE account SET batch = 1 WHERE id = 2",
        "UPDATE account SET seal = zeroblob(48) WHERE id = 2",
        "UPDATE account SET seal = x'00' WHERE id = 2",
        "UPDATE account SET owner = hex(zeroblob(9000)) WHERE id = 2",
        "UPDATE account SET seal = (SELECT seal FROM account WHERE id = 3) WHERE id = 2" };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        EXPECT_OK(store_execute(
                house.store, "CREATE TEMP TABLE keep AS SELECT * FROM account", NULL, 0));
        EXPECT_OK(store_execute(house.store, changes[i], NULL, 0));
        const int alarms = house.guard.alarm_calls;
        PracticeUnit bad[2] = { practice_transfer(1, 2, 1), practice_transfer(2, 1, 1) };
        PracticeUnit good = practice_transfer(1, 3, 1);
        RUN(&bad[0], &good, &bad[1]);
        EXPECT_REFUSED(bad[0].outcome, REFUSED_ROW_SEAL_MISMATCH);
        EXPECT_REFUSED(bad[1].outcome, REFUSED_ROW_SEAL_MISMATCH);
        EXPECT_OK(good.outcome);
        EXPECT(house.guard.alarm_calls == alarms + 1); /* once a row, not once a unit */
        EXPECT_OK(store_execute(house.store,
                "UPDATE account SET (owner, balance, revision, batch, seal) = (SELECT owner,"
                " balance, revision, batch, seal FROM keep WHERE id = 2) WHERE id = 2",
                NULL, 0));
        EXPECT_OK(store_execute(house.store, "DROP TABLE keep", NULL, 0));
        EXPECT(practice_is_sound(house.store));
    }
}

static Status swallow(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    IGNORE(rows_get(rows, &practice_account, &VALUE_OF_INT(2), &row), "that is the point");
    return OK;
}

static void test_a_bad_row_cannot_be_ignored(void)
{
    HOUSE;
    EXPECT(open_accounts());
    EXPECT_OK(store_execute(house.store, "UPDATE account SET balance = 51 WHERE id = 2", NULL, 0));
    PracticeUnit unit = practice_transfer(1, 2, 1);
    unit.unit.run = swallow;
    RUN(&unit);
    EXPECT_REFUSED(unit.outcome, REFUSED_ROW_SEAL_MISMATCH);
}

static void test_reading_commits_nothing(void)
{
    HOUSE;
    EXPECT(open_accounts());
    const int prepared = house.guard.prepare_calls;
    PracticeUnit unit = practice_transfer(1, 2, 1);
    unit.unit.run = swallow;
    RUN(&unit);
    EXPECT_OK(unit.outcome);
    EXPECT(house.guard.prepare_calls == prepared && house.engine.next_batch == 1);
    EXPECT(practice_number(house.store, "SELECT count(*) FROM leaf") == 1);
}

static Status wrong_type(Unit *unit, Rows *rows)
{
    static const Value bad[][3] = {
        { { VALUE_INT, 9, { 0 } }, { VALUE_INT, 9, { 0 } }, { VALUE_INT, 9, { 0 } } },
        { { VALUE_INT, 9, { 0 } }, { VALUE_NULL, 0, { 0 } }, { VALUE_INT, 9, { 0 } } },
        { { VALUE_NULL, 0, { 0 } }, { VALUE_TEXT, 0, { (const uint8_t *)"a", 1 } },
                { VALUE_INT, 9, { 0 } } },
        { { VALUE_INT, 9, { 0 } }, { VALUE_TEXT, 0, { (const uint8_t *)"\xC0\x80", 2 } },
                { VALUE_INT, 9, { 0 } } },
    };
    for (size_t i = 0; i < 4; i++) {
        const Status s = rows_insert(rows, &practice_account, bad[i]);
        CHECK(status_is(s, REFUSED_ROW_INVALID), FAULT_STORE);
    }
    static const uint8_t large[ROW_VALUE_BYTES_MAX + 1] = { 0 };
    const Value wide[] = { VALUE_OF_INT(9), VALUE_OF_TEXT(SPAN_OF(large)), VALUE_OF_INT(9) };
    CHECK(status_is(rows_insert(rows, &practice_account, wide), REFUSED_ROW_INVALID), FAULT_STORE);
    static const uint8_t event[BATCH_EVENT_BYTES_MAX + 1] = { 0 };
    CHECK(status_is(rows_event(rows, SPAN_OF(event)), REFUSED_BUFFER_FULL), FAULT_STORE);
    const Value missing[] = { VALUE_OF_INT(2), VALUE_OF_TEXT(SPAN("x")), VALUE_OF_INT(9) };
    TRY(rows_update(rows, &practice_account, missing));
    const Row *row = NULL;
    TRY(rows_get(rows, &practice_account, &VALUE_OF_INT(2), &row));
    CHECK(row->revision == 2 && row->values[2].integer == 9, FAULT_STORE);
    return REFUSE(REFUSED_RISK_REFUSED);
}

static void test_rows_are_checked_at_the_door(void)
{
    HOUSE;
    EXPECT(open_accounts());
    PracticeUnit unit = practice_transfer(1, 2, 1);
    unit.unit.run = wrong_type;
    RUN(&unit);
    EXPECT_REFUSED(unit.outcome, REFUSED_RISK_REFUSED);
    EXPECT(balance(2) == 50 && practice_is_sound(house.store));
}

static void test_survives_reopening(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house_leave();
    EXPECT(house_reopen());
    PracticeUnit unit = practice_transfer(1, 2, 1);
    RUN(&unit);
    EXPECT_OK(unit.outcome);
    EXPECT(practice_is_sound(house.store) && balance(1) == 99);
}

TESTS(TEST(test_a_batch_is_written_once), TEST(test_a_refusal_beside_a_success),
        TEST(test_undo_is_exact), TEST(test_two_orders_with_one_number),
        TEST(test_lookup_sees_rows_of_the_batch), TEST(test_a_constraint_error_drops_only_its_unit),
        TEST(test_an_ungathered_row_comes_again), TEST(test_a_unit_that_never_gathers_ends),
        TEST(test_a_bad_row_fails_only_its_units), TEST(test_a_bad_row_cannot_be_ignored),
        TEST(test_reading_commits_nothing), TEST(test_rows_are_checked_at_the_door),
        TEST(test_survives_reopening))
