/*
 * Goal: whatever the disk keeps of what was not synced, a reopened database is whole and holds
 * exactly the acknowledged batches, and the one that was being committed either whole or not at all
 * (DESIGN section 5.7). Method: a sequence of batches with checkpoints between them; power cut at
 * every operation of it; several seeds each.
 *
 * `torn_test SEEDS [FIRST]` (or TORN_SEEDS, TORN_FIRST) tries more; a failure prints operation and
 * seed.
 */
#include "base/expect.h"
#include "store/batch_internal.h"
#include "store/practice.h"
#include "store/torn_vfs.h"

enum { BATCHES = 5, SEEDS_USUAL = 8 };

static int64_t seeds = SEEDS_USUAL;
static int64_t seed_first = 1;

typedef struct House {
    Store *store;
    PracticeGuard guard;
    Engine engine;
    Clock clock;
    Work work;
} House;

static House house;

static int64_t noon(void *context) { return 1800000000000000; }

static void house_close(void)
{
    rows_close(house.engine.rows);
    store_close(house.store);
    house.engine.rows = NULL;
    house.store = NULL;
}

static Status house_open(int64_t batches)
{
    const StoreSchema *const schemas[] = { &practice_schema };
    const StoreConfig config = { "/power.db", TORN_VFS_NAME, schemas, 1 };
    house = (House) { .clock = { noon, NULL } };
    practice_guard_open(&house.guard);
    house.guard.confirmed = batches;
    TRY(store_open(&config, &house.store));
    store_tidy_at(house.store, 8); /* so that checkpoints happen between these few batches */
    house.engine = (Engine) { .store = house.store,
        .clock = &house.clock,
        .guard = house.guard.guard,
        .next_batch = batches };
    return rows_open(house.store, &house.engine.rows);
}

static Status run(PracticeUnit *units, size_t count)
{
    house.work = (Work) { .count = count };
    for (size_t i = 0; i < count; i++)
        house.work.units[i] = &units[i].unit;
    engine_run(&house.engine, &house.work);
    store_tidy(house.store);
    return house.work.outcomes[0];
}

/* Batch `number` of the sequence: three transfers and a deal. */
static Status run_batch(int number)
{
    static const char *const names[] = { "N0", "N1", "N2", "N3", "N4" };
    PracticeUnit units[3] = { practice_transfer(1, 2, 1), practice_transfer(2, 1, 2),
        practice_transfer(1, 2, 10) };
    units[0].shop = "shop";
    units[0].number = units[0].code = names[number];
    return run(units, 3);
}

/* Account 1 after so many batches of the sequence. */
static int64_t balance_after(int64_t batches) { return 100 - 9 * batches; }

static Status open_accounts(void)
{
    PracticeUnit units[2] = { practice_opening(1, 100), practice_opening(2, 100) };
    return run(units, 2);
}

/* The sequence until the disk fails. Returns how many batches were acknowledged. */
static int64_t run_sequence(void)
{
    int64_t acknowledged = 0;
    for (int i = 0; i < BATCHES; i++) {
        if (!status_ok(run_batch(i))) return acknowledged;
        acknowledged++;
    }
    return acknowledged;
}

static bool prepare_disk(void)
{
    bool ok = status_ok(torn_open()) && status_ok(house_open(0)) && status_ok(open_accounts());
    house_close();
    return ok && status_ok(torn_save());
}

static Status take_text(void *context, const Value *values, size_t count)
{
    *(bool *)context = span_equal(values[0].bytes, SPAN("ok"));
    return OK;
}

/* Is the database whole, with `least` or one more batch of the sequence? */
static bool holds(int64_t least, int64_t most)
{
    bool whole = false;
    int64_t batches = 0;
    if (!status_ok(house_open(0))) return false;
    const Status s = store_query(house.store, "PRAGMA integrity_check", NULL, 0, take_text, &whole);
    const bool counted = status_ok(practice_batches(NULL, house.store, &batches));
    batches--; /* the opening */
    const bool good = status_ok(s) && counted && whole && practice_is_sound(house.store)
            && batches >= least && batches <= most
            && practice_number(house.store, "SELECT balance FROM account WHERE id = 1")
                    == balance_after(batches)
            && practice_number(house.store, "SELECT count(*) FROM deal") == batches;
    house_close();
    return good;
}

static uint64_t count_operations(void)
{
    torn_restore();
    if (!status_ok(house_open(1))) return 0;
    torn_arm(TORN_NONE, 0);
    const int64_t done = run_sequence();
    const uint64_t operations = torn_operations();
    house_close();
    return done == BATCHES ? operations : 0;
}

static bool cut_once(uint64_t at, uint64_t seed)
{
    torn_restore();
    if (!status_ok(house_open(1))) return false;
    torn_arm(TORN_CUT, at);
    const int64_t acknowledged = run_sequence();
    const bool happened = torn_fault_happened();
    house_close();
    torn_power_on(seed);
    /* Cut behind the last commit, all are acknowledged. */
    const int64_t most = acknowledged < BATCHES ? acknowledged + 1 : BATCHES;
    return happened && holds(acknowledged, most);
}

static void test_power_cut_at_every_write(void)
{
    EXPECT(prepare_disk());
    const uint64_t operations = count_operations();
    EXPECT(operations > 20);
    bool good = true;
    for (uint64_t at = 1; at <= operations && good; at++) {
        for (int64_t seed = seed_first; seed < seed_first + seeds && good; seed++) {
            good = cut_once(at, (uint64_t)seed);
            if (!good)
                fprintf(stderr, "power cut at operation %llu, seed %lld\n", (unsigned long long)at,
                        (long long)seed);
        }
    }
    printf("       %llu write points x %lld seeds\n", (unsigned long long)operations,
            (long long)seeds);
    torn_close();
    EXPECT(good);
}

/* Making the database itself: migrations either ran or run again. */
static void test_power_cut_while_migrating(void)
{
    EXPECT_OK(torn_open());
    EXPECT_OK(torn_save());
    bool good = true;
    uint64_t at = 1;
    for (bool cut = true; cut && good; at++) {
        for (int64_t seed = seed_first; seed < seed_first + seeds && good; seed++) {
            torn_restore();
            torn_arm(TORN_CUT, at);
            const Status s = house_open(0);
            cut = torn_fault_happened();
            house_close();
            torn_power_on((uint64_t)seed);
            good = (cut || status_ok(s)) && status_ok(house_open(0)) && status_ok(open_accounts());
            house_close();
            if (!good)
                fprintf(stderr, "power cut at operation %llu, seed %lld\n", (unsigned long long)at,
                        (long long)seed);
        }
    }
    torn_close();
    EXPECT(good && at > 10);
}

/* The disk is full from operation n on, then is not: nothing acknowledged is lost, and work goes on
 * by itself. */
static void test_disk_full_and_back(void)
{
    EXPECT(prepare_disk());
    const uint64_t operations = count_operations();
    int64_t refused = 0;
    bool good = true;
    for (uint64_t at = 1; at <= operations && good; at++) {
        torn_restore();
        EXPECT_OK(house_open(1));
        torn_arm(TORN_FULL, at);
        int64_t done = 0;
        for (int i = 0; i < BATCHES && good; i++) {
            Status s = run_batch(i);
            if (status_is(s, FAULT_STORE_FULL)) {
                refused++;
                torn_arm(TORN_NONE, 0);
                s = run_batch(i);
            }
            good = status_ok(s);
            done++;
        }
        house_close();
        torn_power_on(1);
        good = good && holds(done, done);
        if (!good) fprintf(stderr, "disk full at operation %llu\n", (unsigned long long)at);
    }
    torn_close();
    EXPECT(good && refused > 0);
}

/* Free pages inside the database: what is written next makes it no longer. */
static Status make_free_pages(void)
{
    TRY(store_execute(house.store, "CREATE TABLE filler (bytes BLOB)", NULL, 0));
    TRY(store_execute(house.store, "INSERT INTO filler VALUES (zeroblob(400000))", NULL, 0));
    TRY(store_execute(house.store, "DROP TABLE filler", NULL, 0));
    store_tidy_at(house.store, 1);
    store_tidy(house.store);
    return OK;
}

/* The disk is full and stays full, far below the size at which the WAL is carried over otherwise.
 * What needs no further page of the database goes on after one refusal, in the WAL's own space. */
static void test_disk_stays_full(void)
{
    enum { BEFORE = 40, DURING = 100 };
    int refused = 0;
    int done = 0;
    EXPECT(prepare_disk());
    EXPECT_OK(house_open(1));
    EXPECT_OK(make_free_pages());
    store_tidy_at(house.store, 1000000);
    for (int i = 0; i < BEFORE; i++) {
        PracticeUnit unit = practice_transfer(1, 2, 1);
        EXPECT_OK(run(&unit, 1));
    }
    torn_arm(TORN_FULL, 1);
    bool before = true;
    for (int i = 0; i < DURING; i++) {
        PracticeUnit unit = practice_transfer(2, 1, 1);
        const Status s = run(&unit, 1);
        EXPECT(status_ok(s) || (status_is(s, FAULT_STORE_FULL) && before));
        before = status_ok(s);
        if (status_ok(s))
            done++;
        else
            refused++;
    }
    EXPECT(torn_fault_happened() && refused > 0 && refused * 10 < DURING);
    torn_arm(TORN_NONE, 0);
    EXPECT(practice_number(house.store, "SELECT balance FROM account WHERE id = 1")
            == 100 - BEFORE + done);
    house_close();
    torn_close();
}

/* A disk so small that the WAL alone would fill it long before it is carried over otherwise. Its
 * pages have their place in the database file beforehand, so the WAL gives way each time, and work
 * goes on until the rows themselves need the room. */
static void test_small_disk(void)
{
    enum { DISK_BYTES = 1200 * 1024, BATCHES_DONE = 600, REFUSED_MAX = 60 };
    int refused = 0;
    int done = 0;
    EXPECT(prepare_disk());
    EXPECT_OK(house_open(1));
    store_tidy_at(house.store, 1000000);
    torn_arm(TORN_SMALL, DISK_BYTES);
    while (done < BATCHES_DONE && refused < REFUSED_MAX) {
        PracticeUnit units[3] = { practice_transfer(1, 2, 1), practice_transfer(2, 1, 1),
            practice_transfer(1, 2, 0) };
        const Status s = run(units, 3);
        EXPECT(status_ok(s) || status_is(s, FAULT_STORE_FULL));
        if (status_ok(s))
            done++;
        else
            refused++;
    }
    EXPECT(torn_fault_happened() && refused > 0);
    EXPECT(done == BATCHES_DONE);
    EXPECT(practice_is_sound(house.store));
    house_close();
    torn_power_on(1);
    EXPECT_OK(house_open(1 + BATCHES_DONE));
    EXPECT(practice_is_sound(house.store));
    EXPECT(practice_number(house.store, "SELECT count(*) FROM leaf") == 1 + BATCHES_DONE);
    house_close();
    torn_close();
}

/* A sync that fails tells nothing about what the disk has: never acknowledged, never taken back,
 * program stops. */
static void test_sync_fails(void)
{
    EXPECT(prepare_disk());
    const uint64_t operations = count_operations();
    int uncertain = 0;
    bool good = true;
    for (uint64_t at = 1; at <= operations && good; at++) {
        for (int64_t seed = seed_first; seed < seed_first + seeds && good; seed++) {
            torn_restore();
            EXPECT_OK(house_open(1));
            torn_arm(TORN_SYNC_FAILS, at);
            const int64_t acknowledged = run_sequence();
            const bool stopped = house.work.stop;
            good = acknowledged == BATCHES
                    || (stopped && status_is(house.work.outcomes[0], FAULT_STORE_UNCERTAIN));
            /* The guard still has the batch as prepared: at the restart either state is right. */
            good = good
                    && (!stopped
                            || (house.guard.abort_calls == 0
                                    && house.guard.prepared == acknowledged + 1));
            uncertain += stopped ? 1 : 0;
            house_close();
            torn_power_on((uint64_t)seed);
            good = good && holds(acknowledged, acknowledged + (stopped ? 1 : 0));
            if (!good)
                fprintf(stderr, "sync fails at operation %llu, seed %lld\n", (unsigned long long)at,
                        (long long)seed);
        }
    }
    torn_close();
    EXPECT(good && uncertain > 0);
}

static int64_t number_of(const char *text, int64_t otherwise)
{
    return text != NULL ? strtoll(text, NULL, 10) : otherwise;
}

int expect_failures;

int main(int argc, char **argv)
{
    static const ExpectTest tests[] = { TEST(test_power_cut_at_every_write),
        TEST(test_power_cut_while_migrating), TEST(test_disk_full_and_back),
        TEST(test_disk_stays_full), TEST(test_small_disk), TEST(test_sync_fails) };
    seeds = number_of(argc > 1 ? argv[1] : getenv("TORN_SEEDS"), SEEDS_USUAL);
    seed_first = number_of(argc > 2 ? argv[2] : getenv("TORN_FIRST"), 1);
    return expect_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
}
