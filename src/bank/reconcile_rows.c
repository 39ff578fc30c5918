#include "bank/reconcile_rows.h"

#include "audit/event.h"
#include "bank/channel_rows.h"
#include "base/encoding.h"
#include "base/time.h"
#include "cases/alert.h"
#include "policy/detect.h"

#define COLUMN(id, name, type, nullable, class, level) \
    {                                                  \
        id, name, type, nullable, class, level, "bank" \
    }
static const Column columns[] = {
    COLUMN(CHANNEL_DIFFERENCE_DAY, "day", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_DIFFERENCE_NUMBER, "number", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_DIFFERENCE_VERDICT, "verdict", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_DIFFERENCE_OURS, "ours_minor", VALUE_INT, true, CLASS_FINANCIAL, LEVEL_C2),
    COLUMN(CHANNEL_DIFFERENCE_THEIRS, "theirs_minor", VALUE_INT, true, CLASS_FINANCIAL, LEVEL_C2),
    COLUMN(CHANNEL_DIFFERENCE_FILE, "file_digest", VALUE_BYTES, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_DIFFERENCE_FOUND, "found", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_DIFFERENCE_ENDED, "ended", VALUE_INT, true, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_DIFFERENCE_BY, "ended_by", VALUE_TEXT, true, CLASS_IDENTITY, LEVEL_C2),
    COLUMN(CHANNEL_DIFFERENCE_REASON, "reason", VALUE_TEXT, true, CLASS_FREE_TEXT, LEVEL_C2),
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table channel_difference_table = {
    TABLE_CHANNEL_DIFFERENCE,
    .schema = 1,
    .name = "channel_difference",
    .append_only = false,
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = columns,
};

static Status difference_row(Rows *rows, int32_t day, const char *number, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_INT(day), VALUE_OF_TEXT(span_of_text(number)) };
    return rows_get(rows, &channel_difference_table, key, ret_row);
}

static Status tell(Rows *rows, const char *actor, Span subject, Span detail, Status s)
{
    uint8_t memory[AUDIT_ACTOR_BYTES_MAX];
    Buffer who = BUFFER_OF(memory);
    if (status_broken(s) || status_is(s, REFUSED_ROW_NOT_GATHERED)
            || status_is(s, REFUSED_BATCH_FULL))
        return s;
    TRY(buffer_print(&who, "%s%s", actor[0] == 0 ? "channel" : "operator/", actor));
    const AuditEvent event = { .kind = AUDIT_CHANNEL_RECONCILE,
        .outcome = s.code,
        .actor = span_of_buffer(&who),
        .subject = subject,
        .detail = detail };
    TRY(audit_event_tell(rows, &event));
    return s;
}

/* --- a difference --- */

static Status differ_gather(Unit *unit, Rows *rows)
{
    const ReconcileDiffer *work = (const ReconcileDiffer *)unit;
    const Row *row = NULL;
    TRY(channel_row(rows, work->number, &row));
    return difference_row(rows, work->day, work->number, &row);
}

/* A line of the bank's that is not among the orders of its days: of long ago, perhaps. What ended
 * here about that day is it; what had ended before was done again. */
static ReconcileJudgement judge_line(ReconcileDiffer *work, const ChannelOrder *order)
{
    const int64_t days = time_business_day(order->ended_us) - work->day;
    if (order->state == CHANNEL_FAILED) return RECONCILE_DIFFERS;
    if (order->state != CHANNEL_SUCCESS) return RECONCILE_OPEN;
    if (order->money.minor != work->theirs_minor || order->kind != work->theirs_kind) {
        work->verdict = REFUSED_BANK_AMOUNT_DIFFERS;
        return RECONCILE_DIFFERS;
    }
    if (days >= -1 && days <= 1) return RECONCILE_MATCHES;
    work->verdict = REFUSED_BANK_TWICE_THERE;
    return RECONCILE_DIFFERS;
}

static ReconcileJudgement judge(ReconcileDiffer *work, const Row *row, const ChannelOrder *order)
{
    const bool done = row != NULL && order->state == CHANNEL_SUCCESS;
    switch (work->verdict) {
    case REFUSED_BANK_MISSING_HERE:
        return row == NULL ? RECONCILE_DIFFERS : judge_line(work, order);
    case REFUSED_BANK_MISSING_THERE: return done ? RECONCILE_DIFFERS : RECONCILE_OPEN;
    default: return RECONCILE_DIFFERS;
    }
}

static Status differ_insert(ReconcileDiffer *work, Rows *rows, const Row *row, int64_t ours)
{
    const Value values[COLUMNS] = { VALUE_OF_INT(work->day),
        VALUE_OF_TEXT(span_of_text(work->number)), VALUE_OF_INT((int64_t)work->verdict),
        row == NULL ? VALUE_OF_NULL : VALUE_OF_INT(ours),
        work->theirs_minor < 0 ? VALUE_OF_NULL : VALUE_OF_INT(work->theirs_minor),
        VALUE_OF_BYTES(SPAN_OF(work->file)), VALUE_OF_INT(rows_now_us(rows)), VALUE_OF_NULL,
        VALUE_OF_NULL, VALUE_OF_NULL };
    TRY(rows_insert(rows, &channel_difference_table, values));
    const Alert alert = alert_of(ALERT_BANK, TABLE_CHANNEL_DIFFERENCE, span_of_text(work->number),
            REFUSE(work->verdict));
    TRY(alert_append(rows, &alert));
    return tell(rows, "", span_of_text(work->number), SPAN("difference"), REFUSE(work->verdict));
}

static Status differ_run(Unit *unit, Rows *rows)
{
    ReconcileDiffer *work = (ReconcileDiffer *)unit;
    const Row *row = NULL;
    const Row *before = NULL;
    ChannelOrder order = { 0 };
    TRY(channel_row(rows, work->number, &row));
    TRY(difference_row(rows, work->day, work->number, &before));
    if (row != NULL) TRY(channel_of_row(row, &order));
    work->known = before != NULL;
    work->judgement = judge(work, row, &order);
    if (work->known || work->judgement != RECONCILE_DIFFERS) return OK;
    const Status told = differ_insert(work, rows, row, order.money.minor);
    return status_is(told, work->verdict) ? OK : told; /* the event's outcome is no refusal */
}

void reconcile_differ_unit(ReconcileDiffer *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = differ_gather, .run = differ_run, .done = done };
}

/* --- a day --- */

static Status nothing(Unit *unit, Rows *rows) { return OK; }

static Status tell_run(Unit *unit, Rows *rows)
{
    const ReconcileTell *work = (const ReconcileTell *)unit;
    const Reconciled *r = work->reconciled;
    uint8_t memory[AUDIT_DETAIL_BYTES_MAX];
    Buffer detail = BUFFER_OF(memory);
    char date[9];
    time_business_day_text(work->ask->day, date);
    TRY(buffer_print(&detail, "matched %zu open %zu differences %zu file ", r->matched, r->open,
            r->differences));
    TRY(hex_encode(SPAN_OF(work->file), &detail));
    return tell(rows, work->ask->actor, span_of_text(date), span_of_buffer(&detail), OK);
}

void reconcile_tell_unit(ReconcileTell *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = nothing, .run = tell_run, .done = done };
}

/* --- explained --- */

static Status explain_gather(Unit *unit, Rows *rows)
{
    const ReconcileExplain *work = (const ReconcileExplain *)unit;
    const Row *row = NULL;
    return difference_row(rows, work->day, work->number, &row);
}

static Status explain_decide(const ReconcileExplain *work, Rows *rows)
{
    const Row *row = NULL;
    Value values[COLUMNS];
    const Span reason = span_of_text(work->reason_text);
    TRY(difference_row(rows, work->day, work->number, &row));
    REQUIRE(row != NULL, REFUSED_BANK_ORDER_UNKNOWN);
    REQUIRE(reason.size > 0 && span_is_utf8(reason), REFUSED_BANK_FIELD);
    TRY(detect_free_text(reason));
    memcpy(values, row->values, sizeof(values));
    REQUIRE(values[COLUMN_AT(CHANNEL_DIFFERENCE_ENDED)].type == VALUE_NULL, REFUSED_BANK_STATE);
    values[COLUMN_AT(CHANNEL_DIFFERENCE_ENDED)] = VALUE_OF_INT(rows_now_us(rows));
    values[COLUMN_AT(CHANNEL_DIFFERENCE_BY)] = VALUE_OF_TEXT(span_of_text(work->actor));
    values[COLUMN_AT(CHANNEL_DIFFERENCE_REASON)] = VALUE_OF_TEXT(reason);
    return rows_update(rows, &channel_difference_table, values);
}

static Status explain_run(Unit *unit, Rows *rows)
{
    const ReconcileExplain *work = (const ReconcileExplain *)unit;
    const Status s = explain_decide(work, rows);
    return tell(rows, work->actor, span_of_text(work->number), SPAN("explained"), s);
}

void reconcile_explain_unit(ReconcileExplain *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = explain_gather, .run = explain_run, .done = done };
}

/* --- plain read --- */

typedef struct DifferenceList {
    Difference *list;
    size_t count;
} DifferenceList;

static int64_t minor_or_none(const Value *value)
{
    return value->type == VALUE_INT ? value->integer : -1;
}

static Status take_difference(void *context, const Value *values, size_t count)
{
    DifferenceList *found = context;
    CHECK(count == 6, FAULT_STORE);
    if (found->count == RECONCILE_FOUND_MAX) return OK;
    Difference *d = &found->list[found->count];
    *d = (Difference) { .day = (int32_t)values[0].integer,
        .verdict = (int32_t)values[2].integer,
        .ours_minor = minor_or_none(&values[3]),
        .theirs_minor = minor_or_none(&values[4]),
        .ended = values[5].type == VALUE_INT };
    if (status_ok(value_copy_text(&values[1], d->number, sizeof(d->number)))) found->count++;
    return OK;
}

Status reconcile_list(
        Store *store, bool open, Difference ret_list[RECONCILE_FOUND_MAX], size_t *ret_count)
{
    static const char sql[] =
            "SELECT day, number, verdict, ours_minor, theirs_minor, ended FROM channel_difference"
            " WHERE ended IS NULL OR ?2 = 0 ORDER BY day DESC, number LIMIT ?1";
    const Value parameters[] = { VALUE_OF_INT(RECONCILE_FOUND_MAX), VALUE_OF_INT(open ? 1 : 0) };
    DifferenceList found = { ret_list, 0 };
    TRY(store_query(store, sql, parameters, 2, take_difference, &found));
    *ret_count = found.count;
    return OK;
}
