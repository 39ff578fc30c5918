#pragma once
/*
 * request_tick: what time does to requests (access/request.h): one that nobody agreed to in time
 * expires, and what ran when this program was not yet there was interrupted: nobody knows how far
 * it came, and it is never begun again.
 */
#include "api/house.h"

enum { ASKED_TICK_US = 1000000 };

typedef struct RequestTick {
    int64_t next_us;
} RequestTick;

/* From the clockwork's thread, as often as it likes. */
MUST_USE Status request_tick(RequestTick *tick, House *house, int64_t now_us);
