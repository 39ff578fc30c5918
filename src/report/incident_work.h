#pragma once
/*
 * incident_work: the units of an incident (TP-16), each with its audit event: open, do a step,
 * close, and tell what is late. cases/incident.h has the rules.
 */
#include "audit/event.h"
#include "cases/incident.h"

typedef struct IncidentOpen {
    Unit unit;
    IncidentKind kind;
    bool crime;
    IncidentClocks clocks;
    char by[AUDIT_ACTOR_BYTES_MAX + 1];
    char title[INCIDENT_TITLE_BYTES_MAX + 1];
    char id[INCIDENT_ID_BYTES_MAX + 1]; /* filled when it ran */
} IncidentOpen;
void incident_open_unit(IncidentOpen *work, void (*done)(Unit *unit, Status outcome));

/* A step; INCIDENT_STEP_CLOSE with both names in `by`, after vaultd took their approvals. */
typedef struct IncidentAct {
    Unit unit;
    char id[INCIDENT_ID_BYTES_MAX + 1];
    IncidentStep step;
    IncidentStep instead; /* of INCIDENT_STEP_NOT_NEEDED */
    int64_t police_us;
    char by[INCIDENT_ACTOR_BYTES_MAX + 1];
    char text[INCIDENT_TEXT_BYTES_MAX + 1];
} IncidentAct;
void incident_act_unit(IncidentAct *work, void (*done)(Unit *unit, Status outcome));

/* One alert for each incident that has become late. */
typedef struct IncidentLate {
    Unit unit;
    char id[INCIDENT_ID_BYTES_MAX + 1];
} IncidentLate;
void incident_late_unit(IncidentLate *work, void (*done)(Unit *unit, Status outcome));

enum { INCIDENTS_LISTED_MAX = 64 };
/* Plain reads between batches: the incidents that are not closed (`all`: the newest of any state),
 * newest first. Not verified: a unit that acts on one is. */
MUST_USE Status incident_list(
        Store *store, bool all, Incident *ret_list, size_t capacity, size_t *ret_count);
