/*
 * Goal: every job that was taken runs exactly once, also when the workers stop; what is over the
 * queue is refused at once. Method: jobs that wait at a gate of the test's, so that the queue fills
 * as the test wants it, and many threads that submit at the same time.
 */
#include "api/workers.h"

#include "base/expect.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, SUBMITTERS = 8, JOBS_EACH = 400, JOBS = SUBMITTERS * JOBS_EACH };

typedef struct TestJob {
    Job job; /* first */
    atomic_int runs;
} TestJob;

static TestJob jobs[JOBS];
static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static bool gate_open;
static int at_gate;

static void run_job(Job *job) { atomic_fetch_add(&((TestJob *)job)->runs, 1); }

static void run_at_gate(Job *job)
{
    pthread_mutex_lock(&gate_lock);
    at_gate++;
    pthread_cond_broadcast(&gate_moved);
    while (!gate_open)
        pthread_cond_wait(&gate_moved, &gate_lock);
    pthread_mutex_unlock(&gate_lock);
    run_job(job);
}

static void reset(void (*run)(Job *job))
{
    gate_open = false;
    at_gate = 0;
    for (size_t i = 0; i < JOBS; i++)
        jobs[i] = (TestJob) { .job = { .run = run } };
}

static void open_gate(void)
{
    pthread_mutex_lock(&gate_lock);
    gate_open = true;
    pthread_cond_broadcast(&gate_moved);
    pthread_mutex_unlock(&gate_lock);
}

static void await_at_gate(int count)
{
    pthread_mutex_lock(&gate_lock);
    while (at_gate < count)
        pthread_cond_wait(&gate_moved, &gate_lock);
    pthread_mutex_unlock(&gate_lock);
}

static size_t ran_once(void)
{
    size_t once = 0;
    for (size_t i = 0; i < JOBS; i++)
        once += atomic_load(&jobs[i].runs) == 1;
    return once;
}

static void test_a_full_queue_refuses(void)
{
    Workers *workers = NULL;
    reset(run_at_gate);
    EXPECT_OK(workers_start(THREADS, &workers));
    for (size_t i = 0; i < THREADS; i++)
        EXPECT_OK(workers_submit(workers, &jobs[i].job));
    await_at_gate(THREADS); /* all are busy: from here on jobs wait */
    for (size_t i = 0; i < WORKERS_QUEUE_MAX; i++)
        EXPECT_OK(workers_submit(workers, &jobs[THREADS + i].job));
    for (size_t i = 0; i < 10; i++)
        EXPECT_REFUSED(workers_submit(workers, &jobs[JOBS - 1 - i].job), REFUSED_STORE_BUSY);
    open_gate();
    workers_stop(workers);
    EXPECT(ran_once() == THREADS + WORKERS_QUEUE_MAX);
    EXPECT(atomic_load(&jobs[JOBS - 1].runs) == 0); /* a refused job never runs */
}

static void *stop_workers(void *workers)
{
    workers_stop(workers);
    return NULL;
}

/* Stopping begins while every worker is busy and jobs wait: all of them still run. */
static void test_stop_drains_the_queue(void)
{
    Workers *workers = NULL;
    pthread_t stopper;
    reset(run_at_gate);
    EXPECT_OK(workers_start(THREADS, &workers));
    for (size_t i = 0; i < 100; i++)
        EXPECT_OK(workers_submit(workers, &jobs[i].job));
    await_at_gate(THREADS);
    EXPECT(pthread_create(&stopper, NULL, stop_workers, workers) == 0);
    open_gate();
    pthread_join(stopper, NULL);
    EXPECT(ran_once() == 100);
}

static void test_idle_workers_stop(void)
{
    Workers *workers = NULL;
    EXPECT_OK(workers_start(WORKERS_THREADS_MAX, &workers));
    workers_stop(workers);
}

typedef struct Submitter {
    pthread_t thread;
    Workers *workers;
    size_t first;
    size_t refused;
} Submitter;

/* Again until it is taken: the queue is shorter than what all bring. */
static void *submit_all(void *context)
{
    Submitter *s = context;
    for (size_t i = 0; i < JOBS_EACH; i++) {
        while (!status_ok(workers_submit(s->workers, &jobs[s->first + i].job)))
            s->refused++;
    }
    return NULL;
}

static void test_many_threads_submit(void)
{
    Workers *workers = NULL;
    Submitter submitters[SUBMITTERS];
    reset(run_job);
    EXPECT_OK(workers_start(THREADS, &workers));
    for (size_t i = 0; i < SUBMITTERS; i++) {
        submitters[i] = (Submitter) { .workers = workers, .first = i * JOBS_EACH };
        EXPECT(pthread_create(&submitters[i].thread, NULL, submit_all, &submitters[i]) == 0);
    }
    for (size_t i = 0; i < SUBMITTERS; i++)
        pthread_join(submitters[i].thread, NULL);
    workers_stop(workers);
    EXPECT(ran_once() == JOBS);
}

TESTS(TEST(test_a_full_queue_refuses), TEST(test_stop_drains_the_queue),
        TEST(test_idle_workers_stop), TEST(test_many_threads_submit))
