#include "vault/memory_settler.h"

#include <stdlib.h>
#include <time.h>

struct MemorySettler {
    Memory *memory;
    pthread_t thread;
};

/* Wait until there is something to settle, then SETTLE_MS more. False: stop. The lock is held. */
static bool wait_for_work(Memory *m)
{
    while (!m->settler_stops && m->settled >= m->unsettled)
        pthread_cond_wait(&m->settle, &m->lock);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until); /* as the condition: nobody sets it */
    until.tv_nsec += SETTLE_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    while (!m->settler_stops) {
        if (pthread_cond_timedwait(&m->settle, &m->lock, &until) != 0) break;
    }
    return !m->settler_stops;
}

static void *run(void *context)
{
    Memory *m = context;
    bool going = true;
    while (going) {
        pthread_mutex_lock(&m->lock);
        going = wait_for_work(m);
        pthread_mutex_unlock(&m->lock);
        IGNORE(memory_settle(m), "a broken journal refuses the next batch by itself");
    }
    return NULL;
}

Status memory_settler_open(Memory *memory, MemorySettler **ret_settler)
{
    MemorySettler *settler = calloc(1, sizeof(*settler));
    CHECK(settler != NULL, FAULT_MEMORY);
    settler->memory = memory;
    if (pthread_create(&settler->thread, NULL, run, memory) != 0) {
        free(settler);
        return BROKEN(FAULT_THREAD);
    }
    *ret_settler = settler;
    return OK;
}

void memory_settler_close(MemorySettler *settler)
{
    if (settler == NULL) return;
    Memory *m = settler->memory;
    pthread_mutex_lock(&m->lock);
    m->settler_stops = true;
    pthread_cond_broadcast(&m->settle);
    pthread_mutex_unlock(&m->lock);
    pthread_join(settler->thread, NULL);
    free(settler);
}
