#pragma once
/*
 * domain_inside: one record in, one record out, for the files of this room that keep something in
 * the domain store. Each key column and the record are `?1`.. of the statement, in order.
 */
#include <pthread.h>

#include "store/store.h"
#include "vaultclient/domain.h"

/*
 * One at a time for a record that is read, shown to vaultd and replaced: two who read the same one
 * would both show it, and the second would look like somebody who put an old record back. `parts`
 * name the record; others may wait with it. To be locked, and unlocked by CLEANUP(domain_turn_end).
 */
pthread_mutex_t *domain_turn(DomainStore *domain, const Span *parts, size_t count);
void domain_turn_end(pthread_mutex_t **turn);

/* Durable on return. */
MUST_USE Status domain_put_record(DomainStore *domain, DataClass class, PolicyForm form,
        const char *sql, const Value *values, size_t count);
/* Append the one column of the one row. Refuses REFUSED_ROW_MISSING. */
MUST_USE Status domain_get_record(
        DomainStore *domain, const char *sql, const Value *keys, size_t count, Buffer *ret_record);
/* The same of a mask, that is kept in memory for a while: until its life is over, or anything is
 * written by domain_transaction(). `key` names it among all masks. */
MUST_USE Status domain_get_mask(DomainStore *domain, DataClass class, Span key, const char *sql,
        const Value *keys, size_t count, Buffer *ret_mask);
/* Rows of a read, as store_query(). */
MUST_USE Status domain_query(DomainStore *domain, const char *sql, const Value *keys, size_t count,
        StoreRow row, void *context);
/* `work` only reads; nobody of this process writes meanwhile. */
typedef MUST_USE Status (*DomainWork)(void *context, Store *store);
MUST_USE Status domain_read(DomainStore *domain, DomainWork work, void *context);
/* All that `work` writes, or nothing; durable on return. */
MUST_USE Status domain_transaction(DomainStore *domain, DomainWork work, void *context);
