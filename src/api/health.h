#pragma once
/*
 * health: does this house take payments now? One thread asks vaultd and the batch thread once a
 * second, as payments do; who probes us reads what they said last, so that a probe costs nothing
 * and cannot be used to keep them busy. Thread-safe.
 */
#include "api/house.h"

enum { HEALTH_TICK_MS = 1000, HEALTH_PATIENCE_MS = 5000 };

typedef struct Health Health;

/* Faults FAULT_MEMORY, FAULT_THREAD. */
MUST_USE Status health_start(House *house, Health **ret_health);
/* NULL is fine. Waits for the question that is on its way. */
void health_stop(Health *health);

typedef struct HealthState {
    bool vault; /* it answered within the last HEALTH_PATIENCE_MS, and serves */
    bool store; /* the batch thread did */
    int64_t frozen_rows; /* as vaultd said last */
    int64_t tracked_rows;
    int64_t tree_size; /* leaves of the audit log */
} HealthState;

/* NULL: nothing answers. */
HealthState health_state(Health *health);
/* Both answer. */
bool health_is_ready(Health *health);
