#include "api/health.h"

#include <stdlib.h>
#include <time.h>

struct Health {
    House *house;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopping;
    int64_t vault_ms; /* monotonic, of the last good answer; 0: none */
    int64_t store_ms;
    HealthState said;
    pthread_t thread;
};

static int64_t monotonic_ms(void)
{
    struct timespec now;
    ASSERT(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static Status nothing(void *context, Store *store) { return OK; }

static void ask_vault(Health *h)
{
    uint8_t memory_bytes[1024];
    Buffer memory = BUFFER_OF(memory_bytes);
    WireStatus vault = { 0 };
    if (!status_ok(vaultclient_status(h->house->vault, &memory, &vault)) || !vault.ready) return;
    pthread_mutex_lock(&h->lock);
    h->vault_ms = monotonic_ms();
    h->said.frozen_rows = vault.frozen_rows;
    h->said.tracked_rows = (int64_t)vault.tracked_rows;
    h->said.tree_size = vault.tree_size;
    pthread_mutex_unlock(&h->lock);
}

static void ask_store(Health *h)
{
    if (!status_ok(batcher_between(h->house->batcher, nothing, NULL))) return;
    pthread_mutex_lock(&h->lock);
    h->store_ms = monotonic_ms();
    pthread_mutex_unlock(&h->lock);
}

/* False: it is time to stop. */
static bool wait_tick(Health *h)
{
    struct timespec until;
    ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += HEALTH_TICK_MS / 1000;
    pthread_mutex_lock(&h->lock);
    int rc = 0;
    while (!h->stopping && rc == 0)
        rc = pthread_cond_timedwait(&h->stop, &h->lock, &until);
    const bool go_on = !h->stopping;
    pthread_mutex_unlock(&h->lock);
    return go_on;
}

static void *watch(void *context)
{
    Health *h = context;
    do {
        ask_store(h);
        ask_vault(h);
    } while (wait_tick(h));
    return NULL;
}

Status health_start(House *house, Health **ret_health)
{
    pthread_condattr_t monotonic;
    Health *h = calloc(1, sizeof(*h));
    CHECK(h != NULL, FAULT_MEMORY);
    h->house = house;
    ASSERT(pthread_condattr_init(&monotonic) == 0);
    ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&h->stop, &monotonic) == 0);
    ASSERT(pthread_mutex_init(&h->lock, NULL) == 0);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&h->thread, NULL, watch, h) != 0) {
        free(h);
        return BROKEN(FAULT_THREAD);
    }
    *ret_health = h;
    return OK;
}

void health_stop(Health *h)
{
    if (h == NULL) return;
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_cond_signal(&h->stop);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    pthread_cond_destroy(&h->stop);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static bool is_fresh(int64_t answered_ms)
{
    return answered_ms != 0 && monotonic_ms() - answered_ms <= HEALTH_PATIENCE_MS;
}

HealthState health_state(Health *h)
{
    if (h == NULL) return (HealthState) { 0 };
    pthread_mutex_lock(&h->lock);
    HealthState state = h->said;
    state.vault = is_fresh(h->vault_ms);
    state.store = is_fresh(h->store_ms);
    pthread_mutex_unlock(&h->lock);
    return state;
}

bool health_is_ready(Health *h)
{
    const HealthState state = health_state(h);
    return state.vault && state.store;
}
