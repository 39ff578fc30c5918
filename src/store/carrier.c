#include "store/carrier.h"

#include "store/store_internal.h"

#include <pthread.h>
#include <stdlib.h>

struct Carrier {
    sqlite3 *db;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool asked;
    bool stopping;
};

/* False when it is time to end. */
static bool wait_for_work(Carrier *c)
{
    pthread_mutex_lock(&c->lock);
    while (!c->asked && !c->stopping)
        pthread_cond_wait(&c->wake, &c->lock);
    c->asked = false;
    const bool go_on = !c->stopping;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

/* What fails here is tried again with the next batch, and fails there loudly if it must. */
static void *carry(void *context)
{
    Carrier *c = context;
    while (wait_for_work(c))
        sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return NULL;
}

static Status start(const char *path, Carrier *c)
{
    const int how = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    CHECK(sqlite3_open_v2(path, &c->db, how, NULL) == SQLITE_OK, FAULT_STORE);
    CHECK(sqlite3_exec(c->db, "PRAGMA synchronous=FULL", NULL, NULL, NULL) == SQLITE_OK,
            FAULT_STORE);
    TRY(store_grow_by_chunks(c->db));
    CHECK(pthread_create(&c->thread, NULL, carry, c) == 0, FAULT_THREAD);
    return OK;
}

Status carrier_open(const char *path, Carrier **ret_carrier)
{
    Carrier *c = calloc(1, sizeof(*c));
    CHECK(c != NULL, FAULT_MEMORY);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    const Status s = start(path, c);
    if (!status_ok(s)) {
        sqlite3_close(c->db);
        free(c);
        return s;
    }
    *ret_carrier = c;
    return OK;
}

void carrier_ask(Carrier *c)
{
    pthread_mutex_lock(&c->lock);
    c->asked = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
}

void carrier_close(Carrier *c)
{
    if (c == NULL) return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    sqlite3_close(c->db);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
