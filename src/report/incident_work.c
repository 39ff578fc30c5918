#include "report/incident_work.h"

#include <stdio.h>

static Status tell(
        Rows *rows, AuditKind kind, const char *by, const char *id, Span detail, Status outcome)
{
    const Span actor = span_of_text(by);
    const AuditEvent event = { .kind = kind,
        .outcome = outcome.code,
        .actor = { actor.data,
                actor.size < AUDIT_ACTOR_BYTES_MAX ? actor.size : AUDIT_ACTOR_BYTES_MAX },
        .subject = span_of_text(id),
        .detail = detail };
    return audit_event_tell(rows, &event);
}

/* Refusals are audited too; what only means "again", or a fault, is not. */
static bool is_final(Status s)
{
    const bool again = status_is(s, REFUSED_ROW_NOT_GATHERED) || status_is(s, REFUSED_BATCH_FULL);
    return !again && !status_broken(s);
}

/* --- open --- */

static Status open_gather(Unit *unit, Rows *rows)
{
    IncidentOpen *work = (IncidentOpen *)unit;
    return incident_free_id(rows, work->id);
}

static Status open_run(Unit *unit, Rows *rows)
{
    IncidentOpen *work = (IncidentOpen *)unit;
    Incident incident = { .kind = work->kind,
        .state = INCIDENT_STATE_OPEN,
        .opened_us = rows_now_us(rows),
        .crime = work->crime || work->kind == INCIDENT_SUSPECTED_CRIME };
    TRY(incident_free_id(rows, work->id));
    snprintf(incident.id, sizeof(incident.id), "%s", work->id);
    snprintf(incident.by, sizeof(incident.by), "%s", work->by);
    snprintf(incident.title, sizeof(incident.title), "%s", work->title);
    incident_set_clocks(&incident, &work->clocks);
    TRY(incident_insert(rows, &incident));
    return tell(rows, AUDIT_INCIDENT_OPEN, work->by, work->id,
            span_of_text(incident_kind_name(work->kind)), OK);
}

void incident_open_unit(IncidentOpen *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = open_gather, .run = open_run, .done = done };
}

/* --- a step --- */

static Status act_gather(Unit *unit, Rows *rows)
{
    const IncidentAct *work = (const IncidentAct *)unit;
    Incident incident = { 0 };
    const Status s = incident_get(rows, span_of_text(work->id), &incident);
    return status_is(s, REFUSED_INCIDENT_UNKNOWN) ? OK : s;
}

static Status act(const IncidentAct *work, Rows *rows)
{
    Incident incident = { 0 };
    const IncidentDone done = { .step = work->step,
        .instead = work->instead,
        .by = span_of_text(work->by),
        .text = span_of_text(work->text),
        .police_us = work->police_us };
    TRY(incident_get(rows, span_of_text(work->id), &incident));
    return incident_do(rows, &incident, &done);
}

static Status act_run(Unit *unit, Rows *rows)
{
    const IncidentAct *work = (const IncidentAct *)unit;
    const bool closes = work->step == INCIDENT_STEP_CLOSE;
    const Status s = act(work, rows);
    if (!is_final(s)) return s;
    TRY(tell(rows, closes ? AUDIT_INCIDENT_CLOSE : AUDIT_INCIDENT_STEP, work->by, work->id,
            span_of_text(incident_step_name(work->step)), s));
    return s;
}

void incident_act_unit(IncidentAct *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = act_gather, .run = act_run, .done = done };
}

/* --- late --- */

static Status late_gather(Unit *unit, Rows *rows)
{
    const IncidentLate *work = (const IncidentLate *)unit;
    Incident incident = { 0 };
    return incident_get(rows, span_of_text(work->id), &incident);
}

static Status late_run(Unit *unit, Rows *rows)
{
    const IncidentLate *work = (const IncidentLate *)unit;
    Incident incident = { 0 };
    TRY(incident_get(rows, span_of_text(work->id), &incident));
    return incident_tell_late(rows, &incident, incident_overdue(&incident, rows_now_us(rows)));
}

void incident_late_unit(IncidentLate *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = late_gather, .run = late_run, .done = done };
}

/* --- list --- */

typedef struct Listing {
    Incident *list;
    size_t capacity;
    size_t count;
} Listing;

static Status take_incident(void *context, const Value *values, size_t count)
{
    Listing *l = context;
    REQUIRE(count >= incident_table.column_count, REFUSED_ROW_INVALID);
    if (l->count == l->capacity) return OK;
    return incident_of_values(values, &l->list[l->count++]);
}

Status incident_list(Store *store, bool all, Incident *ret_list, size_t capacity, size_t *ret_count)
{
    Listing listing = { ret_list, capacity, 0 };
    const Value state = VALUE_OF_INT(all ? 0 : INCIDENT_STATE_CLOSED);
    TRY(store_query(store, "SELECT * FROM incident WHERE state <> ?1 ORDER BY opened DESC LIMIT 64",
            &state, 1, take_incident, &listing));
    *ret_count = listing.count;
    return OK;
}
