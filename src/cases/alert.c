#include "cases/alert.h"

#include "base/encoding.h"
#include "cases/incident.h"

static const Column alert_columns[] = {
    { ALERT_BATCH, "in_batch", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "cases" },
    { ALERT_NUMBER, "number", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "cases" },
    { ALERT_TIME, "raised", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "cases" },
    { ALERT_KIND, "kind", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "cases" },
    { ALERT_TABLE, "about_table", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "cases" },
    /* the key of any row: as much as a payer's or an account's id */
    { ALERT_KEY, "about_key", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "cases" },
    { ALERT_VERDICT, "verdict", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "cases" },
};

const Table alert_table = {
    TABLE_ALERT,
    .schema = 1,
    .name = "alert",
    .append_only = true,
    .key_columns = 2,
    .column_count = sizeof(alert_columns) / sizeof(alert_columns[0]),
    .columns = alert_columns,
};

Alert alert_of(AlertKind kind, uint16_t table, Span key, Status verdict)
{
    Alert alert = { .kind = kind, .table = table, .verdict = verdict.code };
    alert.key_size = key.size < ALERT_KEY_BYTES_MAX ? key.size : ALERT_KEY_BYTES_MAX;
    if (alert.key_size > 0) memcpy(alert.key, key.data, alert.key_size);
    return alert;
}

Status alert_append(Rows *rows, const Alert *alert)
{
    uint8_t memory[ALERT_KEY_TEXT_MAX];
    Buffer text = BUFFER_OF(memory);
    TRY(hex_encode((Span) { alert->key, alert->key_size }, &text));

    Value values[] = {
        VALUE_OF_INT(0),
        VALUE_OF_INT(0),
        VALUE_OF_INT(rows_now_us(rows)),
        VALUE_OF_INT((int64_t)alert->kind),
        VALUE_OF_INT(alert->table),
        VALUE_OF_TEXT(span_of_buffer(&text)),
        VALUE_OF_INT(alert->verdict),
    };
    return rows_insert_numbered(rows, &alert_table, values, ALERTS_MAX);
}

/* An alert must be written whatever is wrong with the incident of the day: a draft that does not
 * verify has an alert of its own. The alert's key is new by construction (batch and number). */
static Status without_draft(Status s)
{
    const bool again = status_is(s, REFUSED_ROW_NOT_GATHERED) || status_is(s, REFUSED_BATCH_FULL);
    return status_broken(s) || again ? s : OK;
}

static Status alert_gather(Unit *unit, Rows *rows)
{
    const AlertAdd *work = (const AlertAdd *)unit;
    if (!incident_draft_wanted(&work->alert)) return OK;
    return without_draft(incident_draft_gather(rows, &work->alert));
}

static Status alert_run(Unit *unit, Rows *rows)
{
    const AlertAdd *work = (const AlertAdd *)unit;
    TRY(alert_append(rows, &work->alert));
    if (incident_draft_wanted(&work->alert))
        TRY(without_draft(incident_draft_note(rows, &work->alert)));
    if (work->event.size == 0) return OK;
    return rows_event(rows, work->event);
}

void alert_add_unit(AlertAdd *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = alert_gather, .run = alert_run, .done = done };
}
