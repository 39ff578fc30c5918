/*
 * Goal: a batch does exactly what its units say, one after another, and nothing of what refused
 * units tried. Method: batches of chosen units straight into the engine, on a database in memory of
 * the disk cache, with a guard that checks every change; afterwards the whole database is read
 * again.
 */
#include "base/expect.h"
#include "store/batch_internal.h"
#include "store/practice.h"

#include <unistd.h>

typedef struct House {
    char path[64];
    Store *store;
    PracticeGuard guard;
    Engine engine;
    Clock clock;
    Work work;
} House;

static House house;

static int64_t noon(void *context) { return 1800000000000000; }

static bool house_reopen(void)
{
    const StoreSchema *const schemas[] = { &practice_schema };
    const StoreConfig config = { house.path, NULL, schemas, 1 };
    if (!status_ok(store_open(&config, &house.store))) return false;
    house.engine.store = house.store;
    return status_ok(rows_open(house.store, &house.engine.rows));
}

static void house_leave(void)
{
    rows_close(house.engine.rows);
    store_close(house.store);
}

static void house_close(House *h)
{
    house_leave();
    practice_remove(h->path);
}

static bool house_open(void)
{
    house = (House) { .path = "/tmp/hufu-engine-XXXXXX", .clock = { noon, NULL } };
    const int fd = mkstemp(house.path);
    if (fd < 0 || close(fd) != 0) return false;
    practice_guard_open(&house.guard);
    house.engine = (Engine) { .clock = &house.clock, .guard = house.guard.guard };
    return house_reopen();
}

/* One batch of these units; answers those that are settled. Returns how many come again. */
static size_t run(PracticeUnit **units, size_t count)
{
    size_t again = 0;
    house.work = (Work) { .count = count };
    for (size_t i = 0; i < count; i++)
        house.work.units[i] = &units[i]->unit;
    engine_run(&house.engine, &house.work);
    for (size_t i = 0; i < count; i++) {
        if (house.work.fates[i] == FATE_AGAIN)
            again++;
        else
            units[i]->unit.done(&units[i]->unit, house.work.outcomes[i]);
    }
    return again;
}

#define RUN(...)                            \
    run((PracticeUnit *[]) { __VA_ARGS__ }, \
            sizeof((PracticeUnit *[]) { __VA_ARGS__ }) / sizeof(void *))

static int64_t balance(int64_t id)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT balance FROM account WHERE id = %lld", (long long)id);
    return practice_number(house.store, sql);
}

static void house_close_p(House *const *h) { house_close(*h); }
#define HOUSE                                          \
    EXPECT(house_open());                              \
    CLEANUP(house_close_p) House *const here = &house; \
    (void)here

static bool open_accounts(void)
{
    PracticeUnit a = practice_opening(1, 100);
    PracticeUnit b = practice_opening(2, 50);
    RUN(&a, &b);
    return status_ok(a.outcome) && status_ok(b.outcome) && a.done == 1 && b.done == 1;
}

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

static PracticeUnit deal(const char *shop, const char *number, const char *code)
{
    PracticeUnit unit = practice_transfer(1, 2, 1);
    unit.shop = shop;
    unit.number = number;
    unit.code = code;
    return unit;
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

static void test_guard_away_then_back(void)
{
    HOUSE;
    EXPECT(open_accounts());
    Status *const answers[] = { &house.guard.verify_answer, &house.guard.prepare_answer,
        &house.guard.append_answer };
    for (size_t i = 0; i < 3; i++) {
        const int aborts = house.guard.abort_calls;
        PracticeUnit units[2] = { practice_transfer(1, 2, 1), practice_transfer(1, 2, 1000) };
        *answers[i] = REFUSE(REFUSED_VAULT_UNAVAILABLE);
        EXPECT(RUN(&units[0], &units[1]) == 0);
        /* Not even the business refusal is answered: its event was not kept. */
        EXPECT_REFUSED(units[0].outcome, REFUSED_VAULT_UNAVAILABLE);
        EXPECT_REFUSED(units[1].outcome, REFUSED_VAULT_UNAVAILABLE);
        EXPECT(house.guard.abort_calls == aborts + (i > 0 ? 1 : 0));
        *answers[i] = OK;
        RUN(&units[0], &units[1]);
        EXPECT_OK(units[0].outcome);
        EXPECT_REFUSED(units[1].outcome, REFUSED_BALANCE_NOT_ENOUGH);
    }
    EXPECT(balance(1) == 97 && practice_is_sound(house.store));
}

static void test_a_lost_confirm_is_made_up(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house.guard.confirm_answer = REFUSE(REFUSED_VAULT_UNAVAILABLE);
    PracticeUnit first = practice_transfer(1, 2, 1);
    RUN(&first);
    EXPECT_OK(first.outcome); /* it is durable: that is the truth */
    EXPECT(house.guard.confirmed == 1 && house.guard.prepared == 1);
    house.guard.confirm_answer = OK;
    PracticeUnit second = practice_transfer(1, 2, 1);
    RUN(&second);
    EXPECT_OK(second.outcome);
    EXPECT(house.guard.confirmed == 3 && balance(1) == 98);
}

/* A guard that does not know how the last batch ended vouches for none of its rows: nothing is
 * asked of it before it knows, so that no good row looks like a bad one. */
static void test_nothing_is_verified_before_the_guard_knows_the_last_batch(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house.guard.confirm_answer = BROKEN(FAULT_JOURNAL);
    PracticeUnit first = practice_transfer(1, 2, 1);
    RUN(&first);
    EXPECT_OK(first.outcome);
    const int verified = house.guard.verify_calls;
    PracticeUnit second = practice_transfer(1, 2, 1);
    RUN(&second);
    EXPECT_STATUS(second.outcome, FAULT_JOURNAL);
    EXPECT(house.guard.verify_calls == verified && house.guard.alarm_calls == 0);
    house.guard.confirm_answer = OK;
    RUN(&second);
    EXPECT_OK(second.outcome);
    EXPECT(balance(1) == 98 && practice_is_sound(house.store));
}

/* Prepared, given up, and the guard was not there to hear it: it hears it before the next batch. */
static void test_a_lost_abort_is_made_up(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house.guard.append_answer = BROKEN(FAULT_STORE_FULL);
    house.guard.abort_answer = REFUSE(REFUSED_VAULT_UNAVAILABLE);
    PracticeUnit unit = practice_transfer(1, 2, 1);
    RUN(&unit);
    EXPECT_STATUS(unit.outcome, FAULT_STORE_FULL);
    EXPECT(house.guard.prepared == 1);
    house.guard.append_answer = OK;
    RUN(&unit); /* still not heard */
    EXPECT_REFUSED(unit.outcome, REFUSED_VAULT_UNAVAILABLE);
    house.guard.abort_answer = OK;
    RUN(&unit);
    EXPECT_OK(unit.outcome);
    EXPECT(house.guard.confirmed == 2 && balance(1) == 99 && practice_is_sound(house.store));
}

static void test_content_refused_by_the_guard_comes_one_by_one(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house.guard.refuse_table = &practice_deal;
    house.guard.refuse_number = 13;
    PracticeUnit units[3] = { deal("s", "N1", "a"), deal("s", "N2", "b"), deal("s", "N3", "c") };
    units[1].minor = 13;
    EXPECT(RUN(&units[0], &units[1], &units[2]) == 3);
    EXPECT(house.work.one_by_one && house.guard.abort_calls == 1);
    for (int i = 0; i < 3; i++)
        EXPECT(RUN(&units[i]) == 0);
    EXPECT_OK(units[0].outcome);
    EXPECT_REFUSED(units[1].outcome, REFUSED_ROW_NOT_SUCCESSOR);
    EXPECT_OK(units[2].outcome);
    EXPECT(balance(1) == 98 && practice_is_sound(house.store));
}

static void test_a_batch_over_its_bytes_splits(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house.engine.guard.bytes_max = 1600;
    PracticeUnit units[20];
    PracticeUnit *list[20];
    size_t left = 20;
    for (size_t i = 0; i < 20; i++) {
        units[i] = practice_transfer(1, 2, 1);
        list[i] = &units[i];
    }
    int rounds = 0;
    while (left > 0) {
        const size_t again = run(list + 20 - left, left);
        EXPECT(again < left); /* always at least one gets through */
        left = again;
        rounds++;
    }
    EXPECT(rounds > 1 && balance(1) == 80 && practice_is_sound(house.store));
    house.engine.guard.bytes_max = 100;
    PracticeUnit big = practice_transfer(1, 2, 1);
    RUN(&big);
    EXPECT_REFUSED(big.outcome, REFUSED_BATCH_FULL);
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
        TEST(test_reading_commits_nothing), TEST(test_guard_away_then_back),
        TEST(test_a_lost_confirm_is_made_up),
        TEST(test_nothing_is_verified_before_the_guard_knows_the_last_batch),
        TEST(test_a_lost_abort_is_made_up),
        TEST(test_content_refused_by_the_guard_comes_one_by_one),
        TEST(test_a_batch_over_its_bytes_splits), TEST(test_rows_are_checked_at_the_door),
        TEST(test_survives_reopening))
