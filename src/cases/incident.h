#pragma once
/*
 * incident: a leak, an insider's violation, a suspected crime or tampering, from its opening to its
 * closure by two people (TP-16: "应立即采取有效措施防止风险扩大，并向人民银行报告；涉嫌违法犯罪的，
 * 应及时报告公安机关").
 *
 * Two sealed tables: `incident` (one row each, its clocks fixed when it is opened) and the
 * append-only `incident_step` (what was done, when, by whom). TP-16 names the steps and says "at
 * once" and "in time"; the hours are the institution's own choice (IncidentClocks).
 *
 * The functions below are parts of units; the units and their audit events are in
 * report/incident_work.h, one floor up. Floor 3.
 */
#include "cases/alert.h"

extern const Table incident_table;
extern const Table incident_step_table;

enum IncidentColumn {
    INCIDENT_ID = 1, /* TEXT, key: "20261127-1"; "20261127-auto-1": a machine's draft */
    INCIDENT_KIND = 2, /* INT, IncidentKind */
    INCIDENT_STATE = 3, /* INT, IncidentState */
    INCIDENT_OPENED = 4, /* INT, us */
    INCIDENT_BY = 5, /* TEXT: "operator/uid-0", "machine" */
    INCIDENT_TITLE = 6, /* TEXT */
    INCIDENT_CRIME = 7, /* INT: 1 when a crime is suspected */
    INCIDENT_DONE = 8, /* INT: set of steps (1 << IncidentStep) */
    INCIDENT_TOLD = 9, /* INT: set of steps whose lateness was told */
    INCIDENT_ALERTS = 10, /* INT: how many alerts it stands for */
    INCIDENT_STEPS = 11, /* INT: rows of incident_step */
    INCIDENT_DUE = 12, /* INT, us: of step 1; the others follow: 13 .. 17 */
    INCIDENT_CLOSED = 18, /* INT, us or NULL */
    INCIDENT_CLOSED_BY = 19, /* TEXT or NULL: two operators */
};

enum IncidentStepColumn {
    INCIDENT_STEP_BATCH = 1, /* INT, key */
    INCIDENT_STEP_IN_BATCH = 2, /* INT, key: 1.. within the batch */
    INCIDENT_STEP_ID = 3, /* TEXT: the incident's */
    INCIDENT_STEP_NUMBER = 4, /* INT: 1.. within the incident */
    INCIDENT_STEP_STEP = 5, /* INT, IncidentStep */
    INCIDENT_STEP_TIME = 6, /* INT, us */
    INCIDENT_STEP_BY = 7, /* TEXT */
    INCIDENT_STEP_TEXT = 8, /* TEXT: what was done */
    INCIDENT_STEP_LATE = 9, /* INT: 1 when its clock had run out */
};

/* Stored: append only. */
typedef enum IncidentKind {
    INCIDENT_LEAK = 1, /* by a vulnerability */
    INCIDENT_INSIDER = 2,
    INCIDENT_SUSPECTED_CRIME = 3,
    INCIDENT_TAMPERING = 4, /* rows that do not verify, a honey record that was touched */
    INCIDENT_RESERVE = 5, /* the reserve account and what customers are owed differ */
} IncidentKind;

/* Stored: append only. */
typedef enum IncidentState {
    INCIDENT_STATE_DRAFT = 1, /* opened by an alert; nobody has looked yet */
    INCIDENT_STATE_OPEN = 2,
    INCIDENT_STATE_CLOSED = 3,
} IncidentState;

/* Stored: append only. The first six have clocks, in this order. */
typedef enum IncidentStep {
    INCIDENT_STEP_CONTAIN = 1, /* measures so that it does not spread */
    INCIDENT_STEP_REPORT_BANK = 2, /* to the People's Bank of China */
    INCIDENT_STEP_REPORT_POLICE = 3, /* when a crime is suspected */
    INCIDENT_STEP_NOTIFY = 4, /* the people whose data it is */
    INCIDENT_STEP_CAUSE = 5, /* root cause, and what was changed */
    INCIDENT_STEP_CLOSE = 6, /* by two people */
    INCIDENT_STEP_NOTE = 7,
    INCIDENT_STEP_SUSPECT_CRIME = 8, /* from now on the police must be told */
    INCIDENT_STEP_NOT_NEEDED = 9, /* a step that does not apply, and why; text begins with it */
} IncidentStep;

enum {
    INCIDENT_CLOCKS = 6,
    INCIDENT_ID_BYTES_MAX = 40,
    INCIDENT_TITLE_BYTES_MAX = 200,
    INCIDENT_TEXT_BYTES_MAX = 500,
    INCIDENT_ACTOR_BYTES_MAX = 160, /* two names */
    INCIDENTS_A_DAY_MAX = 99,
    INCIDENT_STEPS_MAX = 500,
};

/* By step - 1: how long after the opening (for the police: after the suspicion). */
typedef struct IncidentClocks {
    int64_t us[INCIDENT_CLOCKS];
} IncidentClocks;
extern const IncidentClocks incident_clocks_default; /* 1 h, 24 h, 24 h, 72 h, 30 d, 45 d */

typedef struct Incident {
    char id[INCIDENT_ID_BYTES_MAX + 1];
    IncidentKind kind;
    IncidentState state;
    int64_t opened_us;
    char by[INCIDENT_ACTOR_BYTES_MAX + 1];
    char title[INCIDENT_TITLE_BYTES_MAX + 1];
    bool crime;
    uint32_t done; /* 1 << IncidentStep */
    uint32_t told;
    int64_t alerts;
    int64_t steps;
    int64_t due_us[INCIDENT_CLOCKS]; /* by step - 1; 0: no clock runs */
    int64_t closed_us;
    char closed_by[INCIDENT_ACTOR_BYTES_MAX + 1];
} Incident;

/* "contain", "report-bank"...; "?" for another number. And back. */
const char *incident_step_name(IncidentStep step);
bool incident_step_of(Span name, IncidentStep *ret_step);
/* "leak", "insider", "crime", "tampering", "reserve". */
const char *incident_kind_name(IncidentKind kind);
bool incident_kind_of(Span name, IncidentKind *ret_kind);
const char *incident_state_name(IncidentState state);

/* The steps (1 << IncidentStep) that are late at this time: due, and not done. None once closed. */
uint32_t incident_overdue(const Incident *incident, int64_t now_us);
/* The steps that are missing before it can be closed. */
uint32_t incident_missing(const Incident *incident);

/* From a row's values. Refuses REFUSED_ROW_INVALID. */
MUST_USE Status incident_of_values(const Value *values, Incident *ret_incident);

/* --- parts of units --- */
/* Gathering or running. Refuses REFUSED_INCIDENT_UNKNOWN, and what rows_get() refuses. */
MUST_USE Status incident_get(Rows *rows, Span id, Incident *ret_incident);
/* The next free number of the day: "20261127-1". While gathering it loads what running needs. */
MUST_USE Status incident_free_id(Rows *rows, char ret_id[INCIDENT_ID_BYTES_MAX + 1]);
/* Fill id, opened_us and due_us before. */
MUST_USE Status incident_insert(Rows *rows, const Incident *incident);
void incident_set_clocks(Incident *incident, const IncidentClocks *clocks);
/*
 * Append what was done, and mark it in the incident (written back). INCIDENT_STEP_NOT_NEEDED marks
 * `instead`. A draft is open from its first step on. Refuses REFUSED_INCIDENT_CLOSED,
 * REFUSED_INCIDENT_STEP, REFUSED_INCIDENT_TEXT, REFUSED_INCIDENT_NOT_DONE (close).
 */
typedef struct IncidentDone {
    IncidentStep step;
    IncidentStep instead; /* of INCIDENT_STEP_NOT_NEEDED */
    Span by;
    Span text;
    int64_t police_us; /* how long from a suspicion of crime to the police's report */
} IncidentDone;
MUST_USE Status incident_do(Rows *rows, Incident *incident, const IncidentDone *done);
/* The steps of `told` are late: one alert each, and remembered. */
MUST_USE Status incident_tell_late(Rows *rows, Incident *incident, uint32_t late);

/* For whoever raises an alert: does this kind open a draft, and under which id today? A draft
 * stands for all alerts of its kind and day, so that a thousand bad rows are one incident. */
bool incident_draft_wanted(const Alert *alert);
MUST_USE Status incident_draft_gather(Rows *rows, const Alert *alert);
MUST_USE Status incident_draft_note(Rows *rows, const Alert *alert);
