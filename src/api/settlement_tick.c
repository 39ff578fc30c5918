#include "api/settlement_tick.h"

#include "base/time.h"
#include "store/unit_wait.h"

typedef struct Group {
    const char *behind;
    SettlementMchid mchids[SETTLEMENT_FOUND_MAX];
    size_t count;
} Group;

static Status find(void *context, Store *store)
{
    Group *group = context;
    return settlement_merchants(store, group->behind, group->mchids, &group->count);
}

static void take_failed(SettlementTick *tick, Group *group)
{
    memcpy(group->mchids, tick->failed, sizeof(group->mchids));
    group->count = tick->failed_count;
    tick->failed_count = 0;
}

static Status settle(SettlementTick *tick, House *house, const char *mchid)
{
    SettlementMake work = { .actor = "", .day = tick->day - 1, .told = tick->told };
    memcpy(work.mchid, mchid, sizeof(work.mchid));
    settlement_make_unit(&work, NULL);
    const Status s = unit_wait(house->batcher, &work.unit);
    if (status_ok(s) || status_is(s, REFUSED_SETTLEMENT_NONE)) return OK;
    if (tick->failed_count < SETTLEMENT_FOUND_MAX)
        memcpy(tick->failed[tick->failed_count++], mchid, sizeof(work.mchid));
    else
        tick->over = true;
    return s;
}

static void end_round(SettlementTick *tick, int64_t now_us)
{
    tick->done = tick->failed_count == 0;
    tick->told = true;
    tick->retry = !tick->over;
    if (tick->over) tick->failed_count = 0;
    tick->over = false;
    tick->behind[0] = 0;
    tick->next_us = now_us + SETTLEMENT_RETRY_US;
}

static Status next_group(SettlementTick *tick, House *house, int64_t now_us, Group *group)
{
    Status first = OK;
    for (size_t i = 0; i < group->count; i++) {
        const Status s = settle(tick, house, group->mchids[i]);
        if (status_ok(first)) first = s;
    }
    if (group->count == SETTLEMENT_FOUND_MAX && !tick->retry)
        memcpy(tick->behind, group->mchids[group->count - 1], sizeof(tick->behind));
    else
        end_round(tick, now_us);
    return first;
}

Status settlement_tick(SettlementTick *tick, House *house, int64_t now_us)
{
    static Group group; /* the clockwork's one thread */
    const int32_t today = time_business_day(now_us);
    if (tick->day != today) *tick = (SettlementTick) { .day = today };
    if (tick->done || !holidays_is_working(&house->holidays, today)) return OK;
    if (!time_has_come(tick->next_us, now_us, SETTLEMENT_RETRY_US)) return OK;
    group = (Group) { .behind = tick->behind };
    if (tick->retry)
        take_failed(tick, &group);
    else
        TRY(batcher_between(house->batcher, find, &group));
    return next_group(tick, house, now_us, &group);
}
