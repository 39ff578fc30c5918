#include "payment/payment_rows.h"

#include "base/time.h"

#define PUBLIC(id, name, type, nullable)                            \
    {                                                               \
        id, name, type, nullable, CLASS_PUBLIC, LEVEL_C1, "payment" \
    }
#define MONEY(id, name)                                                  \
    {                                                                    \
        id, name, VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "payment" \
    }
#define PERSON(id, name, type, nullable)                              \
    {                                                                 \
        id, name, type, nullable, CLASS_IDENTITY, LEVEL_C2, "payment" \
    }
#define FREE_TEXT(id, name, nullable)                                        \
    {                                                                        \
        id, name, VALUE_TEXT, nullable, CLASS_FREE_TEXT, LEVEL_C2, "payment" \
    }

static const Column payment_columns[] = {
    PUBLIC(PAYMENT_MCHID, "mchid", VALUE_TEXT, false),
    PUBLIC(PAYMENT_OUT_TRADE_NO, "out_trade_no", VALUE_TEXT, false),
    PUBLIC(PAYMENT_TRANSACTION_ID, "transaction_id", VALUE_TEXT, false),
    PUBLIC(PAYMENT_PREPAY_ID, "prepay_id", VALUE_TEXT, false),
    PUBLIC(PAYMENT_TRADE_TYPE, "trade_type", VALUE_INT, false),
    PUBLIC(PAYMENT_STATE, "state", VALUE_INT, false),
    PUBLIC(PAYMENT_REQUEST_HASH, "request_hash", VALUE_BYTES, false),
    PUBLIC(PAYMENT_APPID, "appid", VALUE_TEXT, false),
    FREE_TEXT(PAYMENT_DESCRIPTION, "description", false),
    FREE_TEXT(PAYMENT_ATTACH, "attach", true),
    PUBLIC(PAYMENT_NOTIFY_URL, "notify_url", VALUE_TEXT, true),
    MONEY(PAYMENT_MINOR, "minor"),
    PUBLIC(PAYMENT_CURRENCY, "currency", VALUE_INT, false),
    PERSON(PAYMENT_PAYER, "payer", VALUE_TEXT, true),
    PERSON(PAYMENT_PAYER_ACCOUNT, "payer_account", VALUE_INT, true),
    PERSON(PAYMENT_PAYEE_ACCOUNT, "payee_account", VALUE_INT, false),
    PUBLIC(PAYMENT_GRANT, "pin_grant", VALUE_BYTES, true),
    PUBLIC(PAYMENT_RISK, "risk", VALUE_INT, false),
    PUBLIC(PAYMENT_CREATED, "created", VALUE_INT, false),
    PUBLIC(PAYMENT_EXPIRES, "expires", VALUE_INT, false),
    PUBLIC(PAYMENT_DECIDE_BY, "decide_by", VALUE_INT, true),
    PUBLIC(PAYMENT_SUCCESS_TIME, "success_time", VALUE_INT, true),
    PUBLIC(PAYMENT_STORE_ID, "store_id", VALUE_TEXT, true),
    PUBLIC(PAYMENT_REASON, "reason", VALUE_INT, false),
    PUBLIC(PAYMENT_RISK_REASONS, "risk_reasons", VALUE_INT, false),
    PUBLIC(PAYMENT_BEGUN, "begun", VALUE_INT, true),
};

enum { PAYMENT_COLUMNS = sizeof(payment_columns) / sizeof(payment_columns[0]) };

const Table payment_table = {
    TABLE_PAYMENT,
    .schema = 1,
    .name = "payment",
    .append_only = false,
    .key_columns = 2,
    .column_count = PAYMENT_COLUMNS,
    .columns = payment_columns,
};

/* Both are given at creation and never change. */
static const Lookup by_transaction_id = { &payment_table, 1, { PAYMENT_TRANSACTION_ID } };
static const Lookup by_prepay_id = { &payment_table, 1, { PAYMENT_PREPAY_ID } };

/* --- row to struct --- */

static int64_t optional_int(const Value *value)
{
    return value->type == VALUE_INT ? value->integer : 0;
}

static Status copy_bytes(const Value *value, uint8_t *ret_bytes, size_t size)
{
    REQUIRE(value->type == VALUE_BYTES && value->bytes.size == size, REFUSED_ROW_INVALID);
    memcpy(ret_bytes, value->bytes.data, size);
    return OK;
}

static Status take_texts(const Value *v, Payment *p)
{
#define TAKE_TEXT(column, place) \
    TRY(value_copy_text(&v[COLUMN_AT(column)], p->place, sizeof(p->place)))
    TAKE_TEXT(PAYMENT_MCHID, mchid);
    TAKE_TEXT(PAYMENT_OUT_TRADE_NO, out_trade_no);
    TAKE_TEXT(PAYMENT_TRANSACTION_ID, transaction_id);
    TAKE_TEXT(PAYMENT_PREPAY_ID, prepay_id);
    TAKE_TEXT(PAYMENT_APPID, appid);
    TAKE_TEXT(PAYMENT_DESCRIPTION, description);
    TAKE_TEXT(PAYMENT_ATTACH, attach);
    TAKE_TEXT(PAYMENT_NOTIFY_URL, notify_url);
    TAKE_TEXT(PAYMENT_PAYER, payer);
    TAKE_TEXT(PAYMENT_STORE_ID, store_id);
#undef TAKE_TEXT
    return OK;
}

static void take_numbers(const Value *v, Payment *p)
{
    p->trade_type = (TradeType)v[COLUMN_AT(PAYMENT_TRADE_TYPE)].integer;
    p->state = (TradeState)v[COLUMN_AT(PAYMENT_STATE)].integer;
    p->money.minor = v[COLUMN_AT(PAYMENT_MINOR)].integer;
    p->money.currency = (Currency)v[COLUMN_AT(PAYMENT_CURRENCY)].integer;
    p->payer_account = optional_int(&v[COLUMN_AT(PAYMENT_PAYER_ACCOUNT)]);
    p->payee_account = v[COLUMN_AT(PAYMENT_PAYEE_ACCOUNT)].integer;
    p->risk = (RiskOutcome)v[COLUMN_AT(PAYMENT_RISK)].integer;
    p->risk_reasons = (uint32_t)v[COLUMN_AT(PAYMENT_RISK_REASONS)].integer;
    p->reason = (int32_t)v[COLUMN_AT(PAYMENT_REASON)].integer;
    p->created_us = v[COLUMN_AT(PAYMENT_CREATED)].integer;
    p->begun_us = optional_int(&v[COLUMN_AT(PAYMENT_BEGUN)]);
    p->expires_us = v[COLUMN_AT(PAYMENT_EXPIRES)].integer;
    p->decide_by_us = optional_int(&v[COLUMN_AT(PAYMENT_DECIDE_BY)]);
    p->success_time_us = optional_int(&v[COLUMN_AT(PAYMENT_SUCCESS_TIME)]);
}

Status payment_of_row(const Row *row, Payment *ret)
{
    const Value *v = row->values;
    const Value *grant = &v[COLUMN_AT(PAYMENT_GRANT)];
    TRY(take_texts(v, ret));
    take_numbers(v, ret);
    TRY(copy_bytes(&v[COLUMN_AT(PAYMENT_REQUEST_HASH)], ret->request_hash, PAYMENT_HASH_BYTES));
    ret->has_grant = grant->type == VALUE_BYTES;
    memset(ret->grant, 0, sizeof(ret->grant));
    return ret->has_grant ? copy_bytes(grant, ret->grant, PAYMENT_GRANT_BYTES) : OK;
}

/* --- struct to row --- */

static Value optional(int64_t number) { return number == 0 ? VALUE_OF_NULL : VALUE_OF_INT(number); }

static void payment_values(const Payment *p, Value v[])
{
    v[COLUMN_AT(PAYMENT_MCHID)] = VALUE_OF_TEXT(span_of_text(p->mchid));
    v[COLUMN_AT(PAYMENT_OUT_TRADE_NO)] = VALUE_OF_TEXT(span_of_text(p->out_trade_no));
    v[COLUMN_AT(PAYMENT_TRANSACTION_ID)] = VALUE_OF_TEXT(span_of_text(p->transaction_id));
    v[COLUMN_AT(PAYMENT_PREPAY_ID)] = VALUE_OF_TEXT(span_of_text(p->prepay_id));
    v[COLUMN_AT(PAYMENT_TRADE_TYPE)] = VALUE_OF_INT((int64_t)p->trade_type);
    v[COLUMN_AT(PAYMENT_STATE)] = VALUE_OF_INT((int64_t)p->state);
    v[COLUMN_AT(PAYMENT_REQUEST_HASH)] = VALUE_OF_BYTES(SPAN_OF(p->request_hash));
    v[COLUMN_AT(PAYMENT_APPID)] = VALUE_OF_TEXT(span_of_text(p->appid));
    v[COLUMN_AT(PAYMENT_DESCRIPTION)] = VALUE_OF_TEXT(span_of_text(p->description));
    v[COLUMN_AT(PAYMENT_ATTACH)] = value_of_optional_text(p->attach);
    v[COLUMN_AT(PAYMENT_NOTIFY_URL)] = value_of_optional_text(p->notify_url);
    v[COLUMN_AT(PAYMENT_MINOR)] = VALUE_OF_INT(p->money.minor);
    v[COLUMN_AT(PAYMENT_CURRENCY)] = VALUE_OF_INT((int64_t)p->money.currency);
    v[COLUMN_AT(PAYMENT_PAYER)] = value_of_optional_text(p->payer);
    v[COLUMN_AT(PAYMENT_PAYER_ACCOUNT)] = optional(p->payer_account);
    v[COLUMN_AT(PAYMENT_PAYEE_ACCOUNT)] = VALUE_OF_INT(p->payee_account);
    v[COLUMN_AT(PAYMENT_GRANT)] = p->has_grant ? VALUE_OF_BYTES(SPAN_OF(p->grant)) : VALUE_OF_NULL;
    v[COLUMN_AT(PAYMENT_RISK)] = VALUE_OF_INT((int64_t)p->risk);
    v[COLUMN_AT(PAYMENT_CREATED)] = VALUE_OF_INT(p->created_us);
    v[COLUMN_AT(PAYMENT_EXPIRES)] = VALUE_OF_INT(p->expires_us);
    v[COLUMN_AT(PAYMENT_DECIDE_BY)] = optional(p->decide_by_us);
    v[COLUMN_AT(PAYMENT_SUCCESS_TIME)] = optional(p->success_time_us);
    v[COLUMN_AT(PAYMENT_STORE_ID)] = value_of_optional_text(p->store_id);
    v[COLUMN_AT(PAYMENT_REASON)] = VALUE_OF_INT(p->reason);
    v[COLUMN_AT(PAYMENT_RISK_REASONS)] = VALUE_OF_INT(p->risk_reasons);
    v[COLUMN_AT(PAYMENT_BEGUN)] = optional(p->begun_us);
}

Status payment_insert(Rows *rows, const Payment *payment)
{
    Value values[PAYMENT_COLUMNS];
    payment_values(payment, values);
    return rows_insert(rows, &payment_table, values);
}

Status payment_update(Rows *rows, const Payment *payment)
{
    Value values[PAYMENT_COLUMNS];
    payment_values(payment, values);
    return rows_update(rows, &payment_table, values);
}

/* --- finding --- */

Status payment_row(Rows *rows, const char *mchid, const char *out_trade_no, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(mchid)),
        VALUE_OF_TEXT(span_of_text(out_trade_no)) };
    return rows_get(rows, &payment_table, key, ret_row);
}

Status payment_row_by(Rows *rows, PaymentName by, const char *name, const Row **ret_row)
{
    ASSERT(by == PAYMENT_BY_TRANSACTION_ID || by == PAYMENT_BY_PREPAY_ID);
    const Lookup *lookup = by == PAYMENT_BY_PREPAY_ID ? &by_prepay_id : &by_transaction_id;
    const Row *row = NULL;
    const Value wanted = VALUE_OF_TEXT(span_of_text(name));
    TRY(rows_find(rows, lookup, &wanted, 1, &row));
    /* An index is not sealed, the row is: it must say itself that it has this name. */
    const bool same =
            row != NULL && value_equal(&row->values[COLUMN_AT(lookup->columns[0])], &wanted);
    *ret_row = same ? row : NULL;
    return OK;
}

TradeState payment_state_at(const Payment *payment, int64_t now_us)
{
    const bool over = payment->state == TRADE_NOTPAY && now_us >= payment->expires_us;
    return over ? TRADE_CLOSED : payment->state;
}

const char *trade_state_name(TradeState state)
{
    switch (state) {
    case TRADE_SUCCESS: return "SUCCESS";
    case TRADE_REFUND: return "REFUND";
    case TRADE_NOTPAY: return "NOTPAY";
    case TRADE_CLOSED: return "CLOSED";
    case TRADE_REVOKED: return "REVOKED";
    case TRADE_USERPAYING: return "USERPAYING";
    case TRADE_PAYERROR: return "PAYERROR";
    }
    return "UNKNOWN";
}

const char *trade_type_name(TradeType type)
{
    switch (type) {
    case TRADE_NATIVE: return "NATIVE";
    case TRADE_MICROPAY: return "MICROPAY";
    case TRADE_APP: return "APP";
    case TRADE_JSAPI: return "JSAPI";
    case TRADE_MWEB: return "MWEB";
    case TRADE_DEDUCTION: return "PAP"; /* as v3 calls entrusted deductions */
    case TRADE_PAYEE_CODE: return "NATIVE"; /* v3 has one name for whatever a payer scans */
    }
    return "UNKNOWN";
}
