#pragma once
/*
 * access_tick: what the clock does to rights: those given for a while end in their rows, too, and
 * whose rights are due to be looked at is an alert, once a period (LL-4.5.2, LL-4.5.3).
 */
#include "api/house.h"

#define ACCESS_TICK_US ((int64_t)60 * 1000000)

typedef struct AccessTick {
    int64_t next_us;
} AccessTick;

/* Refuses what the batch refuses. On the clockwork's one thread. */
MUST_USE Status access_tick(AccessTick *tick, House *house, int64_t now_us);
