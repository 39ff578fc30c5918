#include "api/transfer_tick.h"

#include "store/unit_wait.h"

typedef struct Finding {
    TransferTick *tick;
    int64_t now_us;
} Finding;

static Status find(void *context, Store *store)
{
    Finding *f = context;
    return transfer_due(store, f->now_us, f->tick->stuck, f->tick->due, &f->tick->count);
}

static Status carry_out(House *house, const char *id)
{
    TransferEnd work = { .act = TRANSFER_CARRY_OUT, .rules = &house->rules };
    memcpy(work.id, id, sizeof(work.id));
    transfer_end_unit(&work, NULL);
    return unit_wait(house->batcher, &work.unit);
}

Status transfer_tick(TransferTick *tick, House *house)
{
    Finding finding = { tick, clock_now_us(&house->clock) };
    const size_t stuck_before = tick->stuck;
    Status stuck = OK;
    tick->stuck = 0;
    for (int pass = 0; pass < TRANSFER_TICK_PASSES_MAX; pass++) {
        tick->count = 0;
        TRY(batcher_between(house->batcher, find, &finding));
        for (size_t i = 0; i < tick->count; i++) {
            const Status s = carry_out(house, tick->due[i]);
            if (status_ok(s)) continue;
            tick->stuck++;
            stuck = s;
        }
        if (tick->count < TRANSFER_FOUND_MAX) break;
    }
    return tick->stuck > stuck_before ? stuck : OK;
}
