#include "access/in_force.h"

#include <pthread.h>
#include <stdlib.h>

struct AccessInForce {
    pthread_mutex_t lock; /* between reading the pointer and counting oneself */
    AccessTable *table; /* held by us, too */
};

Status access_in_force_open(AccessTable **table, AccessInForce **ret_in_force)
{
    AccessInForce *in_force = calloc(1, sizeof(*in_force));
    CHECK(in_force != NULL, FAULT_MEMORY);
    ASSERT(pthread_mutex_init(&in_force->lock, NULL) == 0);
    access_put_in_force(in_force, table);
    *ret_in_force = in_force;
    return OK;
}

void access_in_force_close(AccessInForce **in_force)
{
    if (*in_force == NULL) return;
    access_release(&(*in_force)->table);
    pthread_mutex_destroy(&(*in_force)->lock);
    free(*in_force);
    *in_force = NULL;
}

AccessTable *access_in_force(AccessInForce *in_force)
{
    pthread_mutex_lock(&in_force->lock);
    AccessTable *table = in_force->table;
    atomic_fetch_add(&table->holders, 1);
    pthread_mutex_unlock(&in_force->lock);
    return table;
}

void access_release(AccessTable **table)
{
    AccessTable *held = *table;
    *table = NULL;
    if (held != NULL && atomic_fetch_sub(&held->holders, 1) == 1) access_table_free(&held);
}

void access_put_in_force(AccessInForce *in_force, AccessTable **table)
{
    AccessTable *next = *table;
    *table = NULL; /* transferred */
    atomic_store(&next->holders, 1);
    pthread_mutex_lock(&in_force->lock);
    AccessTable *before = in_force->table;
    in_force->table = next;
    pthread_mutex_unlock(&in_force->lock);
    access_release(&before);
}
