#pragma once
/*
 * unit_wait: submit one unit and wait until it is done. For start-up, timer threads and tests;
 * never from the batch thread, which would wait for itself. The unit's own `done` is not called.
 */
#include "store/batch.h"

#include <pthread.h>

typedef struct UnitWait {
    Unit unit; /* what is submitted: it speaks for `inner` */
    Unit *inner;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool finished;
    Status outcome;
} UnitWait;

static inline Status unit_wait_gather(Unit *unit, Rows *rows)
{
    Unit *inner = ((UnitWait *)unit)->inner;
    return inner->gather(inner, rows);
}

static inline Status unit_wait_run(Unit *unit, Rows *rows)
{
    Unit *inner = ((UnitWait *)unit)->inner;
    return inner->run(inner, rows);
}

/* Signals under the lock: the waiter's stack, with the condition on it, is gone right after. */
static inline void unit_wait_done(Unit *unit, Status outcome)
{
    UnitWait *wait = (UnitWait *)unit;
    pthread_mutex_lock(&wait->lock);
    wait->outcome = outcome;
    wait->finished = true;
    pthread_cond_signal(&wait->changed);
    pthread_mutex_unlock(&wait->lock);
}

/* The unit's outcome, or why it was not taken. */
MUST_USE static inline Status unit_wait(Batcher *batcher, Unit *inner)
{
    UnitWait wait = {
        .unit = { .gather = unit_wait_gather,
                .run = unit_wait_run,
                .done = unit_wait_done,
                .from = inner->from != NULL ? inner->from : unit_asked_from(),
                .reason = inner->reason != NULL ? inner->reason : unit_asked_reason() },
        .inner = inner,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
    };
    TRY(batcher_submit(batcher, &wait.unit));
    pthread_mutex_lock(&wait.lock);
    while (!wait.finished)
        pthread_cond_wait(&wait.changed, &wait.lock);
    pthread_mutex_unlock(&wait.lock);
    pthread_cond_destroy(&wait.changed);
    pthread_mutex_destroy(&wait.lock);
    return wait.outcome;
}
