/* The tables of payment as SQL, and the plain reads that find keys. WITHOUT ROWID is the one word
 * of SQLite's own. A payment keeps its rowid: rows of a kilobyte are better appended one after
 * another than spread over the key's tree. */
#include "payment/allowance.h"
#include "payment/bill.h"
#include "payment/binding.h"
#include "payment/deduction.h"
#include "payment/fee.h"
#include "payment/notification.h"
#include "payment/order_identity.h"
#include "payment/order_payer.h"
#include "payment/payee_code.h"
#include "payment/payer_barcode.h"
#include "payment/payer_card.h"
#include "payment/payment_rows.h"
#include "payment/refund.h"
#include "payment/settlement.h"
#include "payment/transfer.h"

/* The partial indexes hold only what waits: a payment that succeeds at once never touches them. 3 =
 * TRADE_NOTPAY, 6 = TRADE_USERPAYING; the statements below must say the same numbers literally for
 * the planner to use them. */
static const Migration migrations[] = {
    { 1,
            "CREATE TABLE payment("
            "mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL, transaction_id TEXT NOT NULL,"
            "prepay_id TEXT NOT NULL, trade_type BIGINT NOT NULL, state BIGINT NOT NULL,"
            "request_hash BYTEA NOT NULL, appid TEXT NOT NULL, description TEXT NOT NULL,"
            "attach TEXT, notify_url TEXT, minor BIGINT NOT NULL, currency BIGINT NOT NULL,"
            "payer TEXT, payer_account BIGINT, payee_account BIGINT NOT NULL, pin_grant BYTEA,"
            "risk BIGINT NOT NULL, created BIGINT NOT NULL, expires BIGINT NOT NULL,"
            "decide_by BIGINT, success_time BIGINT, store_id TEXT, reason BIGINT NOT NULL,"
            "risk_reasons BIGINT NOT NULL, begun BIGINT, revision BIGINT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL, PRIMARY KEY(mchid, out_trade_no));"
            "CREATE UNIQUE INDEX payment_transaction_id ON payment(transaction_id);"
            "CREATE UNIQUE INDEX payment_prepay_id ON payment(prepay_id);"
            "CREATE INDEX payment_expires ON payment(expires) WHERE state = 3;"
            "CREATE INDEX payment_decide_by ON payment(decide_by) WHERE state = 6;"
            "CREATE INDEX payment_waiting ON payment(payer, created) WHERE state = 6;"
            "CREATE TABLE pay_code("
            "digest BYTEA PRIMARY KEY NOT NULL, payer TEXT NOT NULL, created BIGINT NOT NULL,"
            "expires BIGINT NOT NULL, state BIGINT NOT NULL, used_by TEXT,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID" },
    { 2,
            "CREATE TABLE binding("
            "tenant TEXT NOT NULL, id TEXT NOT NULL, kind BIGINT NOT NULL, user_id TEXT NOT NULL,"
            "card TEXT, merchant TEXT, plan TEXT, limit_minor BIGINT NOT NULL,"
            "day_limit_minor BIGINT NOT NULL, status BIGINT NOT NULL, created BIGINT NOT NULL,"
            "expires BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(tenant, id)) WITHOUT ROWID" },
    { 3,
            "CREATE TABLE refund("
            "mchid TEXT NOT NULL, out_refund_no TEXT NOT NULL, refund_id TEXT NOT NULL,"
            "out_trade_no TEXT NOT NULL, transaction_id TEXT NOT NULL, state BIGINT NOT NULL,"
            "minor BIGINT NOT NULL, total BIGINT NOT NULL, currency BIGINT NOT NULL,"
            "payer_account BIGINT NOT NULL, payee_account BIGINT NOT NULL, reason TEXT,"
            "notify_url TEXT, created BIGINT NOT NULL, success_time BIGINT,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(mchid, out_refund_no));"
            "CREATE UNIQUE INDEX refund_id ON refund(refund_id);"
            "CREATE TABLE refunded("
            "mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL, transaction_id TEXT NOT NULL,"
            "total BIGINT NOT NULL, currency BIGINT NOT NULL, payer_account BIGINT NOT NULL,"
            "payee_account BIGINT NOT NULL, minor BIGINT NOT NULL, refunds BIGINT NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(mchid, out_trade_no)) WITHOUT ROWID" },
    { 4,
            "CREATE TABLE allowance("
            "payer TEXT PRIMARY KEY NOT NULL, grade BIGINT NOT NULL, state BIGINT NOT NULL,"
            "channels BIGINT NOT NULL, face BIGINT NOT NULL, opened BIGINT NOT NULL,"
            "used BIGINT NOT NULL, lifetime_minor BIGINT NOT NULL, year BIGINT NOT NULL,"
            "year_minor BIGINT NOT NULL, day BIGINT NOT NULL, day_one_minor BIGINT NOT NULL,"
            "day_two_minor BIGINT NOT NULL, day_signed_minor BIGINT NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID" },
    { 5,
            "CREATE TABLE bill("
            "mchid TEXT NOT NULL, day BIGINT NOT NULL, kind BIGINT NOT NULL, lines BIGINT NOT NULL,"
            "digest BYTEA NOT NULL, in_minor BIGINT NOT NULL, out_minor BIGINT NOT NULL,"
            "made BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(mchid, day, kind)) WITHOUT ROWID" },
    { 6,
            "CREATE TABLE payee_code("
            "reference TEXT PRIMARY KEY NOT NULL, mchid TEXT NOT NULL, appid TEXT NOT NULL,"
            "description TEXT NOT NULL, notify_url TEXT, limit_minor BIGINT NOT NULL,"
            "state BIGINT NOT NULL, created BIGINT NOT NULL, ended BIGINT,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE payer_barcode("
            "payer TEXT PRIMARY KEY NOT NULL, codes_from BIGINT NOT NULL, day BIGINT NOT NULL,"
            "static_minor BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL) WITHOUT ROWID" },
    { 7,
            "CREATE TABLE notification("
            "id TEXT PRIMARY KEY NOT NULL, mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL,"
            "out_refund_no TEXT, sequence BIGINT NOT NULL, state BIGINT NOT NULL,"
            "attempts BIGINT NOT NULL, due BIGINT NOT NULL, created BIGINT NOT NULL,"
            "ended BIGINT, result BIGINT NOT NULL, revision BIGINT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID;"
            "CREATE INDEX notification_due ON notification(mchid, due) WHERE state = 1;"
            "CREATE INDEX notification_order ON notification(mchid, out_trade_no, sequence)"
            " WHERE state = 1;"
            "CREATE INDEX notification_dead ON notification(ended) WHERE state = 3" },
    { 8,
            "CREATE TABLE order_payer("
            "mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL, openid TEXT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(mchid, out_trade_no)) WITHOUT ROWID" },
    { 9,
            "CREATE TABLE payment_fee("
            "mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL, transaction_id TEXT NOT NULL,"
            "total BIGINT NOT NULL, currency BIGINT NOT NULL, payee_account BIGINT NOT NULL,"
            "fee_account BIGINT NOT NULL, fee_rate BIGINT NOT NULL, fee BIGINT NOT NULL,"
            "returned BIGINT NOT NULL, taken BIGINT NOT NULL, revision BIGINT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(mchid, out_trade_no)) WITHOUT ROWID" },
    { 10,
            "CREATE TABLE settlement("
            "id TEXT PRIMARY KEY NOT NULL, mchid TEXT NOT NULL, day BIGINT NOT NULL,"
            "number BIGINT NOT NULL, minor BIGINT NOT NULL, currency BIGINT NOT NULL,"
            "merchant_account BIGINT NOT NULL, payable_account BIGINT NOT NULL,"
            "target TEXT NOT NULL, created BIGINT NOT NULL, state BIGINT NOT NULL,"
            "submitted BIGINT, ended BIGINT, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL) WITHOUT ROWID;"
            "CREATE INDEX settlement_day ON settlement(mchid, day);"
            "CREATE INDEX settlement_created ON settlement(created)" },
    { 11, "CREATE INDEX settlement_state ON settlement(state, created)" },
    /* The partial index holds what is on its way: 5 and 7 are LIVE and OVER, which the statement
     * that uses it says literally, too. */
    { 12,
            "CREATE TABLE payer_card("
            "payer TEXT NOT NULL, place BIGINT NOT NULL, id TEXT NOT NULL, state BIGINT NOT NULL,"
            "result BIGINT NOT NULL, token TEXT, mask TEXT, agreement TEXT,"
            "created BIGINT NOT NULL, bound BIGINT NOT NULL, ended BIGINT NOT NULL,"
            "due BIGINT NOT NULL, expires BIGINT NOT NULL, codes BIGINT NOT NULL,"
            "day BIGINT NOT NULL, tries BIGINT NOT NULL, revision BIGINT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL, PRIMARY KEY(payer, place)) WITHOUT ROWID;"
            "CREATE INDEX payer_card_due ON payer_card(due) WHERE state <> 5 AND state <> 7" },
    { 13,
            "CREATE TABLE plan("
            "mchid TEXT NOT NULL, number BIGINT NOT NULL, title TEXT NOT NULL,"
            "one_minor BIGINT NOT NULL, period BIGINT NOT NULL, period_minor BIGINT NOT NULL,"
            "period_count BIGINT NOT NULL, life_days BIGINT NOT NULL, notice_hours BIGINT NOT NULL,"
            "status BIGINT NOT NULL, created BIGINT NOT NULL, revision BIGINT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL, PRIMARY KEY(mchid, number)) WITHOUT ROWID;"
            "CREATE TABLE contract("
            "mchid TEXT NOT NULL, code TEXT NOT NULL, id TEXT NOT NULL, plan BIGINT NOT NULL,"
            "title TEXT NOT NULL, account TEXT NOT NULL, one_minor BIGINT NOT NULL,"
            "period BIGINT NOT NULL, period_minor BIGINT NOT NULL, period_count BIGINT NOT NULL,"
            "notice_hours BIGINT NOT NULL, currency BIGINT NOT NULL, until BIGINT NOT NULL,"
            "asked BIGINT NOT NULL, state BIGINT NOT NULL, payer TEXT, pin_grant BYTEA,"
            "signed BIGINT, ended BIGINT, ended_by BIGINT NOT NULL, at_period BIGINT NOT NULL,"
            "minor BIGINT NOT NULL, deductions BIGINT NOT NULL, announced_minor BIGINT NOT NULL,"
            "announced BIGINT, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(mchid, code)) WITHOUT ROWID;"
            "CREATE UNIQUE INDEX contract_id ON contract(id);"
            "CREATE INDEX contract_payer ON contract(payer, signed) WHERE payer IS NOT NULL;"
            "CREATE TABLE deduction("
            "mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL, transaction_id TEXT NOT NULL,"
            "contract TEXT NOT NULL, at_period BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(mchid, out_trade_no)) WITHOUT ROWID" },
    { 14,
            "CREATE TABLE order_identity("
            "mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL, number_print BYTEA NOT NULL,"
            "name_print BYTEA NOT NULL, shown BYTEA NOT NULL, serial TEXT NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(mchid, out_trade_no)) WITHOUT ROWID;"
            "CREATE TABLE payer_identity("
            "payer TEXT PRIMARY KEY NOT NULL, number_print BYTEA NOT NULL,"
            "name_print BYTEA NOT NULL, changed BIGINT NOT NULL, revision BIGINT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID" },
    { 15,
            "CREATE TABLE transfer("
            "id TEXT PRIMARY KEY NOT NULL, payer TEXT NOT NULL, out_number TEXT NOT NULL,"
            "receiver TEXT NOT NULL, minor BIGINT NOT NULL, currency BIGINT NOT NULL,"
            "speed BIGINT NOT NULL, payer_account BIGINT NOT NULL,"
            "receiver_account BIGINT NOT NULL, remark TEXT, pin_grant BYTEA NOT NULL,"
            "strength BIGINT NOT NULL, created BIGINT NOT NULL, due BIGINT NOT NULL,"
            "state BIGINT NOT NULL, ended BIGINT, reason BIGINT NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID;"
            "CREATE INDEX transfer_due ON transfer(due, id) WHERE state = 1;"
            "CREATE INDEX transfer_payer ON transfer(payer, created);"
            "CREATE INDEX transfer_known ON transfer(payer, receiver, ended) WHERE state = 2;"
            "CREATE TABLE transfer_day("
            "payer TEXT PRIMARY KEY NOT NULL, day BIGINT NOT NULL, day_minor BIGINT NOT NULL,"
            "day_count BIGINT NOT NULL, limit_minor BIGINT, limit_count BIGINT,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID" },
    /* 2 is CONTRACT_IN_FORCE: of two that are signed at once the second is refused. */
    { 16, "CREATE UNIQUE INDEX contract_one ON contract(payer, mchid, plan) WHERE state = 2" },
};

static const Table *const tables[] = { &payment_table, &pay_code_table, &binding_table,
    &refund_table, &refunded_table, &allowance_table, &bill_table, &payee_code_table,
    &payer_barcode_table, &notification_table, &order_payer_table, &payment_fee_table,
    &settlement_table, &payer_card_table, &plan_table, &contract_table, &deduction_table,
    &order_identity_table, &payer_identity_table, &transfer_table, &transfer_day_table };

const StoreSchema payment_schema = { "payment", migrations,
    sizeof(migrations) / sizeof(migrations[0]), tables, sizeof(tables) / sizeof(tables[0]) };

typedef struct KeyList {
    PaymentKey *keys;
    size_t count;
} KeyList;

static Status take_key(void *context, const Value *values, size_t count)
{
    KeyList *list = context;
    CHECK(count >= 2 && list->count < PAYMENT_DUE_MAX, FAULT_STORE);
    PaymentKey *key = &list->keys[list->count];
    const bool fits = status_ok(value_copy_text(&values[0], key->mchid, sizeof(key->mchid)))
            && status_ok(value_copy_text(&values[1], key->out_trade_no, sizeof(key->out_trade_no)));
    if (fits) list->count++; /* a key that we would never have written names no row of ours */
    return OK;
}

Status payment_due_behind(Store *store, int64_t now_us, size_t skip,
        PaymentKey ret_keys[PAYMENT_DUE_MAX], size_t *ret_count)
{
    static const char sql[] =
            "SELECT mchid, out_trade_no, expires AS due FROM payment"
            " WHERE state = 3 AND expires <= ?1"
            " UNION ALL SELECT mchid, out_trade_no, decide_by AS due FROM payment"
            " WHERE state = 6 AND decide_by <= ?1 ORDER BY due LIMIT ?2 OFFSET ?3";
    const Value parameters[] = { VALUE_OF_INT(now_us), VALUE_OF_INT(PAYMENT_DUE_MAX),
        VALUE_OF_INT((int64_t)skip) };
    KeyList list = { ret_keys, 0 };
    TRY(store_query(store, sql, parameters, 3, take_key, &list));
    *ret_count = list.count;
    return OK;
}

Status payment_due(
        Store *store, int64_t now_us, PaymentKey ret_keys[PAYMENT_DUE_MAX], size_t *ret_count)
{
    return payment_due_behind(store, now_us, 0, ret_keys, ret_count);
}

Status payment_waiting(
        Store *store, const char *payer, PaymentKey ret_keys[PAYMENT_DUE_MAX], size_t *ret_count)
{
    static const char sql[] =
            "SELECT mchid, out_trade_no FROM payment WHERE state = 6 AND payer = ?1"
            " ORDER BY created DESC LIMIT ?2";
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(payer)),
        VALUE_OF_INT(PAYMENT_DUE_MAX) };
    KeyList list = { ret_keys, 0 };
    TRY(store_query(store, sql, parameters, 2, take_key, &list));
    *ret_count = list.count;
    return OK;
}
