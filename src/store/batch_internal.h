#pragma once
/*
 * batch_internal: one batch from its units to its commit, apart from the thread that runs it.
 */
#include "store/rows.h"

typedef enum UnitFate {
    FATE_RUN, /* takes part */
    FATE_OUTCOME, /* has its outcome; answered when the batch is durable */
    FATE_AGAIN, /* comes again in the next batch */
} UnitFate;

/* The work of one batch. */
typedef struct Work {
    Unit *units[BATCH_UNITS_MAX];
    UnitFate fates[BATCH_UNITS_MAX];
    Status outcomes[BATCH_UNITS_MAX];
    size_t count;
    bool one_by_one; /* the batch was refused as a whole: its units come again alone */
    bool stop; /* FAULT_STORE_UNCERTAIN */
} Work;

typedef struct Engine {
    Store *store;
    Rows *rows;
    BatchGuard guard;
    const Clock *clock;
    int64_t next_batch;
    bool confirm_due; /* the last batch is committed, and the guard does not know it yet */
    BatchCounters counters;
} Engine;

/* Run the batch. Afterwards every unit of `work` has an outcome or comes again. */
void engine_run(Engine *engine, Work *work);
