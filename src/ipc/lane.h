#pragma once
/*
 * lane: a bounded queue and the fixed number of threads that empty it (ipc's own; service.h is the
 * door).
 *
 * The threads are started, and have finished starting, when lane_open() returns: they ask the
 * kernel for nothing but futexes afterwards. Thread-safe.
 */
#include "base/bytes.h"

typedef struct Lane Lane;

typedef struct LaneConfig {
    const char *name; /* of the threads; at most 15 bytes */
    int workers;
    int queue_max;
    void (*run)(void *context, void *item); /* on a worker */
    void *context;
} LaneConfig;

/* Faults FAULT_MEMORY, FAULT_THREAD. */
MUST_USE Status lane_open(const LaneConfig *config, Lane **ret_lane);
/* False when the queue is full or the lane has ended; the item is then still the caller's. */
MUST_USE bool lane_put(Lane *lane, void *item);
/* Finish what was begun, drop what waits, and join. May be called again. */
void lane_end(Lane *lane);
void lane_close(Lane *lane); /* ends it; NULL is fine */
