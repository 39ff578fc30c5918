#pragma once
/*
 * retention_tick: the clockwork's step for personal data: what is due is deleted, and what was left
 * half done is finished (lifecycle/retention.h; LL-4.5.4). Once a minute one look, and when a
 * person's request made something due; a long list goes on with the next tick, so that payments
 * never wait for it.
 */
#include "api/house.h"
#include "lifecycle/retention.h"

#define RETENTION_TICK_US (60 * (int64_t)1000000)

typedef struct RetentionTick { /* { 0 }: due at once */
    int64_t next_us;
    size_t skip; /* stuck ones of this round */
    size_t told; /* how many were stuck in the last round */
} RetentionTick;

/* Returns the first failure of a round that has more of them than the one before. */
MUST_USE Status retention_tick(RetentionTick *tick, House *house, int64_t now_us);

/* Who clears the domain store, for this and for tests. vaultd has the last word on holds: it
 * remembers them when the database does not. */
MUST_USE Status retention_forget(void *house, const DueKey *key, Span reference);
