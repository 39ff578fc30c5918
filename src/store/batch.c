#define _GNU_SOURCE
#include "store/batch_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static _Thread_local const char *asked_from;
static _Thread_local const char *asked_reason;

void unit_asked(const char *from, const char *reason)
{
    asked_from = from;
    asked_reason = reason;
}

const char *unit_asked_from(void) { return asked_from; }

const char *unit_asked_reason(void) { return asked_reason; }

/*
 * The batch thread and its queue. Everything under `lock` is short; the batch itself runs outside
 * it.
 */

typedef struct Between {
    Status (*function)(void *context, Store *store);
    void *context;
    Status outcome;
    bool finished;
    struct Between *next;
} Between;

struct Batcher {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work; /* the thread waits: for units, or for more of them */
    pthread_cond_t finished; /* those in batcher_between() wait */
    Unit *first;
    Unit *last;
    size_t waiting;
    int coming;
    bool asleep; /* in a wait that the next unit ends */
    bool stopping;
    bool failed;
    size_t alone; /* so many units from the front come one by one */
    Between *betweens;
    BatchCounters counters; /* as of the last batch */
    Engine engine; /* the thread's */
    Work batch; /* the thread's */
};

static struct timespec deadline_after_us(int64_t us)
{
    struct timespec t = { 0 };
    ASSERT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    const int64_t ns = t.tv_nsec + us * 1000;
    return (struct timespec) { t.tv_sec + ns / 1000000000, ns % 1000000000 };
}

/* Is anybody worth waiting for? Within the lock. */
static bool may_grow(const Batcher *b)
{
    return b->coming > 0 && b->waiting < BATCH_UNITS_MAX && b->alone == 0 && !b->stopping
            && b->betweens == NULL;
}

static void take_units(Batcher *b)
{
    const size_t most = b->alone > 0 ? 1 : BATCH_UNITS_MAX;
    Work *batch = &b->batch;
    batch->count = 0;
    batch->one_by_one = false;
    while (batch->count < most && b->first != NULL) {
        batch->units[batch->count++] = b->first;
        b->first = b->first->next;
        b->waiting--;
    }
    if (b->first == NULL) b->last = NULL;
    if (b->alone > 0) b->alone--;
}

/* Wait for units and let the batch grow. False when there is nothing to do but a between, or the
 * end. */
static bool collect(Batcher *b)
{
    while (b->first == NULL && b->betweens == NULL && !b->stopping) {
        b->asleep = true;
        pthread_cond_wait(&b->work, &b->lock);
    }
    b->asleep = false;
    if (b->first == NULL) return false;
    const struct timespec deadline = deadline_after_us(BATCH_WAIT_US_MAX);
    while (may_grow(b)) {
        if (pthread_cond_timedwait(&b->work, &b->lock, &deadline) != 0) break;
    }
    take_units(b);
    return true;
}

/* Units that come again stand first in line, in their order. Within the lock. */
static void put_back(Batcher *b)
{
    const Work *batch = &b->batch;
    size_t again = 0;
    for (size_t i = batch->count; i > 0; i--) {
        if (batch->fates[i - 1] != FATE_AGAIN) continue;
        Unit *unit = batch->units[i - 1];
        unit->next = b->first;
        b->first = unit;
        if (b->last == NULL) b->last = unit;
        again++;
    }
    b->waiting += again;
    if (batch->one_by_one) b->alone = again;
}

static void answer(const Work *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->fates[i] != FATE_OUTCOME) continue;
        batch->units[i]->done(batch->units[i], batch->outcomes[i]);
    }
}

/* Those that wait now. Who comes back at once waits for the next batch: two who do would otherwise
 * keep every payment waiting. */
static void run_betweens(Batcher *b)
{
    Between *list = b->betweens;
    b->betweens = NULL;
    while (list != NULL) {
        Between *between = list;
        list = between->next;
        const bool failed = b->failed;
        pthread_mutex_unlock(&b->lock);
        const Status s = failed ? REFUSE(REFUSED_STORE_STOPPED)
                                : between->function(between->context, b->engine.store);
        pthread_mutex_lock(&b->lock);
        between->outcome = s;
        between->finished = true;
        pthread_cond_broadcast(&b->finished);
    }
}

/* After FAULT_STORE_UNCERTAIN nobody touches the database: who waits is sent away. */
static void refuse_batch(Work *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        batch->fates[i] = FATE_OUTCOME;
        batch->outcomes[i] = REFUSE(REFUSED_STORE_STOPPED);
    }
}

static void run_batch(Batcher *b)
{
    Work *batch = &b->batch;
    const bool failed = b->failed;
    pthread_mutex_unlock(&b->lock);
    if (failed) {
        refuse_batch(batch);
    } else {
        b->engine.counters.units += batch->count;
        engine_run(&b->engine, batch);
        for (size_t i = 0; i < batch->count; i++) {
            if (batch->fates[i] == FATE_RUN) batch->fates[i] = FATE_OUTCOME;
        }
    }
    pthread_mutex_lock(&b->lock);
    b->counters = b->engine.counters;
    if (batch->stop) b->failed = b->stopping = true;
    put_back(b);
    pthread_mutex_unlock(&b->lock);
    answer(batch);
    if (!failed) store_tidy(b->engine.store);
    pthread_mutex_lock(&b->lock);
}

static void *batch_thread(void *context)
{
    Batcher *b = context;
    pthread_mutex_lock(&b->lock);
    for (;;) {
        if (collect(b)) run_batch(b);
        run_betweens(b);
        if (b->stopping && b->first == NULL && b->betweens == NULL) break;
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

static void batcher_free(Batcher **batcher)
{
    Batcher *b = *batcher;
    if (b == NULL) return;
    rows_close(b->engine.rows);
    pthread_cond_destroy(&b->work);
    pthread_cond_destroy(&b->finished);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

static Status init_locks(Batcher *b)
{
    pthread_condattr_t monotonic;
    CHECK(pthread_condattr_init(&monotonic) == 0, FAULT_THREAD);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0, FAULT_THREAD);
    CHECK(pthread_mutex_init(&b->lock, NULL) == 0, FAULT_THREAD);
    CHECK(pthread_cond_init(&b->work, &monotonic) == 0, FAULT_THREAD);
    CHECK(pthread_cond_init(&b->finished, NULL) == 0, FAULT_THREAD);
    pthread_condattr_destroy(&monotonic);
    return OK;
}

Status batcher_start(Store *store, const BatchGuard *guard, const Clock *clock, int64_t next_batch,
        Batcher **ret_batcher)
{
    CLEANUP(batcher_free) Batcher *b = calloc(1, sizeof(Batcher));
    CHECK(b != NULL, FAULT_MEMORY);
    TRY(init_locks(b));
    b->engine =
            (Engine) { .store = store, .guard = *guard, .clock = clock, .next_batch = next_batch };
    TRY(rows_open(store, &b->engine.rows));
    CHECK(pthread_create(&b->thread, NULL, batch_thread, b) == 0, FAULT_THREAD);
    *ret_batcher = b;
    b = NULL; /* transferred */
    return OK;
}

void batcher_stop(Batcher *batcher)
{
    pthread_mutex_lock(&batcher->lock);
    batcher->stopping = true;
    pthread_cond_signal(&batcher->work);
    pthread_mutex_unlock(&batcher->lock);
    pthread_join(batcher->thread, NULL);
    batcher_free(&batcher);
}

static Status enqueue(Batcher *b, Unit *unit)
{
    REQUIRE(!b->stopping, REFUSED_STORE_STOPPED);
    REQUIRE(b->waiting < BATCH_QUEUE_MAX, REFUSED_STORE_BUSY);
    unit->next = NULL;
    unit->tries = 0;
    if (b->last == NULL)
        b->first = unit;
    else
        b->last->next = unit;
    b->last = unit;
    b->waiting++;
    /* A batch that waits for more is woken by the last one coming, or when it is full. */
    if (b->asleep || b->waiting == BATCH_UNITS_MAX) pthread_cond_signal(&b->work);
    return OK;
}

Status batcher_submit(Batcher *batcher, Unit *unit)
{
    pthread_mutex_lock(&batcher->lock);
    const Status s = enqueue(batcher, unit);
    pthread_mutex_unlock(&batcher->lock);
    return s;
}

void batcher_coming(Batcher *batcher, int change)
{
    pthread_mutex_lock(&batcher->lock);
    batcher->coming += change;
    ASSERT(batcher->coming >= 0);
    if (batcher->coming == 0 && batcher->waiting > 0) pthread_cond_signal(&batcher->work);
    pthread_mutex_unlock(&batcher->lock);
}

BatchCounters batcher_counters(Batcher *batcher)
{
    pthread_mutex_lock(&batcher->lock);
    const BatchCounters counters = batcher->counters;
    pthread_mutex_unlock(&batcher->lock);
    return counters;
}

bool batcher_failed(Batcher *batcher)
{
    pthread_mutex_lock(&batcher->lock);
    const bool failed = batcher->failed;
    pthread_mutex_unlock(&batcher->lock);
    return failed;
}

Status batcher_between(
        Batcher *batcher, Status (*function)(void *context, Store *store), void *context)
{
    Between between = { .function = function, .context = context };
    pthread_mutex_lock(&batcher->lock);
    if (batcher->stopping) {
        pthread_mutex_unlock(&batcher->lock);
        return REFUSE(REFUSED_STORE_STOPPED);
    }
    Between **last = &batcher->betweens;
    while (*last != NULL)
        last = &(*last)->next;
    *last = &between;
    pthread_cond_signal(&batcher->work);
    while (!between.finished)
        pthread_cond_wait(&batcher->finished, &batcher->lock);
    pthread_mutex_unlock(&batcher->lock);
    return between.outcome;
}
