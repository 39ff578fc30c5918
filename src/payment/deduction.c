#include "payment/deduction.h"

#include <stdio.h>

#include "access/merchant_terms.h"
#include "crypto/digest.h"
#include "payment/contract_rows.h"
#include "payment/fee.h"
#include "payment/payment_rows.h"

#define COLUMN(id, name, type, class, level)           \
    {                                                  \
        id, name, type, false, class, level, "payment" \
    }
static const Column columns[] = {
    COLUMN(DEDUCTION_MCHID, "mchid", VALUE_TEXT, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(DEDUCTION_OUT_TRADE_NO, "out_trade_no", VALUE_TEXT, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(DEDUCTION_TRANSACTION_ID, "transaction_id", VALUE_TEXT, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(DEDUCTION_CONTRACT, "contract", VALUE_TEXT, CLASS_BINDING, LEVEL_C2),
    COLUMN(DEDUCTION_AT, "at_period", VALUE_INT, CLASS_PUBLIC, LEVEL_C1),
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table deduction_table = {
    TABLE_DEDUCTION,
    .schema = 1,
    .name = "deduction",
    .append_only = true,
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = columns,
};

static Status deduction_insert(Rows *rows, const Payment *payment, const Contract *contract)
{
    const Value values[COLUMNS] = { VALUE_OF_TEXT(span_of_text(payment->mchid)),
        VALUE_OF_TEXT(span_of_text(payment->out_trade_no)),
        VALUE_OF_TEXT(span_of_text(payment->transaction_id)),
        VALUE_OF_TEXT(span_of_text(contract->code)), VALUE_OF_INT(contract->at) };
    return rows_insert(rows, &deduction_table, values);
}

/* --- what is held --- */

static Status deduction_row(Rows *rows, const Payment *payment, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(payment->mchid)),
        VALUE_OF_TEXT(span_of_text(payment->out_trade_no)) };
    return rows_get(rows, &deduction_table, key, ret_row);
}

/* NULL: none; then nothing may be taken. */
static Status contract_of(Rows *rows, const Payment *payment, const Row **ret_row)
{
    char code[CONTRACT_CODE_BYTES_MAX + 1];
    const Row *row = NULL;
    *ret_row = NULL;
    TRY(deduction_row(rows, payment, &row));
    if (row == NULL) return OK;
    TRY(value_copy_text(&row->values[COLUMN_AT(DEDUCTION_CONTRACT)], code, sizeof(code)));
    if (code[0] == 0) return OK;
    return contract_row(rows, payment->mchid, code, "", ret_row);
}

Status deduction_gather(Rows *rows, const Payment *payment)
{
    const Row *ignored = NULL;
    if (payment->trade_type != TRADE_DEDUCTION) return OK;
    return contract_of(rows, payment, &ignored);
}

Status deduction_admit(Rows *rows, const Payment *payment)
{
    const Row *row = NULL;
    Contract contract;
    if (payment->trade_type != TRADE_DEDUCTION) return OK;
    TRY(contract_of(rows, payment, &row));
    REQUIRE(row != NULL, REFUSED_CONTRACT_OVER);
    TRY(contract_of_row(row, &contract));
    const bool lasts = contract_state_at(&contract, rows_now_us(rows)) == CONTRACT_IN_FORCE;
    REQUIRE(lasts, REFUSED_CONTRACT_OVER);
    return OK;
}

/* --- the merchant takes --- */

static Status gather(Unit *unit, Rows *rows)
{
    const PaymentDeduct *work = (const PaymentDeduct *)unit;
    const PaymentOrder *order = &work->order;
    const Value key[] = { VALUE_OF_TEXT(span_of_text(order->mchid)),
        VALUE_OF_TEXT(span_of_text(order->out_trade_no)) };
    const Row *row = NULL;
    Contract contract;
    int64_t account = 0;
    TRY(merchant_gather(rows, order->mchid, order->serial, &account));
    TRY(account_gather(rows, account));
    TRY(fee_gather(rows, order->mchid, order->money.currency));
    TRY(payment_row(rows, order->mchid, order->out_trade_no, &row));
    TRY(rows_get(rows, &deduction_table, key, &row));
    TRY(contract_row(rows, "", "", work->order.contract, &row));
    if (row == NULL || !status_ok(contract_of_row(row, &contract))) return OK; /* run() will hear */
    if (contract.payer[0] == 0) return OK;
    TRY(payment_payer_gather(rows, contract.payer, &account));
    return account_gather(rows, account);
}

/* The money, or why not: what the payer's account or the risk rules refuse is this order's end, and
 * is kept. */
static Status settle(PaymentDeduct *work, Rows *rows, Payment *payment, const Contract *contract)
{
    Payer payer;
    TRY(payer_get(rows, contract->payer, &payer));
    memcpy(payment->payer, payer.id, sizeof(payment->payer));
    const PayerProof proof = { false, AUTH_ONE };
    const Status s = payment_begin(rows, payment, &payer, proof, work->rules);
    if (status_ok(s)) {
        TRY(contract_put(rows, contract, false));
        return deduction_insert(rows, payment, contract);
    }
    if (!refusal_is_business(s)) return s;
    payment->state = TRADE_PAYERROR;
    payment->reason = s.code;
    return OK;
}

static Status deduct_new(PaymentDeduct *work, Rows *rows, const Merchant *merchant)
{
    const PaymentOrder *order = &work->order;
    Contract contract;
    Payment payment;
    TRY(order_check(order));
    if (work->rules->terms_required) TRY(merchant_terms_admit(rows, order->mchid));
    REQUIRE(order->money.minor <= merchant->limit_minor, REFUSED_MERCHANT_LIMIT);
    TRY(contract_get(rows, "", "", work->order.contract, &contract));
    REQUIRE(strcmp(contract.mchid, order->mchid) == 0, REFUSED_CONTRACT_UNKNOWN);
    REQUIRE(contract.currency == order->money.currency, REFUSED_ACCOUNT_CURRENCY);
    TRY(contract_take(&contract, order->money.minor, rows_now_us(rows)));

    TRY(payment_of_order(order, &work->ids, rows_now_us(rows), &payment));
    payment.trade_type = TRADE_DEDUCTION;
    payment.payee_account = merchant->account;
    memcpy(payment.request_hash, work->request_hash, sizeof(payment.request_hash));
    TRY(settle(work, rows, &payment, &contract));
    TRY(payment_insert(rows, &payment));
    work->payment = payment;
    return OK;
}

static Status decide_all(PaymentDeduct *work, Rows *rows)
{
    const PaymentOrder *order = &work->order;
    const Row *row = NULL;
    Merchant merchant;
    TRY(merchant_admit(rows, order->mchid, order->serial, &merchant));
    TRY(payment_row(rows, order->mchid, order->out_trade_no, &row));
    work->repeated = row != NULL;
    if (!work->repeated) return deduct_new(work, rows, &merchant);
    return payment_repeat(row, work->request_hash, rows_now_us(rows), &work->payment);
}

static Status run(Unit *unit, Rows *rows)
{
    PaymentDeduct *work = (PaymentDeduct *)unit;
    char detail[CONTRACT_ID_BYTES + 16];
    const Status s = decide_all(work, rows);
    snprintf(detail, sizeof(detail), "%sby contract %s", status_ok(s) ? " " : "",
            work->order.contract);
    const Record record = { .kind = AUDIT_ORDER_PAY,
        .role = "merchant",
        .actor = work->order.mchid,
        .mchid = work->order.mchid,
        .payment = &work->payment,
        .subject = work->order.out_trade_no,
        .nonce_digest = work->order.nonce_digest,
        .detail = detail,
        .quiet = work->repeated };
    return record_end(rows, &record, s);
}

void payment_deduct_unit(PaymentDeduct *work, void (*done)(Unit *unit, Status outcome))
{
    uint8_t digest[PAYMENT_HASH_BYTES];
    work->unit = (Unit) { .gather = gather, .run = run, .done = done };
    work->repeated = false;
    sha256(span_of_text(work->order.contract), digest);
    order_hash(&work->order, TRADE_DEDUCTION, digest, work->request_hash);
}
