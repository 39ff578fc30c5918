#include "payment/payee_code.h"

#include "access/merchant_terms.h"
#include "crypto/digest.h"
#include "payment/fee.h"
#include "payment/payee_code_rows.h"
#include "payment/payment_rows.h"

/* --- make --- */

static Status make_gather(Unit *unit, Rows *rows)
{
    const PayeeCodeMake *work = (const PayeeCodeMake *)unit;
    int64_t account = 0;
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    TRY(merchant_gather(rows, work->code.mchid, work->serial, &account));
    return payee_code_gather(rows, work->code.reference, mchid); /* that it is new, proven */
}

static Status check(const PayeeCode *code)
{
    REQUIRE(payee_code_is_valid(span_of_text(code->reference)), REFUSED_PAYEE_CODE_FIELD);
    REQUIRE(code->appid[0] != 0 && span_is_utf8(span_of_text(code->appid)),
            REFUSED_PAYEE_CODE_FIELD);
    REQUIRE(code->description[0] != 0 && span_is_utf8(span_of_text(code->description)),
            REFUSED_PAYEE_CODE_FIELD);
    REQUIRE(span_is_utf8(span_of_text(code->notify_url)), REFUSED_PAYEE_CODE_FIELD);
    REQUIRE(code->limit_minor > 0 && code->limit_minor <= LEDGER_MINOR_MAX,
            REFUSED_PAYEE_CODE_FIELD);
    return OK;
}

static Status make_decide(PayeeCodeMake *work, Rows *rows)
{
    Merchant merchant;
    TRY(merchant_admit(rows, work->code.mchid, work->serial, &merchant));
    TRY(check(&work->code));
    work->code.state = PAYEE_CODE_LIVE;
    work->code.created_us = rows_now_us(rows);
    work->code.ended_us = 0;
    return payee_code_insert(rows, &work->code);
}

static Status make_run(Unit *unit, Rows *rows)
{
    PayeeCodeMake *work = (PayeeCodeMake *)unit;
    const Status s = make_decide(work, rows);
    const Record record = { .kind = AUDIT_PAYEE_CODE_MAKE,
        .role = "merchant",
        .actor = work->code.mchid,
        .mchid = work->code.mchid,
        .subject = work->code.reference,
        .nonce_digest = work->nonce_digest };
    return record_end(rows, &record, s);
}

void payee_code_make_unit(PayeeCodeMake *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = make_gather, .run = make_run, .done = done };
}

/* --- revoke --- */

static Status end_gather(Unit *unit, Rows *rows)
{
    const PayeeCodeEnd *work = (const PayeeCodeEnd *)unit;
    int64_t account = 0;
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    TRY(merchant_gather(rows, work->mchid, work->serial, &account));
    return payee_code_gather(rows, work->reference, mchid);
}

static Status end_decide(const PayeeCodeEnd *work, Rows *rows, bool *ret_changed)
{
    Merchant merchant;
    PayeeCode code;
    *ret_changed = false;
    TRY(merchant_admit(rows, work->mchid, work->serial, &merchant));
    TRY(payee_code_get(rows, work->reference, &code));
    REQUIRE(strcmp(code.mchid, work->mchid) == 0, REFUSED_PAYEE_CODE_UNKNOWN);
    if (code.state == PAYEE_CODE_REVOKED) return OK;
    code.state = PAYEE_CODE_REVOKED;
    code.ended_us = rows_now_us(rows);
    *ret_changed = true;
    return payee_code_update(rows, &code);
}

static Status end_run(Unit *unit, Rows *rows)
{
    const PayeeCodeEnd *work = (const PayeeCodeEnd *)unit;
    bool changed = false;
    const Status s = end_decide(work, rows, &changed);
    const Record record = { .kind = AUDIT_PAYEE_CODE_END,
        .role = "merchant",
        .actor = work->mchid,
        .mchid = work->mchid,
        .subject = work->reference,
        .nonce_digest = work->nonce_digest,
        .quiet = !changed };
    return record_end(rows, &record, s);
}

void payee_code_end_unit(PayeeCodeEnd *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = end_gather, .run = end_run, .done = done };
}

/* --- scan --- */

/* The code and its merchant, both live: a payer is told of no other. */
static Status live_code(
        Rows *rows, const char *reference, PayeeCode *ret_code, Merchant *ret_merchant)
{
    TRY(payee_code_get(rows, reference, ret_code));
    REQUIRE(ret_code->state == PAYEE_CODE_LIVE, REFUSED_PAYEE_CODE_UNKNOWN);
    TRY(merchant_get(rows, ret_code->mchid, ret_merchant));
    REQUIRE(ret_merchant->status == STATUS_LIVE, REFUSED_PAYEE_CODE_UNKNOWN);
    return OK;
}

static Status look_gather(Unit *unit, Rows *rows)
{
    const PayeeCodeLook *work = (const PayeeCodeLook *)unit;
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    int64_t account = 0;
    TRY(payee_code_gather(rows, work->reference, mchid));
    return mchid[0] != 0 ? merchant_gather(rows, mchid, NULL, &account) : OK;
}

static Status look_run(Unit *unit, Rows *rows)
{
    PayeeCodeLook *work = (PayeeCodeLook *)unit;
    Merchant merchant;
    TRY(live_code(rows, work->reference, &work->code, &merchant));
    memcpy(work->payee, merchant.name, sizeof(work->payee));
    return OK;
}

void payee_code_look_unit(PayeeCodeLook *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = look_gather, .run = look_run, .done = done };
}

/* --- pay --- */

static Status pay_gather(Unit *unit, Rows *rows)
{
    const PayeeCodePay *work = (const PayeeCodePay *)unit;
    const PaymentKey *key = &work->confirmed;
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    int64_t account = 0;
    const Row *row = NULL;
    TRY(payment_payer_gather(rows, work->payer, &account));
    TRY(payer_door_gather(rows, work->payer, &work->door));
    TRY(account_gather(rows, account));
    TRY(payee_code_gather(rows, work->reference, mchid));
    if (mchid[0] == 0) return OK;
    TRY(merchant_gather(rows, mchid, NULL, &account));
    TRY(account_gather(rows, account));
    TRY(fee_gather(rows, mchid, work->money.currency));
    return payment_row(rows, key->mchid, key->out_trade_no, &row);
}

static Status payment_of_code(
        const PayeeCodePay *work, const PayeeCode *code, int64_t now_us, Payment *ret)
{
    PaymentOrder order = { .money = work->money };
    uint8_t digest[PAYMENT_HASH_BYTES];
    memcpy(order.mchid, code->mchid, sizeof(order.mchid));
    memcpy(order.out_trade_no, work->confirmed.out_trade_no, sizeof(order.out_trade_no));
    memcpy(order.appid, code->appid, sizeof(order.appid));
    memcpy(order.description, code->description, sizeof(order.description));
    memcpy(order.notify_url, code->notify_url, sizeof(order.notify_url));
    TRY(order_check(&order));
    TRY(payment_of_order(&order, &work->ids, now_us, ret));
    ret->trade_type = TRADE_PAYEE_CODE;
    sha256(span_of_text(code->reference), digest);
    order_hash(&order, TRADE_PAYEE_CODE, digest, ret->request_hash);
    return OK;
}

static Status check_limits(
        const PayeeCodePay *work, Rows *rows, const PayeeCode *code, const Merchant *merchant)
{
    Account payee;
    if (work->rules->terms_required) TRY(merchant_terms_admit(rows, code->mchid));
    REQUIRE(work->money.minor <= code->limit_minor, REFUSED_PAYEE_CODE_LIMIT);
    REQUIRE(work->money.minor <= merchant->limit_minor, REFUSED_MERCHANT_LIMIT);
    TRY(account_get(rows, merchant->account, &payee));
    REQUIRE(payee.currency == work->money.currency, REFUSED_ACCOUNT_CURRENCY);
    return OK;
}

/* The same payer's again, or a number that means something else. */
static Status pay_again(PayeeCodePay *work, const Row *row, const Payment *asked, int64_t now_us)
{
    Payment before;
    TRY(payment_repeat(row, asked->request_hash, now_us, &before));
    REQUIRE(strcmp(before.payer, work->payer) == 0, REFUSED_ORDER_CONFLICT);
    work->payment = before;
    work->repeated = true;
    return OK;
}

static Status pay_decide(PayeeCodePay *work, Rows *rows)
{
    const PaymentKey *key = &work->confirmed;
    const int64_t now_us = rows_now_us(rows);
    Payer payer;
    PayeeCode code;
    Merchant merchant;
    Payment payment;
    const Row *row = NULL;
    work->repeated = false;
    work->payment = (Payment) { 0 };
    TRY(payer_admit(rows, work->payer, &payer));
    TRY(payer_door_admit(rows, work->payer, &work->door));
    TRY(payee_code_get(rows, work->reference, &code)); /* revoked, too: what was paid is told */
    REQUIRE(strcmp(code.mchid, key->mchid) == 0, REFUSED_BOX_CONTEXT);
    TRY(payment_of_code(work, &code, now_us, &payment));
    TRY(payment_row(rows, key->mchid, key->out_trade_no, &row));
    if (row != NULL) return pay_again(work, row, &payment, now_us);
    TRY(live_code(rows, work->reference, &code, &merchant));
    TRY(check_limits(work, rows, &code, &merchant));

    /* The password is known; a session's device signs, and that is a signature. */
    const PayerProof proof = { true, work->door.by_device ? AUTH_SIGNED : AUTH_ONE };
    payment.payee_account = merchant.account;
    payment.has_grant = true;
    memcpy(payment.grant, work->grant, sizeof(payment.grant));
    TRY(payment_begin(rows, &payment, &payer, proof, work->rules));
    TRY(payment_insert(rows, &payment));
    work->payment = payment;
    return OK;
}

static Status pay_run(Unit *unit, Rows *rows)
{
    PayeeCodePay *work = (PayeeCodePay *)unit;
    const Status s = pay_decide(work, rows);
    const Record record = { .kind = AUDIT_ORDER_PAY,
        .role = "payer",
        .actor = work->payer,
        .mchid = work->payment.mchid, /* never what the box says, which is the payer's to write */
        .payment = &work->payment,
        .subject = status_ok(s) ? work->payment.out_trade_no : work->reference,
        .nonce_digest = work->nonce_digest,
        .quiet = work->repeated };
    return record_end(rows, &record, s);
}

void payee_code_pay_unit(PayeeCodePay *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = pay_gather, .run = pay_run, .done = done };
}
