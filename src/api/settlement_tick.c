#include "api/settlement_tick.h"

#include "base/time.h"
#include "store/unit_wait.h"

typedef struct Group {
    const char *behind;
    int32_t day;
    SettlementMchid mchids[SETTLEMENT_FOUND_MAX];
    size_t count;
} Group;

static Status find(void *context, Store *store)
{
    Group *group = context;
    return settlement_merchants(store, group->behind, group->day, group->mchids, &group->count);
}

static Status settle(House *house, const char *mchid, int32_t day)
{
    SettlementMake work = { .actor = "", .day = day };
    memcpy(work.mchid, mchid, sizeof(work.mchid));
    settlement_make_unit(&work, NULL);
    const Status s = unit_wait(house->batcher, &work.unit);
    return status_is(s, REFUSED_SETTLEMENT_NONE) ? OK : s;
}

static void end_round(SettlementTick *tick, int32_t today, int64_t now_us)
{
    if (!tick->failed) tick->done_day = today;
    tick->next_us = tick->failed ? now_us + SETTLEMENT_RETRY_US : 0;
    tick->failed = false;
    tick->behind[0] = 0;
}

Status settlement_tick(SettlementTick *tick, House *house, int64_t now_us)
{
    static Group group; /* the clockwork's one thread */
    const int32_t today = time_business_day(now_us);
    Status first = OK;
    if (tick->done_day == today || !holidays_is_working(&house->holidays, today)) return OK;
    if (!time_has_come(tick->next_us, now_us, SETTLEMENT_RETRY_US)) return OK;
    group = (Group) { .behind = tick->behind, .day = today - 1 };
    TRY(batcher_between(house->batcher, find, &group));
    for (size_t i = 0; i < group.count; i++) {
        const Status s = settle(house, group.mchids[i], today - 1);
        if (status_ok(first)) first = s;
    }
    tick->failed = tick->failed || !status_ok(first);
    if (group.count == SETTLEMENT_FOUND_MAX)
        memcpy(tick->behind, group.mchids[group.count - 1], sizeof(tick->behind));
    else
        end_round(tick, today, now_us);
    return first;
}
