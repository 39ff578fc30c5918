#include "api/retention_tick.h"

#include "base/time.h"
#include "vaultclient/fields.h"

Status retention_forget(void *context, const DueKey *key, Span reference)
{
    const House *house = context;
    int64_t held_us = 0;
    TRY(vaultclient_held_until(house->vault, span_of_text(key->name.tenant),
            span_of_text(key->name.subject), &held_us));
    REQUIRE(held_us == 0, REFUSED_SUBJECT_HELD);
    const Fields fields = { house->domain, house->vault };
    const WireSubjectName name = { span_of_text(key->name.tenant),
        span_of_text(key->name.subject) };
    return fields_forget(&fields, &name, key->class);
}

Status retention_tick(RetentionTick *tick, House *house, int64_t now_us)
{
    const bool asked = atomic_exchange(&house->data_is_due, false);
    if (!asked && !time_has_come(tick->next_us, now_us, RETENTION_TICK_US)) return OK;
    /* What was asked for may have become due after this tick began. */
    if (asked) now_us = clock_now_us(&house->clock);
    const ValueKeeper keeper = { house, retention_forget };
    RetentionCounts counts = { 0 };
    bool more = false;
    const Status s = retention_step(
            house->batcher, &house->purposes, &keeper, now_us, tick->skip, &counts, &more);
    tick->skip += counts.stuck;
    if (more) return OK; /* the rest of the round comes with the next tick */
    const bool is_news = tick->skip > tick->told;
    tick->told = tick->skip;
    tick->skip = 0;
    tick->next_us = now_us + RETENTION_TICK_US;
    return is_news || status_broken(s) ? s : OK;
}
