#include "api/request_tick.h"

#include "access/request_act.h"
#include "base/time.h"
#include "store/unit_wait.h"

enum { DUE_MAX = 64 }; /* of a tick; the others' turn comes next */

typedef struct Due {
    int64_t now_us;
    int64_t first_batch; /* of this run */
    char ids[DUE_MAX][ASKED_ID_BYTES + 1];
    RequestStep steps[DUE_MAX];
    size_t count;
} Due;

static Status take_due(void *context, const Value *values, size_t count)
{
    Due *due = context;
    if (due->count == DUE_MAX) return OK;
    TRY(value_copy_text(&values[0], due->ids[due->count], sizeof(due->ids[0])));
    due->steps[due->count++] = values[1].integer == ASKED_WAITING ? STEP_EXPIRY : STEP_INTERRUPTION;
    return OK;
}

static Status find_due(void *context, Store *store)
{
    const Due *due = context;
    const Value parameters[] = { VALUE_OF_INT(ASKED_WAITING), VALUE_OF_INT(due->now_us),
        VALUE_OF_INT(ASKED_RUNNING), VALUE_OF_INT(due->first_batch) };
    return store_query(store,
            "SELECT id, state FROM request WHERE (state = ?1 AND expires <= ?2)"
            " OR (state = ?3 AND batch < ?4) LIMIT 64",
            parameters, 4, take_due, context);
}

Status request_tick(RequestTick *tick, House *house, int64_t now_us)
{
    if (!time_has_come(tick->next_us, now_us, ASKED_TICK_US)) return OK;
    tick->next_us = now_us + ASKED_TICK_US;
    Due due = { .now_us = now_us, .first_batch = house->first_batch };
    Status first = OK;
    TRY(batcher_between(house->batcher, find_due, &due));
    for (size_t i = 0; i < due.count; i++) {
        RequestAct work = { .step = due.steps[i], .actor = "timer" };
        memcpy(work.id, due.ids[i], sizeof(work.id));
        request_act_unit(&work, NULL);
        const Status s = unit_wait(house->batcher, &work.unit);
        const bool settled = status_is(s, REFUSED_REQUEST_OVER); /* somebody was quicker */
        if (status_ok(first) && !settled) first = s;
    }
    return first;
}
