#include "payment/caller_enrol.h"

#include "payment/payment_rows.h"

static Status end(Rows *rows, AuditKind kind, const char *actor, const Caller *caller, Status s)
{
    const Record record = { .kind = kind,
        .role = "operator",
        .actor = actor,
        .mchid = caller->tenant,
        .subject = caller->name };
    return record_end(rows, &record, s);
}

static Status add_gather(Unit *unit, Rows *rows)
{
    const CallerAdd *work = (const CallerAdd *)unit;
    Caller before;
    bool found = false;
    return caller_get(rows, work->caller.name, &before, &found);
}

static Status add_all(CallerAdd *work, Rows *rows)
{
    Caller *caller = &work->caller;
    const int64_t now_us = rows_now_us(rows);
    Caller before;
    bool found = false;
    REQUIRE(caller_name_is_valid(span_of_text(caller->name)), REFUSED_CALLER_FIELD);
    REQUIRE(caller_tenant_is_valid(span_of_text(caller->tenant)), REFUSED_CALLER_FIELD);
    REQUIRE(caller->rights != 0 && (caller->rights & ~(uint32_t)CALLER_RIGHTS_ALL) == 0,
            REFUSED_CALLER_FIELD);
    REQUIRE(caller->expires_us > now_us, REFUSED_CALLER_FIELD);
    caller->status = STATUS_LIVE;
    caller->created_us = now_us;
    TRY(caller_get(rows, caller->name, &before, &found));
    if (!found) return caller_insert(rows, caller);
    REQUIRE(before.status == STATUS_CLOSED, REFUSED_CALLER_EXISTS);
    return caller_update(rows, caller);
}

static Status add_run(Unit *unit, Rows *rows)
{
    CallerAdd *work = (CallerAdd *)unit;
    const Status s = add_all(work, rows);
    return end(rows, AUDIT_CALLER_ADD, work->actor, &work->caller, s);
}

void caller_add_unit(CallerAdd *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = add_gather, .run = add_run, .done = done };
}

static Status revoke_gather(Unit *unit, Rows *rows)
{
    const CallerRevoke *work = (const CallerRevoke *)unit;
    Caller before;
    bool found = false;
    return caller_get(rows, work->caller.name, &before, &found);
}

static Status revoke_all(CallerRevoke *work, Rows *rows)
{
    bool found = false;
    TRY(caller_get(rows, work->caller.name, &work->caller, &found));
    REQUIRE(found, REFUSED_CALLER_UNKNOWN);
    work->caller.status = STATUS_CLOSED;
    return caller_update(rows, &work->caller);
}

static Status revoke_run(Unit *unit, Rows *rows)
{
    CallerRevoke *work = (CallerRevoke *)unit;
    const Status s = revoke_all(work, rows);
    return end(rows, AUDIT_CALLER_REVOKE, work->actor, &work->caller, s);
}

void caller_revoke_unit(CallerRevoke *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = revoke_gather, .run = revoke_run, .done = done };
}
