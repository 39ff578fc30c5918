#include "report/kept.h"

#include "base/encoding.h"
#include "base/time.h"
#include "report/review.h"

enum { REPORTS_IN_BATCH_MAX = 64 };

#define COLUMN(id, name, type)                                              \
    {                                                                       \
        (id), (name), VALUE_##type, false, CLASS_PUBLIC, LEVEL_C1, "report" \
    }

static const Column columns[] = {
    COLUMN(AUDIT_REPORT_BATCH, "in_batch", INT),
    COLUMN(AUDIT_REPORT_NUMBER, "number", INT),
    COLUMN(AUDIT_REPORT_ID, "id", TEXT),
    COLUMN(AUDIT_REPORT_KIND, "kind", INT),
    COLUMN(AUDIT_REPORT_FROM, "period_from", INT),
    COLUMN(AUDIT_REPORT_TO, "period_to", INT),
    COLUMN(AUDIT_REPORT_MADE, "made", INT),
    COLUMN(AUDIT_REPORT_LEAVES, "leaves", INT),
    COLUMN(AUDIT_REPORT_NOTE, "note_digest", BYTES),
    { AUDIT_REPORT_BY, "made_by", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "report" },
};

const Table audit_report_table = { TABLE_AUDIT_REPORT, .schema = 1, .name = "audit_report",
    .append_only = true, .key_columns = 2, .column_count = sizeof(columns) / sizeof(columns[0]),
    .columns = columns };

static const Migration migrations[] = {
    { 1,
            "CREATE TABLE audit_report("
            "in_batch BIGINT NOT NULL, number BIGINT NOT NULL,"
            "id TEXT UNIQUE NOT NULL, kind BIGINT NOT NULL, period_from BIGINT NOT NULL,"
            "period_to BIGINT NOT NULL, made BIGINT NOT NULL, leaves BIGINT NOT NULL,"
            "note_digest BYTEA NOT NULL, made_by TEXT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(in_batch, number)) WITHOUT ROWID" },
    { 2,
            "CREATE TABLE audit_review("
            "in_batch BIGINT NOT NULL, number BIGINT NOT NULL, done BIGINT NOT NULL,"
            "report TEXT NOT NULL, note_digest BYTEA NOT NULL, first_reader TEXT NOT NULL,"
            "second_reader TEXT NOT NULL, said TEXT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(in_batch, number)) WITHOUT ROWID" },
};
static const Table *const tables[] = { &audit_report_table, &audit_review_table };
const StoreSchema report_schema = { "report", migrations, 2, tables, 2 };

/* --- keeping one --- */

static const Lookup by_id = { &audit_report_table, 1, { AUDIT_REPORT_ID } };

static Status find(const ReportKeep *work, Rows *rows, const Row **ret_row)
{
    const Value id = VALUE_OF_TEXT(span_of_text(work->report.id));
    return rows_find(rows, &by_id, &id, 1, ret_row);
}

static Status keep_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return find((const ReportKeep *)unit, rows, &row);
}

static Status write_row(const KeptReport *r, Rows *rows)
{
    Value values[] = { VALUE_OF_INT(0), VALUE_OF_INT(0), VALUE_OF_TEXT(span_of_text(r->id)),
        VALUE_OF_INT((int64_t)r->kind), VALUE_OF_INT(r->from_us), VALUE_OF_INT(r->to_us),
        VALUE_OF_INT(r->made_us), VALUE_OF_INT(r->leaves), VALUE_OF_BYTES(SPAN_OF(r->note_digest)),
        VALUE_OF_TEXT(span_of_text(r->by)) };
    return rows_insert_numbered(rows, &audit_report_table, values, REPORTS_IN_BATCH_MAX);
}

static Status write_event(const KeptReport *r, Rows *rows, Status outcome)
{
    uint8_t detail_memory[AUDIT_DETAIL_BYTES_MAX];
    Buffer detail = BUFFER_OF(detail_memory);
    TRY(buffer_put(&detail, SPAN("note sha256 ")));
    TRY(hex_encode(SPAN_OF(r->note_digest), &detail));
    const AuditEvent event = { .kind = AUDIT_REPORT_KEPT,
        .outcome = outcome.code,
        .actor = span_of_text(r->by),
        .subject = span_of_text(r->id),
        .detail = span_of_buffer(&detail) };
    return audit_event_tell(rows, &event);
}

static Status keep_run(Unit *unit, Rows *rows)
{
    const ReportKeep *work = (const ReportKeep *)unit;
    const Row *there = NULL;
    TRY(find(work, rows, &there));
    const Status s = there != NULL ? REFUSE(REFUSED_ROW_EXISTS) : write_row(&work->report, rows);
    if (status_broken(s) || status_is(s, REFUSED_ROW_NOT_GATHERED)) return s;
    TRY(write_event(&work->report, rows, s));
    return s;
}

void report_keep_unit(ReportKeep *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = keep_gather, .run = keep_run, .done = done };
}

/* --- the reminder --- */

const ReportClock report_clock_default = { 152 * TIME_DAY_US, 183 * TIME_DAY_US };

ReportDue report_due(const ReportClock *clock, int64_t since_us, int64_t now_us)
{
    if (since_us == 0 || now_us < since_us) return REPORT_IN_TIME;
    const int64_t age_us = now_us - since_us;
    if (age_us >= clock->alert_us) return REPORT_LATE;
    return age_us >= clock->warn_us ? REPORT_DUE_SOON : REPORT_IN_TIME;
}

static Status take_number(void *context, const Value *values, size_t count)
{
    *(int64_t *)context = values[0].type == VALUE_INT ? values[0].integer : 0;
    return OK;
}

Status report_state(Store *store, const ReportClock *clock, int64_t now_us, ReportState *ret_state)
{
    ReportState state = { 0 };
    const Value kind = VALUE_OF_INT(REPORT_AUDIT);
    TRY(store_query(store, "SELECT max(made) FROM audit_report WHERE kind = ?1", &kind, 1,
            take_number, &state.last_us));
    state.since_us = state.last_us;
    if (state.since_us == 0)
        TRY(store_query(store, "SELECT time_us FROM audit_leaf WHERE batch = 0", NULL, 0,
                take_number, &state.since_us));
    if (state.since_us != 0) state.due_us = state.since_us + clock->alert_us;
    state.due = report_due(clock, state.since_us, now_us);
    *ret_state = state;
    return OK;
}

const char *report_due_name(ReportDue due)
{
    switch (due) {
    case REPORT_IN_TIME: return "in time";
    case REPORT_DUE_SOON: return "due soon";
    case REPORT_LATE: return "late";
    }
    return "?";
}
