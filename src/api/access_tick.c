#include "api/access_tick.h"

#include "access/rights_review.h"
#include "api/alert_once.h"
#include "base/time.h"
#include "store/unit_wait.h"

/* Somebody was quicker and ended it; or its row is frozen, and it counts no more either. Whatever
 * else refuses, like a vault that does not answer, leaves it to the next tick. */
static bool is_settled(Status s)
{
    return status_is(s, REFUSED_GRANT_STATE) || status_is(s, REFUSED_GRANT_UNKNOWN)
            || status_is(s, REFUSED_ROW_FROZEN) || status_is(s, REFUSED_ROW_SEAL_MISMATCH)
            || status_is(s, REFUSED_ROW_ROLLED_BACK) || status_is(s, REFUSED_ROW_DELETED);
}

static Status end_grants(House *house, int64_t now_us)
{
    Grant over;
    while (grant_book_over(house->grants, now_us, &over)) { /* ends: each is taken out */
        GrantChange work = { .act = GRANT_END, .grant = over };
        grant_change_unit(&work, NULL);
        const Status s = unit_wait(house->batcher, &work.unit);
        if (is_settled(s))
            work.grant.state = GRANT_ENDED;
        else
            TRY(s);
        TRY(grant_book_put(house->grants, &work.grant));
    }
    return OK;
}

static Status remind(House *house, const Principal *p)
{
    uint8_t memory[ALERT_KEY_BYTES_MAX];
    Buffer key = BUFFER_OF(memory);
    TRY(buffer_print(&key, "%s/", p->id));
    TRY(time_format(p->review_us, &key));
    const Alert alert = alert_of(ALERT_ACCESS_REVIEW, TABLE_PRINCIPAL, span_of_buffer(&key),
            REFUSE(REFUSED_ACCESS_REVIEW_DUE));
    return alert_once(house, &alert);
}

Status access_tick(AccessTick *tick, House *house, int64_t now_us)
{
    Principal p;
    TRY(end_grants(house, now_us));
    if (!time_has_come(tick->next_us, now_us, ACCESS_TICK_US)) return OK;
    tick->next_us = now_us + ACCESS_TICK_US;
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    for (size_t i = 0; principal_book_at(house->principals, i, &p); i++) {
        const bool due = p.status == STATUS_LIVE && rights_review_is_due(table, &p, now_us);
        if (due) TRY(remind(house, &p));
    }
    return OK;
}
