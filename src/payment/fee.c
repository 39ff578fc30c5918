#include "payment/fee.h"

#include <stdio.h>

#include "access/merchant_terms.h"

#define PUBLIC(id, name, type)                                   \
    {                                                            \
        id, name, type, false, CLASS_PUBLIC, LEVEL_C1, "payment" \
    }
#define MONEY(id, name)                                                  \
    {                                                                    \
        id, name, VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "payment" \
    }

static const Column columns[] = {
    PUBLIC(PAYMENT_FEE_MCHID, "mchid", VALUE_TEXT),
    PUBLIC(PAYMENT_FEE_OUT_TRADE_NO, "out_trade_no", VALUE_TEXT),
    PUBLIC(PAYMENT_FEE_TRANSACTION_ID, "transaction_id", VALUE_TEXT),
    MONEY(PAYMENT_FEE_TOTAL, "total"),
    PUBLIC(PAYMENT_FEE_CURRENCY, "currency", VALUE_INT),
    { PAYMENT_FEE_PAYEE_ACCOUNT, "payee_account", VALUE_INT, false, CLASS_IDENTITY, LEVEL_C2,
            "payment" },
    PUBLIC(PAYMENT_FEE_ACCOUNT, "fee_account", VALUE_INT),
    MONEY(PAYMENT_FEE_RATE, "fee_rate"),
    MONEY(PAYMENT_FEE_MINOR, "fee"),
    MONEY(PAYMENT_FEE_RETURNED, "returned"),
    PUBLIC(PAYMENT_FEE_TAKEN, "taken", VALUE_INT),
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table payment_fee_table = {
    TABLE_PAYMENT_FEE,
    .schema = 1,
    .name = "payment_fee",
    .append_only = false,
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = columns,
};

static Status fee_row(Rows *rows, Span mchid, Span out_trade_no, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_TEXT(mchid), VALUE_OF_TEXT(out_trade_no) };
    return rows_get(rows, &payment_fee_table, key, ret_row);
}

static void name_movement(const char *id, char ret_name[LEDGER_TRANSACTION_BYTES_MAX + 1])
{
    const int size =
            snprintf(ret_name, LEDGER_TRANSACTION_BYTES_MAX + 1, POSTING_FEE_PREFIX "%s", id);
    ASSERT(size > 0 && size <= LEDGER_TRANSACTION_BYTES_MAX);
}

/* --- taking --- */

Status fee_gather(Rows *rows, const char *mchid, Currency currency)
{
    MerchantTerms ignored;
    const Status s = merchant_terms_get(rows, mchid, &ignored);
    if (status_is(s, REFUSED_TERMS_NONE)) return OK;
    TRY(s);
    return account_gather(rows, account_id_of_fees(currency));
}

static Status insert(Rows *rows, const Payment *p, int64_t rate, int64_t minor)
{
    const Value values[COLUMNS] = {
        [COLUMN_AT(PAYMENT_FEE_MCHID)] = VALUE_OF_TEXT(span_of_text(p->mchid)),
        [COLUMN_AT(PAYMENT_FEE_OUT_TRADE_NO)] = VALUE_OF_TEXT(span_of_text(p->out_trade_no)),
        [COLUMN_AT(PAYMENT_FEE_TRANSACTION_ID)] = VALUE_OF_TEXT(span_of_text(p->transaction_id)),
        [COLUMN_AT(PAYMENT_FEE_TOTAL)] = VALUE_OF_INT(p->money.minor),
        [COLUMN_AT(PAYMENT_FEE_CURRENCY)] = VALUE_OF_INT((int64_t)p->money.currency),
        [COLUMN_AT(PAYMENT_FEE_PAYEE_ACCOUNT)] = VALUE_OF_INT(p->payee_account),
        [COLUMN_AT(PAYMENT_FEE_ACCOUNT)] = VALUE_OF_INT(account_id_of_fees(p->money.currency)),
        [COLUMN_AT(PAYMENT_FEE_RATE)] = VALUE_OF_INT(rate),
        [COLUMN_AT(PAYMENT_FEE_MINOR)] = VALUE_OF_INT(minor),
        [COLUMN_AT(PAYMENT_FEE_RETURNED)] = VALUE_OF_INT(0),
        [COLUMN_AT(PAYMENT_FEE_TAKEN)] = VALUE_OF_INT(rows_now_us(rows)),
    };
    return rows_insert(rows, &payment_fee_table, values);
}

Status fee_take(Rows *rows, const Payment *payment)
{
    MerchantTerms terms;
    char name[LEDGER_TRANSACTION_BYTES_MAX + 1];
    const Status s = merchant_terms_get(rows, payment->mchid, &terms);
    if (status_is(s, REFUSED_TERMS_NONE)) return OK;
    TRY(s);
    const Money fee = { merchant_terms_fee(&terms, payment->money.minor), payment->money.currency };
    if (fee.minor == 0) return OK;
    name_movement(payment->transaction_id, name);
    TRY(ledger_fee(rows, name, payment->payee_account, fee));
    return insert(rows, payment, terms.fee_rate, fee.minor);
}

/* --- giving back --- */

Status fee_get(Rows *rows, const char *mchid, const char *out_trade_no, Fee *ret)
{
    const Row *row = NULL;
    TRY(fee_row(rows, span_of_text(mchid), span_of_text(out_trade_no), &row));
    *ret = (Fee) { 0 };
    if (row == NULL) return OK;
    ret->minor = row->values[COLUMN_AT(PAYMENT_FEE_MINOR)].integer;
    ret->returned = row->values[COLUMN_AT(PAYMENT_FEE_RETURNED)].integer;
    ret->rate = row->values[COLUMN_AT(PAYMENT_FEE_RATE)].integer;
    return OK;
}

Status fee_gather_back(Rows *rows, Span mchid, Span out_trade_no, Currency currency)
{
    const Row *row = NULL;
    TRY(fee_row(rows, mchid, out_trade_no, &row));
    return row != NULL ? account_gather(rows, account_id_of_fees(currency)) : OK;
}

static Status update(Rows *rows, const Payment *payment, int64_t returned)
{
    const Row *row = NULL;
    Value values[COLUMNS];
    TRY(fee_row(rows, span_of_text(payment->mchid), span_of_text(payment->out_trade_no), &row));
    memcpy(values, row->values, sizeof(values));
    values[COLUMN_AT(PAYMENT_FEE_RETURNED)] = VALUE_OF_INT(returned);
    return rows_update(rows, &payment_fee_table, values);
}

Status fee_give_back(
        Rows *rows, const Payment *payment, const char *refund_id, int64_t refunded_minor)
{
    Fee fee;
    char name[LEDGER_TRANSACTION_BYTES_MAX + 1];
    TRY(fee_get(rows, payment->mchid, payment->out_trade_no, &fee));
    if (fee.minor == 0) return OK;
    const int64_t returned = minor_portion(fee.minor, refunded_minor, payment->money.minor);
    const Money back = { returned - fee.returned, payment->money.currency };
    if (back.minor == 0) return OK;
    name_movement(refund_id, name);
    TRY(ledger_fee_back(rows, name, payment->payee_account, back));
    return update(rows, payment, returned);
}
