/* refund_rows: refunds and their sums as sealed rows, and the one step that writes them. */
#include "payment/refund_rows.h"

#include "payment/fee.h"
#include "payment/notification.h"
#include "payment/payment_rows.h"

#define PUBLIC(id, name, type, nullable)                            \
    {                                                               \
        id, name, type, nullable, CLASS_PUBLIC, LEVEL_C1, "payment" \
    }
#define MONEY(id, name)                                                  \
    {                                                                    \
        id, name, VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "payment" \
    }
#define PERSON(id, name)                                                \
    {                                                                   \
        id, name, VALUE_INT, false, CLASS_IDENTITY, LEVEL_C2, "payment" \
    }

static const Column refund_columns[] = {
    PUBLIC(REFUND_MCHID, "mchid", VALUE_TEXT, false),
    PUBLIC(REFUND_NUMBER, "out_refund_no", VALUE_TEXT, false),
    PUBLIC(REFUND_ID, "refund_id", VALUE_TEXT, false),
    PUBLIC(REFUND_OUT_TRADE_NO, "out_trade_no", VALUE_TEXT, false),
    PUBLIC(REFUND_TRANSACTION_ID, "transaction_id", VALUE_TEXT, false),
    PUBLIC(REFUND_STATE, "state", VALUE_INT, false),
    MONEY(REFUND_MINOR, "minor"),
    MONEY(REFUND_TOTAL, "total"),
    PUBLIC(REFUND_CURRENCY, "currency", VALUE_INT, false),
    PERSON(REFUND_PAYER_ACCOUNT, "payer_account"),
    PERSON(REFUND_PAYEE_ACCOUNT, "payee_account"),
    { REFUND_REASON, "reason", VALUE_TEXT, true, CLASS_FREE_TEXT, LEVEL_C2, "payment" },
    PUBLIC(REFUND_NOTIFY_URL, "notify_url", VALUE_TEXT, true),
    PUBLIC(REFUND_CREATED, "created", VALUE_INT, false),
    PUBLIC(REFUND_SUCCESS_TIME, "success_time", VALUE_INT, true),
};

static const Column refunded_columns[] = {
    PUBLIC(REFUNDED_MCHID, "mchid", VALUE_TEXT, false),
    PUBLIC(REFUNDED_OUT_TRADE_NO, "out_trade_no", VALUE_TEXT, false),
    PUBLIC(REFUNDED_TRANSACTION_ID, "transaction_id", VALUE_TEXT, false),
    MONEY(REFUNDED_TOTAL, "total"),
    PUBLIC(REFUNDED_CURRENCY, "currency", VALUE_INT, false),
    PERSON(REFUNDED_PAYER_ACCOUNT, "payer_account"),
    PERSON(REFUNDED_PAYEE_ACCOUNT, "payee_account"),
    MONEY(REFUNDED_MINOR, "minor"),
    PUBLIC(REFUNDED_COUNT, "refunds", VALUE_INT, false),
};

enum {
    REFUND_COLUMNS = sizeof(refund_columns) / sizeof(refund_columns[0]),
    REFUNDED_COLUMNS = sizeof(refunded_columns) / sizeof(refunded_columns[0]),
};

const Table refund_table = {
    TABLE_REFUND,
    .schema = 1,
    .name = "refund",
    .append_only = false,
    .key_columns = 2,
    .column_count = REFUND_COLUMNS,
    .columns = refund_columns,
};

const Table refunded_table = {
    TABLE_REFUNDED,
    .schema = 1,
    .name = "refunded",
    .append_only = false,
    .key_columns = 2,
    .column_count = REFUNDED_COLUMNS,
    .columns = refunded_columns,
};

/* --- refund --- */

Status refund_row(Rows *rows, const char *mchid, const char *number, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(mchid)), VALUE_OF_TEXT(span_of_text(number)) };
    return rows_get(rows, &refund_table, key, ret_row);
}

Status refund_row_by_id(Rows *rows, const char *refund_id, const Row **ret_row)
{
    static const Lookup by_refund_id = { &refund_table, 1, { REFUND_ID } };
    const Row *row = NULL;
    const Value wanted = VALUE_OF_TEXT(span_of_text(refund_id));
    TRY(rows_find(rows, &by_refund_id, &wanted, 1, &row));
    /* An index is not sealed, the row is. */
    const bool same = row != NULL && value_equal(&row->values[COLUMN_AT(REFUND_ID)], &wanted);
    *ret_row = same ? row : NULL;
    return OK;
}

static Status take_texts(const Value *v, Refund *r)
{
#define TAKE_TEXT(column, place) \
    TRY(value_copy_text(&v[COLUMN_AT(column)], r->place, sizeof(r->place)))
    TAKE_TEXT(REFUND_MCHID, mchid);
    TAKE_TEXT(REFUND_NUMBER, number);
    TAKE_TEXT(REFUND_ID, refund_id);
    TAKE_TEXT(REFUND_OUT_TRADE_NO, out_trade_no);
    TAKE_TEXT(REFUND_TRANSACTION_ID, transaction_id);
    TAKE_TEXT(REFUND_REASON, reason);
    TAKE_TEXT(REFUND_NOTIFY_URL, notify_url);
#undef TAKE_TEXT
    return OK;
}

Status refund_of_row(const Row *row, Refund *ret)
{
    const Value *v = row->values;
    const Value *success = &v[COLUMN_AT(REFUND_SUCCESS_TIME)];
    TRY(take_texts(v, ret));
    ret->state = (RefundState)v[COLUMN_AT(REFUND_STATE)].integer;
    ret->money.minor = v[COLUMN_AT(REFUND_MINOR)].integer;
    ret->money.currency = (Currency)v[COLUMN_AT(REFUND_CURRENCY)].integer;
    ret->total_minor = v[COLUMN_AT(REFUND_TOTAL)].integer;
    ret->payer_account = v[COLUMN_AT(REFUND_PAYER_ACCOUNT)].integer;
    ret->payee_account = v[COLUMN_AT(REFUND_PAYEE_ACCOUNT)].integer;
    ret->created_us = v[COLUMN_AT(REFUND_CREATED)].integer;
    ret->success_time_us = success->type == VALUE_INT ? success->integer : 0;
    return OK;
}

static Status refund_insert(Rows *rows, const Refund *r)
{
    const Value values[REFUND_COLUMNS] = {
        [COLUMN_AT(REFUND_MCHID)] = VALUE_OF_TEXT(span_of_text(r->mchid)),
        [COLUMN_AT(REFUND_NUMBER)] = VALUE_OF_TEXT(span_of_text(r->number)),
        [COLUMN_AT(REFUND_ID)] = VALUE_OF_TEXT(span_of_text(r->refund_id)),
        [COLUMN_AT(REFUND_OUT_TRADE_NO)] = VALUE_OF_TEXT(span_of_text(r->out_trade_no)),
        [COLUMN_AT(REFUND_TRANSACTION_ID)] = VALUE_OF_TEXT(span_of_text(r->transaction_id)),
        [COLUMN_AT(REFUND_STATE)] = VALUE_OF_INT((int64_t)r->state),
        [COLUMN_AT(REFUND_MINOR)] = VALUE_OF_INT(r->money.minor),
        [COLUMN_AT(REFUND_TOTAL)] = VALUE_OF_INT(r->total_minor),
        [COLUMN_AT(REFUND_CURRENCY)] = VALUE_OF_INT((int64_t)r->money.currency),
        [COLUMN_AT(REFUND_PAYER_ACCOUNT)] = VALUE_OF_INT(r->payer_account),
        [COLUMN_AT(REFUND_PAYEE_ACCOUNT)] = VALUE_OF_INT(r->payee_account),
        [COLUMN_AT(REFUND_REASON)] = value_of_optional_text(r->reason),
        [COLUMN_AT(REFUND_NOTIFY_URL)] = value_of_optional_text(r->notify_url),
        [COLUMN_AT(REFUND_CREATED)] = VALUE_OF_INT(r->created_us),
        [COLUMN_AT(REFUND_SUCCESS_TIME)] = VALUE_OF_INT(r->success_time_us),
    };
    return rows_insert(rows, &refund_table, values);
}

/* --- refunded --- */

static Status refunded_row(Rows *rows, Span mchid, Span out_trade_no, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_TEXT(mchid), VALUE_OF_TEXT(out_trade_no) };
    return rows_get(rows, &refunded_table, key, ret_row);
}

Status refunded_get(Rows *rows, const Payment *payment, Refunded *ret)
{
    const Row *row = NULL;
    TRY(refunded_row(
            rows, span_of_text(payment->mchid), span_of_text(payment->out_trade_no), &row));
    *ret = (Refunded) { 0 };
    if (row == NULL) return OK;
    ret->minor = row->values[COLUMN_AT(REFUNDED_MINOR)].integer;
    ret->count = row->values[COLUMN_AT(REFUNDED_COUNT)].integer;
    return OK;
}

static Status refunded_put(Rows *rows, const Payment *p, bool is_new, const Refunded *now)
{
    const Value values[REFUNDED_COLUMNS] = {
        [COLUMN_AT(REFUNDED_MCHID)] = VALUE_OF_TEXT(span_of_text(p->mchid)),
        [COLUMN_AT(REFUNDED_OUT_TRADE_NO)] = VALUE_OF_TEXT(span_of_text(p->out_trade_no)),
        [COLUMN_AT(REFUNDED_TRANSACTION_ID)] = VALUE_OF_TEXT(span_of_text(p->transaction_id)),
        [COLUMN_AT(REFUNDED_TOTAL)] = VALUE_OF_INT(p->money.minor),
        [COLUMN_AT(REFUNDED_CURRENCY)] = VALUE_OF_INT((int64_t)p->money.currency),
        [COLUMN_AT(REFUNDED_PAYER_ACCOUNT)] = VALUE_OF_INT(p->payer_account),
        [COLUMN_AT(REFUNDED_PAYEE_ACCOUNT)] = VALUE_OF_INT(p->payee_account),
        [COLUMN_AT(REFUNDED_MINOR)] = VALUE_OF_INT(now->minor),
        [COLUMN_AT(REFUNDED_COUNT)] = VALUE_OF_INT(now->count),
    };
    return is_new ? rows_insert(rows, &refunded_table, values)
                  : rows_update(rows, &refunded_table, values);
}

/* --- giving back --- */

static int64_t account_of(const Row *row, uint16_t column)
{
    const Value *value = &row->values[COLUMN_AT(column)];
    return value->type == VALUE_INT ? value->integer : 0;
}

Status refund_gather(Rows *rows, const Row *row)
{
    const Row *sum = NULL;
    const Span mchid = row->values[COLUMN_AT(PAYMENT_MCHID)].bytes;
    const Span out_trade_no = row->values[COLUMN_AT(PAYMENT_OUT_TRADE_NO)].bytes;
    TRY(account_gather(rows, account_of(row, PAYMENT_PAYER_ACCOUNT)));
    TRY(account_gather(rows, account_of(row, PAYMENT_PAYEE_ACCOUNT)));
    TRY(fee_gather_back(
            rows, mchid, out_trade_no, (Currency)row->values[COLUMN_AT(PAYMENT_CURRENCY)].integer));
    return refunded_row(rows, mchid, out_trade_no, &sum);
}

static void refund_of_payment(const Payment *payment, int64_t now_us, Refund *refund)
{
    memcpy(refund->mchid, payment->mchid, sizeof(refund->mchid));
    memcpy(refund->out_trade_no, payment->out_trade_no, sizeof(refund->out_trade_no));
    memcpy(refund->transaction_id, payment->transaction_id, sizeof(refund->transaction_id));
    refund->total_minor = payment->money.minor;
    refund->payer_account = payment->payer_account;
    refund->payee_account = payment->payee_account;
    refund->state = REFUND_SUCCESS;
    refund->created_us = now_us;
    refund->success_time_us = now_us;
}

/* The fee's share comes back first: it may be what is missing for the refund. A refusal undoes all
 * of it. */
Status refund_give_back(
        Rows *rows, Payment *payment, const Refunded *before, TradeState after, Refund *refund)
{
    const int64_t minor = refund->money.minor;
    REQUIRE(before->count < REFUND_COUNT_MAX, REFUSED_REFUND_TOO_MANY);
    REQUIRE(minor <= payment->money.minor - before->minor, REFUSED_REFUND_OVER_PAID);
    TRY(fee_give_back(rows, payment, refund->refund_id, before->minor + minor));
    const Status moved = ledger_refund(
            rows, refund->refund_id, payment->payee_account, payment->payer_account, refund->money);
    REQUIRE(!status_is(moved, REFUSED_BALANCE_NOT_ENOUGH), REFUSED_REFUND_NOT_ENOUGH);
    TRY(moved);

    const Refunded now = { before->minor + minor, before->count + 1 };
    refund_of_payment(payment, rows_now_us(rows), refund);
    TRY(refund_insert(rows, refund));
    TRY(refunded_put(rows, payment, before->count == 0, &now));
    TRY(notification_of_refund(rows, refund, now.count));
    if (payment->state == after) return OK;
    payment->state = after;
    return payment_update(rows, payment);
}
