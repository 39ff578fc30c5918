#include "cases/incident.h"

#include "base/time.h"

#include <stdio.h>

#define COLUMN(id, name, type, nullable, class, level)                                \
    {                                                                                 \
        (id), (name), VALUE_##type, (nullable), CLASS_##class, LEVEL_##level, "cases" \
    }

static const Column incident_columns[] = {
    COLUMN(INCIDENT_ID, "id", TEXT, false, PUBLIC, C1),
    COLUMN(INCIDENT_KIND, "kind", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_STATE, "state", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_OPENED, "opened", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_BY, "opened_by", TEXT, false, IDENTITY, C2),
    COLUMN(INCIDENT_TITLE, "title", TEXT, false, FREE_TEXT, C2),
    COLUMN(INCIDENT_CRIME, "crime", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_DONE, "done", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_TOLD, "told", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_ALERTS, "alerts", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_STEPS, "steps", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_DUE, "due_contain", INT, true, PUBLIC, C1),
    COLUMN(INCIDENT_DUE + 1, "due_report_bank", INT, true, PUBLIC, C1),
    COLUMN(INCIDENT_DUE + 2, "due_report_police", INT, true, PUBLIC, C1),
    COLUMN(INCIDENT_DUE + 3, "due_notify", INT, true, PUBLIC, C1),
    COLUMN(INCIDENT_DUE + 4, "due_cause", INT, true, PUBLIC, C1),
    COLUMN(INCIDENT_DUE + 5, "due_close", INT, true, PUBLIC, C1),
    COLUMN(INCIDENT_CLOSED, "closed", INT, true, PUBLIC, C1),
    COLUMN(INCIDENT_CLOSED_BY, "closed_by", TEXT, true, IDENTITY, C2),
};
enum { INCIDENT_COLUMNS = sizeof(incident_columns) / sizeof(incident_columns[0]) };

static const Column step_columns[] = {
    COLUMN(INCIDENT_STEP_BATCH, "in_batch", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_STEP_IN_BATCH, "number", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_STEP_ID, "incident", TEXT, false, PUBLIC, C1),
    COLUMN(INCIDENT_STEP_NUMBER, "ordinal", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_STEP_STEP, "step", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_STEP_TIME, "done_at", INT, false, PUBLIC, C1),
    COLUMN(INCIDENT_STEP_BY, "done_by", TEXT, false, IDENTITY, C2),
    COLUMN(INCIDENT_STEP_TEXT, "what", TEXT, false, FREE_TEXT, C2),
    COLUMN(INCIDENT_STEP_LATE, "late", INT, false, PUBLIC, C1),
};
enum { STEP_COLUMNS = sizeof(step_columns) / sizeof(step_columns[0]) };

const Table incident_table = { TABLE_INCIDENT, .schema = 1, .name = "incident", .key_columns = 1,
    .column_count = INCIDENT_COLUMNS, .columns = incident_columns };

const Table incident_step_table = { TABLE_INCIDENT_STEP, .schema = 1, .name = "incident_step",
    .append_only = true, .key_columns = 2, .column_count = STEP_COLUMNS, .columns = step_columns };

#define HOUR_US (3600 * TIME_SECOND_US)
const IncidentClocks incident_clocks_default = { { HOUR_US, 24 * HOUR_US, 24 * HOUR_US,
        72 * HOUR_US, 30 * TIME_DAY_US, 45 * TIME_DAY_US } };

/* --- names --- */

static const char *const step_names[] = { "?", "contain", "report-bank", "report-police", "notify",
    "cause", "close", "note", "suspect-crime", "not-needed" };
static const char *const kind_names[] = { "?", "leak", "insider", "crime", "tampering", "reserve" };
static const char *const state_names[] = { "?", "draft", "open", "closed" };
#define NAME_COUNT(names) (sizeof(names) / sizeof((names)[0]))

static size_t name_find(const char *const *names, size_t count, Span name)
{
    size_t i = 1;
    while (i < count && !span_equal(span_of_text(names[i]), name))
        i++;
    return i;
}

const char *incident_step_name(IncidentStep step)
{
    return step_names[(size_t)step < NAME_COUNT(step_names) ? step : 0];
}

bool incident_step_of(Span name, IncidentStep *ret_step)
{
    const size_t i = name_find(step_names, NAME_COUNT(step_names), name);
    if (i < NAME_COUNT(step_names)) *ret_step = (IncidentStep)i;
    return i < NAME_COUNT(step_names);
}

const char *incident_kind_name(IncidentKind kind)
{
    return kind_names[(size_t)kind < NAME_COUNT(kind_names) ? kind : 0];
}

bool incident_kind_of(Span name, IncidentKind *ret_kind)
{
    const size_t i = name_find(kind_names, NAME_COUNT(kind_names), name);
    if (i < NAME_COUNT(kind_names)) *ret_kind = (IncidentKind)i;
    return i < NAME_COUNT(kind_names);
}

const char *incident_state_name(IncidentState state)
{
    return state_names[(size_t)state < NAME_COUNT(state_names) ? state : 0];
}

/* --- clocks --- */

static uint32_t bit(IncidentStep step) { return (uint32_t)1 << step; }

uint32_t incident_overdue(const Incident *incident, int64_t now_us)
{
    uint32_t late = 0;
    if (incident->state == INCIDENT_STATE_CLOSED) return 0;
    for (int i = 0; i < INCIDENT_CLOCKS; i++) {
        const uint32_t step = bit((IncidentStep)(i + 1));
        const int64_t due_us = incident->due_us[i];
        if (due_us != 0 && now_us > due_us && (incident->done & step) == 0) late |= step;
    }
    return late;
}

uint32_t incident_missing(const Incident *incident)
{
    uint32_t wanted = bit(INCIDENT_STEP_CONTAIN) | bit(INCIDENT_STEP_REPORT_BANK)
            | bit(INCIDENT_STEP_NOTIFY) | bit(INCIDENT_STEP_CAUSE);
    if (incident->crime) wanted |= bit(INCIDENT_STEP_REPORT_POLICE);
    return wanted & ~incident->done;
}

void incident_set_clocks(Incident *incident, const IncidentClocks *clocks)
{
    for (int i = 0; i < INCIDENT_CLOCKS; i++)
        incident->due_us[i] = incident->opened_us + clocks->us[i];
    if (!incident->crime) incident->due_us[INCIDENT_STEP_REPORT_POLICE - 1] = 0;
}

/* --- rows --- */

static Value optional_int(int64_t number)
{
    return number == 0 ? VALUE_OF_NULL : VALUE_OF_INT(number);
}

static void to_values(const Incident *i, Value values[INCIDENT_COLUMNS])
{
    values[COLUMN_AT(INCIDENT_ID)] = VALUE_OF_TEXT(span_of_text(i->id));
    values[COLUMN_AT(INCIDENT_KIND)] = VALUE_OF_INT((int64_t)i->kind);
    values[COLUMN_AT(INCIDENT_STATE)] = VALUE_OF_INT((int64_t)i->state);
    values[COLUMN_AT(INCIDENT_OPENED)] = VALUE_OF_INT(i->opened_us);
    values[COLUMN_AT(INCIDENT_BY)] = VALUE_OF_TEXT(span_of_text(i->by));
    values[COLUMN_AT(INCIDENT_TITLE)] = VALUE_OF_TEXT(span_of_text(i->title));
    values[COLUMN_AT(INCIDENT_CRIME)] = VALUE_OF_INT(i->crime ? 1 : 0);
    values[COLUMN_AT(INCIDENT_DONE)] = VALUE_OF_INT(i->done);
    values[COLUMN_AT(INCIDENT_TOLD)] = VALUE_OF_INT(i->told);
    values[COLUMN_AT(INCIDENT_ALERTS)] = VALUE_OF_INT(i->alerts);
    values[COLUMN_AT(INCIDENT_STEPS)] = VALUE_OF_INT(i->steps);
    for (int n = 0; n < INCIDENT_CLOCKS; n++)
        values[COLUMN_AT(INCIDENT_DUE + n)] = optional_int(i->due_us[n]);
    values[COLUMN_AT(INCIDENT_CLOSED)] = optional_int(i->closed_us);
    values[COLUMN_AT(INCIDENT_CLOSED_BY)] = value_of_optional_text(i->closed_by);
}

static int64_t int_at(const Value *values, int column)
{
    const Value *value = &values[COLUMN_AT(column)];
    return value->type == VALUE_INT ? value->integer : 0;
}

Status incident_of_values(const Value *values, Incident *ret_incident)
{
    Incident i = { .kind = (IncidentKind)int_at(values, INCIDENT_KIND),
        .state = (IncidentState)int_at(values, INCIDENT_STATE),
        .opened_us = int_at(values, INCIDENT_OPENED),
        .crime = int_at(values, INCIDENT_CRIME) == 1,
        .done = (uint32_t)int_at(values, INCIDENT_DONE),
        .told = (uint32_t)int_at(values, INCIDENT_TOLD),
        .alerts = int_at(values, INCIDENT_ALERTS),
        .steps = int_at(values, INCIDENT_STEPS),
        .closed_us = int_at(values, INCIDENT_CLOSED) };
    for (int n = 0; n < INCIDENT_CLOCKS; n++)
        i.due_us[n] = int_at(values, INCIDENT_DUE + n);
    TRY(value_copy_text(&values[COLUMN_AT(INCIDENT_ID)], i.id, sizeof(i.id)));
    TRY(value_copy_text(&values[COLUMN_AT(INCIDENT_BY)], i.by, sizeof(i.by)));
    TRY(value_copy_text(&values[COLUMN_AT(INCIDENT_TITLE)], i.title, sizeof(i.title)));
    TRY(value_copy_text(&values[COLUMN_AT(INCIDENT_CLOSED_BY)], i.closed_by, sizeof(i.closed_by)));
    *ret_incident = i;
    return OK;
}

Status incident_get(Rows *rows, Span id, Incident *ret_incident)
{
    const Row *row = NULL;
    const Value key = VALUE_OF_TEXT(id);
    REQUIRE(span_is_plain_name(id, INCIDENT_ID_BYTES_MAX), REFUSED_INCIDENT_UNKNOWN);
    TRY(rows_get(rows, &incident_table, &key, &row));
    REQUIRE(row != NULL, REFUSED_INCIDENT_UNKNOWN);
    return incident_of_values(row->values, ret_incident);
}

Status incident_insert(Rows *rows, const Incident *incident)
{
    Value values[INCIDENT_COLUMNS];
    to_values(incident, values);
    return rows_insert(rows, &incident_table, values);
}

static Status update(Rows *rows, const Incident *incident)
{
    Value values[INCIDENT_COLUMNS];
    to_values(incident, values);
    return rows_update(rows, &incident_table, values);
}

Status incident_free_id(Rows *rows, char ret_id[INCIDENT_ID_BYTES_MAX + 1])
{
    char day[9];
    time_business_day_text(time_business_day(rows_now_us(rows)), day);
    for (int n = 1; n <= INCIDENTS_A_DAY_MAX; n++) {
        const Row *row = NULL;
        snprintf(ret_id, INCIDENT_ID_BYTES_MAX + 1, "%s-%d", day, n);
        const Value key = VALUE_OF_TEXT(span_of_text(ret_id));
        TRY(rows_get(rows, &incident_table, &key, &row));
        if (row == NULL) return OK;
    }
    return REFUSE(REFUSED_BATCH_FULL);
}

/* --- steps --- */

static Status append_step(Rows *rows, Incident *incident, const IncidentDone *done, bool late)
{
    REQUIRE(incident->steps < INCIDENT_STEPS_MAX, REFUSED_INCIDENT_STEP);
    incident->steps++;
    Value values[STEP_COLUMNS] = {
        VALUE_OF_INT(0),
        VALUE_OF_INT(0),
        VALUE_OF_TEXT(span_of_text(incident->id)),
        VALUE_OF_INT(incident->steps),
        VALUE_OF_INT((int64_t)done->step),
        VALUE_OF_INT(rows_now_us(rows)),
        VALUE_OF_TEXT(done->by),
        VALUE_OF_TEXT(done->text),
        VALUE_OF_INT(late ? 1 : 0),
    };
    return rows_insert_numbered(rows, &incident_step_table, values, ALERTS_MAX);
}

static Status mark(Incident *incident, const IncidentDone *done, int64_t now_us)
{
    switch (done->step) {
    case INCIDENT_STEP_CONTAIN:
    case INCIDENT_STEP_REPORT_BANK:
    case INCIDENT_STEP_REPORT_POLICE:
    case INCIDENT_STEP_NOTIFY:
    case INCIDENT_STEP_CAUSE: incident->done |= bit(done->step); return OK;
    case INCIDENT_STEP_NOTE: return OK;
    case INCIDENT_STEP_SUSPECT_CRIME:
        if (!incident->crime)
            incident->due_us[INCIDENT_STEP_REPORT_POLICE - 1] = now_us + done->police_us;
        incident->crime = true;
        return OK;
    case INCIDENT_STEP_NOT_NEEDED: /* containing, and telling the bank, are never "not needed" */
        REQUIRE(done->instead == INCIDENT_STEP_NOTIFY
                        || done->instead == INCIDENT_STEP_REPORT_POLICE,
                REFUSED_INCIDENT_STEP);
        REQUIRE(done->instead == INCIDENT_STEP_NOTIFY || !incident->crime, REFUSED_INCIDENT_STEP);
        incident->done |= bit(done->instead);
        return OK;
    case INCIDENT_STEP_CLOSE:
        REQUIRE(incident_missing(incident) == 0, REFUSED_INCIDENT_NOT_DONE);
        REQUIRE(done->by.size <= INCIDENT_ACTOR_BYTES_MAX, REFUSED_INCIDENT_TEXT);
        incident->done |= bit(done->step);
        incident->closed_us = now_us;
        memcpy(incident->closed_by, done->by.data, done->by.size);
        incident->closed_by[done->by.size] = 0;
        return OK;
    }
    return REFUSE(REFUSED_INCIDENT_STEP);
}

Status incident_do(Rows *rows, Incident *incident, const IncidentDone *done)
{
    const int64_t now_us = rows_now_us(rows);
    REQUIRE(incident->state != INCIDENT_STATE_CLOSED, REFUSED_INCIDENT_CLOSED);
    REQUIRE(done->text.size > 0 && done->text.size <= INCIDENT_TEXT_BYTES_MAX,
            REFUSED_INCIDENT_TEXT);
    REQUIRE(done->step <= INCIDENT_STEP_NOT_NEEDED, REFUSED_INCIDENT_STEP);
    const bool late = (incident_overdue(incident, now_us) & bit(done->step)) != 0;
    TRY(mark(incident, done, now_us));
    incident->state =
            done->step == INCIDENT_STEP_CLOSE ? INCIDENT_STATE_CLOSED : INCIDENT_STATE_OPEN;
    TRY(append_step(rows, incident, done, late));
    return update(rows, incident);
}

Status incident_tell_late(Rows *rows, Incident *incident, uint32_t late)
{
    const uint32_t fresh = late & ~incident->told;
    if (fresh == 0) return OK;
    const Alert alert = alert_of(ALERT_INCIDENT, TABLE_INCIDENT, span_of_text(incident->id),
            REFUSE(REFUSED_INCIDENT_LATE));
    TRY(alert_append(rows, &alert));
    incident->told |= fresh;
    return update(rows, incident);
}

/* --- drafts of a machine --- */

static void draft_id(const Rows *rows, const Alert *alert, char ret_id[INCIDENT_ID_BYTES_MAX + 1])
{
    char day[9];
    time_business_day_text(time_business_day(rows_now_us(rows)), day);
    snprintf(ret_id, INCIDENT_ID_BYTES_MAX + 1, "%s-auto-%d", day, (int)alert->kind);
}

bool incident_draft_wanted(const Alert *alert)
{
    const Status verdict = { alert->verdict };
    if (alert->kind == ALERT_VAULT) return status_is(verdict, REFUSED_HONEY_TOUCHED);
    if (alert->kind != ALERT_ROW) return false; /* of a frozen row somebody was told before */
    return !status_is(verdict, REFUSED_ROW_FROZEN);
}

Status incident_draft_gather(Rows *rows, const Alert *alert)
{
    char id[INCIDENT_ID_BYTES_MAX + 1];
    const Row *row = NULL;
    draft_id(rows, alert, id);
    const Value key = VALUE_OF_TEXT(span_of_text(id));
    return rows_get(rows, &incident_table, &key, &row);
}

static Status draft_open(Rows *rows, const Alert *alert, const char *id)
{
    const char *title = alert->kind == ALERT_VAULT
            ? "A planted card was touched; see the alerts"
            : "Sealed rows that do not verify; see the alerts";
    Incident draft = { .kind = INCIDENT_TAMPERING,
        .state = INCIDENT_STATE_DRAFT,
        .opened_us = rows_now_us(rows),
        .by = "machine",
        .alerts = 1 };
    snprintf(draft.id, sizeof(draft.id), "%s", id);
    snprintf(draft.title, sizeof(draft.title), "%s", title);
    incident_set_clocks(&draft, &incident_clocks_default);
    return incident_insert(rows, &draft);
}

Status incident_draft_note(Rows *rows, const Alert *alert)
{
    char id[INCIDENT_ID_BYTES_MAX + 1];
    const Row *row = NULL;
    Incident draft = { 0 };
    draft_id(rows, alert, id);
    const Value key = VALUE_OF_TEXT(span_of_text(id));
    TRY(rows_get(rows, &incident_table, &key, &row));
    if (row == NULL) return draft_open(rows, alert, id);
    TRY(incident_of_values(row->values, &draft));
    draft.alerts++;
    return update(rows, &draft);
}
