/*
 * Goal: the batch thread takes from many threads, groups, answers each unit once, and stops
 * cleanly. Method: threads that submit transfers and wait; a between that holds the thread while
 * the queue fills.
 */
#include "policy/amend.h"
#include "store/store_for_tests.h"

#include <semaphore.h>

static void house_open(TestStore *h)
{
    static const StoreSchema *const schemas[] = { &practice_schema };
    test_store_open_with(h, schemas, 1, 1000, NULL);
}

static bool open_accounts(TestStore *h)
{
    PracticeUnit a = practice_opening(1, 1000000);
    PracticeUnit b = practice_opening(2, 1000000);
    return status_ok(unit_wait(h->batcher, &a.unit)) && status_ok(unit_wait(h->batcher, &b.unit));
}

/* Goal: the store writer is a door (TP-4 to TP-9): what two people forbade a database goes into
 * none, from that moment on and until they allow it again. Method: policies adopted between
 * units. */
static void test_the_writer_is_a_door(void)
{
    CLEANUP(test_store_close) TestStore house;
    house_open(&house);
    EXPECT(open_accounts(&house));
    PolicyBlob blob = { .version = 1, .count = 1 };
    blob.amendments[0] = (PolicyAmendment) {
        .kind = AMEND_RULE, .class = CLASS_PUBLIC, .layer = LAYER_DATABASE
    };
    PracticeUnit third = practice_opening(3, 1);
    policy_adopt(policy_of_process(), &blob);
    const Status forbidden = unit_wait(house.batcher, &third.unit);
    blob.count = 0;
    policy_adopt(policy_of_process(), &blob);
    EXPECT_REFUSED(forbidden, REFUSED_POLICY_REFUSES);
    PracticeUnit again = practice_opening(3, 1);
    EXPECT_OK(unit_wait(house.batcher, &again.unit));
}

/* A between that holds the batch thread until it is let go. */
typedef struct Gate {
    Batcher *batcher;
    sem_t entered;
    sem_t leave;
    pthread_t thread;
    Status outcome;
} Gate;

static Status gate_hold(void *context, Store *store)
{
    Gate *gate = context;
    sem_post(&gate->entered);
    sem_wait(&gate->leave);
    return REFUSE(REFUSED_RISK_REFUSED);
}

static void *gate_thread(void *context)
{
    Gate *gate = context;
    gate->outcome = batcher_between(gate->batcher, gate_hold, gate);
    return NULL;
}

static void gate_close(Gate *gate, Batcher *batcher)
{
    gate->batcher = batcher;
    sem_init(&gate->entered, 0, 0);
    sem_init(&gate->leave, 0, 0);
    pthread_create(&gate->thread, NULL, gate_thread, gate);
    sem_wait(&gate->entered);
}

static void gate_open(Gate *gate)
{
    sem_post(&gate->leave);
    pthread_join(gate->thread, NULL);
}

static void test_what_waits_is_one_batch(void)
{
    CLEANUP(test_store_close) TestStore house;
    house_open(&house);
    EXPECT(open_accounts(&house));
    Gate gate;
    PracticeUnit units[100];
    gate_close(&gate, house.batcher);
    for (int i = 0; i < 100; i++) {
        units[i] = practice_transfer(1 + i % 2, 2 - i % 2, i);
        EXPECT_OK(batcher_submit(house.batcher, &units[i].unit));
    }
    gate_open(&gate);
    EXPECT_REFUSED(gate.outcome, REFUSED_RISK_REFUSED); /* a between's status comes back */
    batcher_stop(house.batcher); /* drains */
    house.batcher = NULL;
    for (int i = 0; i < 100; i++)
        EXPECT(status_ok(units[i].outcome) && units[i].done == 1);
    EXPECT(house.practice.confirmed == 4); /* two openings, 64 units, 36 units */
    EXPECT(practice_is_sound(house.store));
}

static void test_full_queue_refuses(void)
{
    CLEANUP(test_store_close) TestStore house;
    house_open(&house);
    EXPECT(open_accounts(&house));
    static PracticeUnit units[BATCH_QUEUE_MAX + 1];
    Gate gate;
    gate_close(&gate, house.batcher);
    for (int i = 0; i < BATCH_QUEUE_MAX; i++) {
        units[i] = practice_transfer(1, 2, 1);
        EXPECT_OK(batcher_submit(house.batcher, &units[i].unit));
    }
    units[BATCH_QUEUE_MAX] = practice_transfer(1, 2, 1);
    const Status s = batcher_submit(house.batcher, &units[BATCH_QUEUE_MAX].unit);
    gate_open(&gate);
    EXPECT_REFUSED(s, REFUSED_STORE_BUSY);
    batcher_stop(house.batcher);
    house.batcher = NULL;
    for (int i = 0; i < BATCH_QUEUE_MAX; i++)
        EXPECT(status_ok(units[i].outcome) && units[i].done == 1);
    EXPECT(units[BATCH_QUEUE_MAX].done == 0);
}

enum { WORKERS = 8, TRANSFERS = 40 };

typedef struct Worker {
    Batcher *batcher;
    pthread_t thread;
    int number;
    int failures;
} Worker;

static void *worker_thread(void *context)
{
    Worker *worker = context;
    for (int i = 0; i < TRANSFERS; i++) {
        PracticeUnit unit =
                practice_transfer(1 + (worker->number + i) % 2, 2 - (worker->number + i) % 2, i);
        unit.forget_to = i % 7 == 0; /* some come again */
        batcher_coming(worker->batcher, 1);
        batcher_coming(worker->batcher, -1);
        if (!status_ok(unit_wait(worker->batcher, &unit.unit))) worker->failures++;
    }
    return NULL;
}

static void test_many_threads(void)
{
    CLEANUP(test_store_close) TestStore house;
    house_open(&house);
    EXPECT(open_accounts(&house));
    Worker workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (Worker) { .batcher = house.batcher, .number = i };
        EXPECT(pthread_create(&workers[i].thread, NULL, worker_thread, &workers[i]) == 0);
    }
    int failures = 0;
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        failures += workers[i].failures;
    }
    const BatchCounters counters = batcher_counters(house.batcher);
    batcher_stop(house.batcher);
    house.batcher = NULL;
    EXPECT(failures == 0);
    EXPECT(practice_number(house.store, "SELECT count(*) FROM booking")
            == 2 + 2 * WORKERS * TRANSFERS);
    EXPECT(counters.batches <= WORKERS * TRANSFERS + 2);
    EXPECT(practice_number(house.store, "SELECT count(*) FROM leaf") == (int64_t)counters.batches);
    EXPECT(practice_is_sound(house.store));
}

/* One unit on its way holds the batch open for another; without it, both would go alone. */
static void test_coming_requests_are_waited_for(void)
{
    CLEANUP(test_store_close) TestStore house;
    house_open(&house);
    EXPECT(open_accounts(&house));
    PracticeUnit first = practice_transfer(1, 2, 1);
    batcher_coming(house.batcher, 1);
    EXPECT_OK(unit_wait(
            house.batcher, &first.unit)); /* nobody comes: the batch closes all the same */
    batcher_coming(house.batcher, -1);
}

static void test_stopped_refuses(void)
{
    CLEANUP(test_store_close) TestStore house;
    house_open(&house);
    EXPECT(open_accounts(&house));
    Gate gate;
    PracticeUnit inside = practice_transfer(1, 2, 1);
    gate_close(&gate, house.batcher);
    EXPECT_OK(batcher_submit(house.batcher, &inside.unit));
    gate_open(&gate);
    batcher_stop(house.batcher);
    house.batcher = NULL;
    EXPECT(inside.done == 1 && status_ok(inside.outcome));
}

/* The one failure after which nobody may go on: every unit is told, no later one is taken. */
static Status cannot_tell(void *context, Store *store, int64_t *ret_batches)
{
    return BROKEN(FAULT_STORE);
}

static Status full_at_append(
        void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed)
{
    return BROKEN(FAULT_STORE_UNCERTAIN); /* as store_commit() would say it; the real one is in
                                             torn_test.c */
}

static void test_uncertain_stops_the_batcher(void)
{
    CLEANUP(test_store_close) TestStore house;
    house_open(&house);
    EXPECT(open_accounts(&house));
    batcher_stop(house.batcher);
    BatchGuard guard = house.practice.guard;
    guard.append = full_at_append;
    guard.committed = cannot_tell;
    EXPECT_OK(batcher_start(house.store, &guard, &house.clock, 2, &house.batcher));
    Gate gate;
    PracticeUnit units[BATCH_UNITS_MAX + 1];
    gate_close(&gate, house.batcher);
    for (int i = 0; i <= BATCH_UNITS_MAX; i++) {
        units[i] = practice_transfer(1, 2, 1);
        EXPECT_OK(batcher_submit(house.batcher, &units[i].unit));
    }
    gate_open(&gate);
    /* Behind them all, whether it was still taken or not: when it is answered, the failure has
     * happened. */
    PracticeUnit last = practice_transfer(1, 2, 1);
    EXPECT_REFUSED(unit_wait(house.batcher, &last.unit), REFUSED_STORE_STOPPED);
    EXPECT(batcher_failed(house.batcher));
    PracticeUnit late = practice_transfer(1, 2, 1);
    EXPECT_REFUSED(unit_wait(house.batcher, &late.unit), REFUSED_STORE_STOPPED);
    EXPECT_REFUSED(batcher_between(house.batcher, gate_hold, NULL), REFUSED_STORE_STOPPED);
    const int aborts = house.practice.abort_calls;
    batcher_stop(house.batcher);
    house.batcher = NULL;
    EXPECT_STATUS(units[0].outcome, FAULT_STORE_UNCERTAIN);
    EXPECT_REFUSED(units[BATCH_UNITS_MAX].outcome, REFUSED_STORE_STOPPED);
    EXPECT(aborts == 0); /* the guard keeps both states for the restart */
}

TESTS(TEST(test_the_writer_is_a_door), TEST(test_what_waits_is_one_batch),
        TEST(test_full_queue_refuses), TEST(test_many_threads),
        TEST(test_coming_requests_are_waited_for), TEST(test_stopped_refuses),
        TEST(test_uncertain_stops_the_batcher))
