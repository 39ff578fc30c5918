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

/* What the guard was not told yet: that the last batch is committed, or that the next one was given
 * up after it was prepared. */
typedef enum Owed { OWED_NOTHING = 0, OWED_CONFIRM = 1, OWED_ABORT = 2 } Owed;

typedef struct Engine {
    Store *store;
    Rows *rows;
    BatchGuard guard;
    const Clock *clock;
    int64_t next_batch;
    Owed owed;
    BatchCounters counters;
} Engine;

/* Run the batch. Afterwards every unit of `work` has an outcome or comes again. */
void engine_run(Engine *engine, Work *work);
