#define _GNU_SOURCE
#include "ipc/lane.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

enum { LANE_NAME_BYTES_MAX = 15 };

struct Lane {
    LaneConfig config;
    char name[LANE_NAME_BYTES_MAX + 1];
    pthread_mutex_t lock;
    pthread_cond_t work; /* something waits, or the lane has ended */
    pthread_cond_t started; /* one more thread is parked */
    void **queue; /* ring of queue_max */
    int first;
    int count;
    int parked;
    bool ended;
    int threads; /* to join */
    pthread_t thread[];
};

/* Wait for an item; NULL when the lane has ended. */
static void *lane_take(Lane *lane)
{
    void *item = NULL;
    pthread_mutex_lock(&lane->lock);
    while (lane->count == 0 && !lane->ended)
        pthread_cond_wait(&lane->work, &lane->lock);
    if (!lane->ended) {
        item = lane->queue[lane->first];
        lane->first = (lane->first + 1) % lane->config.queue_max;
        lane->count--;
    }
    pthread_mutex_unlock(&lane->lock);
    return item;
}

static void *worker(void *context)
{
    Lane *lane = context;
    (void)prctl(PR_SET_NAME, lane->name); /* for the reader of `top`; nothing depends on it */
    pthread_mutex_lock(&lane->lock);
    lane->parked++;
    pthread_cond_signal(&lane->started);
    pthread_mutex_unlock(&lane->lock);

    for (void *item = lane_take(lane); item != NULL; item = lane_take(lane))
        lane->config.run(lane->config.context, item);
    return NULL;
}

/* Signals belong to the program's own thread: workers are started with all of them blocked. */
static Status start_workers(Lane *lane)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0, FAULT_THREAD);
    int error = 0;
    while (error == 0 && lane->threads < lane->config.workers) {
        error = pthread_create(&lane->thread[lane->threads], NULL, worker, lane);
        if (error == 0) lane->threads++;
    }
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0, FAULT_THREAD);
    CHECK(error == 0, FAULT_THREAD);

    pthread_mutex_lock(&lane->lock);
    while (lane->parked < lane->threads)
        pthread_cond_wait(&lane->started, &lane->lock);
    pthread_mutex_unlock(&lane->lock);
    return OK;
}

Status lane_open(const LaneConfig *config, Lane **ret_lane)
{
    ASSERT(config->workers > 0 && config->queue_max > 0);
    Lane *lane = calloc(1, sizeof(*lane) + (size_t)config->workers * sizeof(pthread_t));
    CHECK(lane != NULL, FAULT_MEMORY);
    lane->config = *config;
    snprintf(lane->name, sizeof(lane->name), "%s", config->name);
    lane->config.name = lane->name;
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->work, NULL);
    pthread_cond_init(&lane->started, NULL);

    lane->queue = calloc((size_t)config->queue_max, sizeof(void *));
    const Status s = lane->queue == NULL ? BROKEN(FAULT_MEMORY) : start_workers(lane);
    if (!status_ok(s)) {
        lane_close(lane);
        return s;
    }
    *ret_lane = lane;
    return OK;
}

bool lane_put(Lane *lane, void *item)
{
    pthread_mutex_lock(&lane->lock);
    const bool taken = !lane->ended && lane->count < lane->config.queue_max;
    if (taken) {
        lane->queue[(lane->first + lane->count) % lane->config.queue_max] = item;
        lane->count++;
    }
    pthread_mutex_unlock(&lane->lock);
    if (taken) pthread_cond_signal(&lane->work); /* not under the lock that it then waits for */
    return taken;
}

void lane_end(Lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->ended = true;
    pthread_cond_broadcast(&lane->work);
    pthread_mutex_unlock(&lane->lock);
    for (; lane->threads > 0; lane->threads--)
        pthread_join(lane->thread[lane->threads - 1], NULL);
}

void lane_close(Lane *lane)
{
    if (lane == NULL) return;
    lane_end(lane);
    pthread_cond_destroy(&lane->started);
    pthread_cond_destroy(&lane->work);
    pthread_mutex_destroy(&lane->lock);
    free(lane->queue);
    free(lane);
}
