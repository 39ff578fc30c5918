#include "api/workers.h"

#include <pthread.h>
#include <stdlib.h>

struct Workers {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    Job *first;
    Job *last;
    size_t waiting;
    bool stopping;
    int count;
    pthread_t threads[WORKERS_THREADS_MAX];
};

/* The next job, or NULL when the workers stop and nothing waits any more. */
static Job *take(Workers *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->first == NULL && !w->stopping)
        pthread_cond_wait(&w->wake, &w->lock);
    Job *job = w->first;
    if (job != NULL) {
        w->first = job->next;
        if (w->first == NULL) w->last = NULL;
        w->waiting--;
    }
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void *work(void *context)
{
    for (Job *job = take(context); job != NULL; job = take(context))
        job->run(job);
    return NULL;
}

Status workers_start(int threads, Workers **ret_workers)
{
    ASSERT(threads >= 1 && threads <= WORKERS_THREADS_MAX);
    Workers *w = calloc(1, sizeof(*w));
    CHECK(w != NULL, FAULT_MEMORY);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    for (; w->count < threads; w->count++) {
        if (pthread_create(&w->threads[w->count], NULL, work, w) == 0) continue;
        workers_stop(w);
        return BROKEN(FAULT_THREAD);
    }
    *ret_workers = w;
    return OK;
}

Status workers_submit(Workers *w, Job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&w->lock);
    const bool accepted = !w->stopping && w->waiting < WORKERS_QUEUE_MAX;
    if (accepted) {
        if (w->last == NULL)
            w->first = job;
        else
            w->last->next = job;
        w->last = job;
        w->waiting++;
    }
    pthread_mutex_unlock(&w->lock);
    if (accepted) pthread_cond_signal(&w->wake); /* not under the lock that it then waits for */
    REQUIRE(accepted, REFUSED_STORE_BUSY);
    return OK;
}

void workers_stop(Workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->count; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
