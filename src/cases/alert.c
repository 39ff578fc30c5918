#include "cases/alert.h"

#include "base/encoding.h"

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

/* WITHOUT ROWID is the one word of SQLite's own: it saves a second tree beside the key's. */
static const Migration cases_migrations[] = {
    { 1,
            "CREATE TABLE alert("
            "in_batch BIGINT NOT NULL, number BIGINT NOT NULL, raised BIGINT NOT NULL,"
            "kind BIGINT NOT NULL, about_table BIGINT NOT NULL, about_key TEXT NOT NULL,"
            "verdict BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(in_batch, number)) WITHOUT ROWID" },
};

static const Table *const cases_tables[] = { &alert_table };

const StoreSchema cases_schema = { "cases", cases_migrations, 1, cases_tables, 1 };

Alert alert_of(AlertKind kind, uint16_t table, Span key, Status verdict)
{
    Alert alert = { .kind = kind, .table = table, .verdict = verdict.code };
    alert.key_size = key.size < ALERT_KEY_BYTES_MAX ? key.size : ALERT_KEY_BYTES_MAX;
    if (alert.key_size > 0) memcpy(alert.key, key.data, alert.key_size);
    return alert;
}

/* Not rows_next_number(): those are the postings' own, which vaultd wants without a gap. Alerts are
 * few: the first number that is free in this batch. */
static Status insert_numbered(Rows *rows, Value *values)
{
    for (int64_t number = 1; number <= ALERTS_MAX; number++) {
        values[COLUMN_AT(ALERT_NUMBER)] = VALUE_OF_INT(number);
        const Status s = rows_insert(rows, &alert_table, values);
        if (!status_is(s, REFUSED_ROW_EXISTS)) return s;
    }
    return REFUSE(REFUSED_BATCH_FULL);
}

Status alert_append(Rows *rows, const Alert *alert)
{
    uint8_t memory[ALERT_KEY_TEXT_MAX];
    Buffer text = BUFFER_OF(memory);
    TRY(hex_encode((Span) { alert->key, alert->key_size }, &text));

    Value values[] = {
        VALUE_OF_INT(rows_batch(rows)),
        VALUE_OF_INT(0),
        VALUE_OF_INT(rows_now_us(rows)),
        VALUE_OF_INT((int64_t)alert->kind),
        VALUE_OF_INT(alert->table),
        VALUE_OF_TEXT(span_of_buffer(&text)),
        VALUE_OF_INT(alert->verdict),
    };
    return insert_numbered(rows, values);
}

/* Its key is new by construction (batch and number), so there is nothing to gather. */
static Status alert_gather(Unit *unit, Rows *rows) { return OK; }

static Status alert_run(Unit *unit, Rows *rows)
{
    const AlertAdd *work = (const AlertAdd *)unit;
    TRY(alert_append(rows, &work->alert));
    if (work->event.size == 0) return OK;
    return rows_event(rows, work->event);
}

void alert_add_unit(AlertAdd *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = alert_gather, .run = alert_run, .done = done };
}
