/* notification: the rows, and the units that move them. */
#include "payment/notification.h"

#include "base/time.h"
#include "payment/payment_rows.h"
#include "payment/refund_rows.h"

#include <stdio.h>

#define PUBLIC(id, name, type, nullable)                            \
    {                                                               \
        id, name, type, nullable, CLASS_PUBLIC, LEVEL_C1, "payment" \
    }
static const Column columns[] = {
    PUBLIC(NOTIFICATION_ID, "id", VALUE_TEXT, false),
    PUBLIC(NOTIFICATION_MCHID, "mchid", VALUE_TEXT, false),
    PUBLIC(NOTIFICATION_OUT_TRADE_NO, "out_trade_no", VALUE_TEXT, false),
    PUBLIC(NOTIFICATION_OUT_REFUND_NO, "out_refund_no", VALUE_TEXT, true),
    PUBLIC(NOTIFICATION_SEQUENCE, "sequence", VALUE_INT, false),
    PUBLIC(NOTIFICATION_STATE, "state", VALUE_INT, false),
    PUBLIC(NOTIFICATION_ATTEMPTS, "attempts", VALUE_INT, false),
    PUBLIC(NOTIFICATION_DUE, "due", VALUE_INT, false),
    PUBLIC(NOTIFICATION_CREATED, "created", VALUE_INT, false),
    PUBLIC(NOTIFICATION_ENDED, "ended", VALUE_INT, true),
    PUBLIC(NOTIFICATION_RESULT, "result", VALUE_INT, false),
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table notification_table = {
    TABLE_NOTIFICATION,
    .schema = 1,
    .name = "notification",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = columns,
};

/* --- the schedule --- */

NotificationSchedule notification_schedule_default(void)
{
    static const int64_t waits_s[] = { 15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800,
        10800, 10800, 21600, 21600 };
    NotificationSchedule schedule = { .count = sizeof(waits_s) / sizeof(waits_s[0]) };
    for (size_t i = 0; i < schedule.count; i++)
        schedule.waits_us[i] = waits_s[i] * TIME_SECOND_US;
    return schedule;
}

/* --- rows --- */

static Status get(Rows *rows, const char *id, const Row **ret_row)
{
    return rows_get(rows, &notification_table, &VALUE_OF_TEXT(span_of_text(id)), ret_row);
}

static int64_t number_at(const Row *row, enum NotificationColumn column)
{
    const Value *value = &row->values[COLUMN_AT(column)];
    return value->type == VALUE_INT ? value->integer : 0;
}

static Status of_row(const Row *row, Notification *ret)
{
    const Value *v = row->values;
    *ret = (Notification) { .sequence = number_at(row, NOTIFICATION_SEQUENCE),
        .state = (NotificationState)number_at(row, NOTIFICATION_STATE),
        .attempts = number_at(row, NOTIFICATION_ATTEMPTS),
        .due_us = number_at(row, NOTIFICATION_DUE),
        .created_us = number_at(row, NOTIFICATION_CREATED),
        .ended_us = number_at(row, NOTIFICATION_ENDED),
        .result = (int32_t)number_at(row, NOTIFICATION_RESULT) };
#define TAKE_TEXT(column, place) \
    TRY(value_copy_text(&v[COLUMN_AT(column)], ret->place, sizeof(ret->place)))
    TAKE_TEXT(NOTIFICATION_ID, id);
    TAKE_TEXT(NOTIFICATION_MCHID, mchid);
    TAKE_TEXT(NOTIFICATION_OUT_TRADE_NO, out_trade_no);
    TAKE_TEXT(NOTIFICATION_OUT_REFUND_NO, out_refund_no);
#undef TAKE_TEXT
    return OK;
}

static void to_values(const Notification *n, Value values[COLUMNS])
{
    const Value all[COLUMNS] = {
        [COLUMN_AT(NOTIFICATION_ID)] = VALUE_OF_TEXT(span_of_text(n->id)),
        [COLUMN_AT(NOTIFICATION_MCHID)] = VALUE_OF_TEXT(span_of_text(n->mchid)),
        [COLUMN_AT(NOTIFICATION_OUT_TRADE_NO)] = VALUE_OF_TEXT(span_of_text(n->out_trade_no)),
        [COLUMN_AT(NOTIFICATION_OUT_REFUND_NO)] = value_of_optional_text(n->out_refund_no),
        [COLUMN_AT(NOTIFICATION_SEQUENCE)] = VALUE_OF_INT(n->sequence),
        [COLUMN_AT(NOTIFICATION_STATE)] = VALUE_OF_INT((int64_t)n->state),
        [COLUMN_AT(NOTIFICATION_ATTEMPTS)] = VALUE_OF_INT(n->attempts),
        [COLUMN_AT(NOTIFICATION_DUE)] = VALUE_OF_INT(n->due_us),
        [COLUMN_AT(NOTIFICATION_CREATED)] = VALUE_OF_INT(n->created_us),
        [COLUMN_AT(NOTIFICATION_RESULT)] = VALUE_OF_INT(n->result),
    };
    memcpy(values, all, sizeof(all));
    if (n->ended_us != 0) values[COLUMN_AT(NOTIFICATION_ENDED)] = VALUE_OF_INT(n->ended_us);
}

static Status insert(Rows *rows, Notification *n, const char *cause)
{
    Value values[COLUMNS];
    snprintf(n->id, sizeof(n->id), "EV-%s", cause);
    n->state = NOTIFICATION_WAITING;
    n->created_us = rows_now_us(rows);
    n->due_us = n->created_us;
    to_values(n, values);
    return rows_insert(rows, &notification_table, values);
}

Status notification_of_payment(Rows *rows, const Payment *payment)
{
    Notification n = { 0 };
    if (payment->notify_url[0] == 0) return OK;
    memcpy(n.mchid, payment->mchid, sizeof(n.mchid));
    memcpy(n.out_trade_no, payment->out_trade_no, sizeof(n.out_trade_no));
    return insert(rows, &n, payment->transaction_id);
}

Status notification_of_refund(Rows *rows, const Refund *refund, int64_t sequence)
{
    Notification n = { .sequence = sequence };
    if (refund->notify_url[0] == 0) return OK;
    memcpy(n.mchid, refund->mchid, sizeof(n.mchid));
    memcpy(n.out_trade_no, refund->out_trade_no, sizeof(n.out_trade_no));
    memcpy(n.out_refund_no, refund->number, sizeof(n.out_refund_no));
    return insert(rows, &n, refund->refund_id);
}

static Status update(Rows *rows, const Notification *n)
{
    Value values[COLUMNS];
    to_values(n, values);
    return rows_update(rows, &notification_table, values);
}

/* --- read --- */

static Status read_rows(NotificationRead *work, Rows *rows, const Row **ret_payment,
        const Row **ret_refund, const Row **ret_row)
{
    Notification *n = &work->notification;
    *ret_payment = *ret_refund = NULL;
    TRY(get(rows, work->id, ret_row));
    if (*ret_row == NULL) return OK;
    TRY(of_row(*ret_row, n));
    TRY(payment_row(rows, n->mchid, n->out_trade_no, ret_payment));
    if (n->out_refund_no[0] == 0) return OK;
    return refund_row(rows, n->mchid, n->out_refund_no, ret_refund);
}

static Status read_gather(Unit *unit, Rows *rows)
{
    const Row *ignored[3];
    return read_rows((NotificationRead *)unit, rows, &ignored[0], &ignored[1], &ignored[2]);
}

static Status read_run(Unit *unit, Rows *rows)
{
    NotificationRead *work = (NotificationRead *)unit;
    const Row *row = NULL;
    const Row *payment = NULL;
    const Row *refund = NULL;
    work->known = false;
    TRY(get(rows, work->id, &row));
    REQUIRE(row != NULL, REFUSED_NOTIFICATION_UNKNOWN);
    work->known = true;
    TRY(read_rows(work, rows, &payment, &refund, &row));
    REQUIRE(payment != NULL, REFUSED_ORDER_NOT_EXIST);
    TRY(payment_of_row(payment, &work->payment));
    if (work->notification.out_refund_no[0] == 0) return OK;
    REQUIRE(refund != NULL, REFUSED_REFUND_UNKNOWN);
    return refund_of_row(refund, &work->refund);
}

void notification_read_unit(NotificationRead *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = read_gather, .run = read_run, .done = done };
}

/* --- settle --- */

static Status tell(Rows *rows, const char *role, const char *actor, const Notification *n, Status s)
{
    char detail[64];
    snprintf(detail, sizeof(detail), "%s after %lld",
            n->state == NOTIFICATION_DEAD ? "given up" : "begun anew", (long long)n->attempts);
    const Record record = { .kind = AUDIT_NOTIFICATION,
        .role = role,
        .actor = actor,
        .mchid = n->mchid,
        .subject = n->id,
        .detail = detail };
    return record_end(rows, &record, s);
}

static Status settle_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return get(rows, ((const NotificationSettle *)unit)->id, &row);
}

static void end(Notification *n, NotificationState state, int64_t now_us)
{
    n->state = state;
    n->ended_us = now_us;
}

static Status settle_run(Unit *unit, Rows *rows)
{
    NotificationSettle *work = (NotificationSettle *)unit;
    Notification *n = &work->notification;
    const int64_t now_us = rows_now_us(rows);
    const Row *row = NULL;
    TRY(get(rows, work->id, &row));
    REQUIRE(row != NULL, REFUSED_NOTIFICATION_UNKNOWN);
    TRY(of_row(row, n));
    work->changed = n->state == NOTIFICATION_WAITING && n->attempts == work->attempts;
    if (!work->changed) return OK;
    n->result = work->result;
    if (work->result == 0) {
        end(n, NOTIFICATION_DELIVERED, now_us);
        return update(rows, n);
    }
    if ((size_t)n->attempts < work->schedule.count) {
        n->due_us = now_us + work->schedule.waits_us[n->attempts++];
        return update(rows, n);
    }
    n->attempts++;
    end(n, NOTIFICATION_DEAD, now_us);
    return tell(rows, "timer", "", n, update(rows, n));
}

void notification_settle_unit(NotificationSettle *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = settle_gather, .run = settle_run, .done = done };
}

/* --- resend --- */

static Status resend_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return get(rows, ((const NotificationResend *)unit)->id, &row);
}

static Status begin_anew(NotificationResend *work, Rows *rows)
{
    Notification *n = &work->notification;
    const Row *row = NULL;
    TRY(get(rows, work->id, &row));
    REQUIRE(row != NULL, REFUSED_NOTIFICATION_UNKNOWN);
    TRY(of_row(row, n));
    REQUIRE(n->state != NOTIFICATION_WAITING, REFUSED_NOTIFICATION_WAITING);
    n->state = NOTIFICATION_WAITING;
    n->attempts = 0;
    n->due_us = rows_now_us(rows);
    n->ended_us = 0;
    return update(rows, n);
}

static Status resend_run(Unit *unit, Rows *rows)
{
    NotificationResend *work = (NotificationResend *)unit;
    memcpy(work->notification.id, work->id, sizeof(work->notification.id));
    const Status s = begin_anew(work, rows);
    return tell(rows, "operator", work->actor, &work->notification, s);
}

void notification_resend_unit(NotificationResend *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = resend_gather, .run = resend_run, .done = done };
}
