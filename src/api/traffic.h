#pragma once
/*
 * traffic: how many requests were answered how, and how long they took, for metrics.h. Counts only:
 * no number, name or amount of anybody. Any thread; no locks.
 */
#include "base/bytes.h"

#include <stdatomic.h>

enum {
    TRAFFIC_ROUTES_MAX = 128, /* the last one: no route */
    TRAFFIC_CLASSES = 6, /* of HTTP statuses, by the first digit */
    TRAFFIC_BOUNDS = 12, /* of the histogram */
};

typedef enum TrafficAudience {
    TRAFFIC_MERCHANT = 0,
    TRAFFIC_PAYER,
    TRAFFIC_OTHER,
    TRAFFIC_AUDIENCES,
} TrafficAudience;

extern const int64_t traffic_bounds_us[TRAFFIC_BOUNDS]; /* ascending */

typedef struct Traffic {
    _Atomic uint64_t answered[TRAFFIC_ROUTES_MAX][TRAFFIC_CLASSES];
    _Atomic uint64_t took[TRAFFIC_AUDIENCES][TRAFFIC_BOUNDS + 1]; /* the last: longer */
    _Atomic uint64_t took_us[TRAFFIC_AUDIENCES];
} Traffic;

/* route: of the table in routes.c, or anything beyond it; took_us < 0 (a clock was set back) counts
 * as 0. */
void traffic_count(
        Traffic *traffic, size_t route, TrafficAudience audience, int status, int64_t took_us);
