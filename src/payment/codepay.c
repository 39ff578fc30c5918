/* codepay: the payer's code was scanned. Decided, paid or held, or refused for good, all inside the
 * batch. */
#include "payment/code_rows.h"

#include "access/merchant_terms.h"
#include "payment/fee.h"
#include "payment/order.h"
#include "payment/order_identity.h"
#include "payment/payer_barcode.h"
#include "payment/payment_rows.h"

#include "base/secret.h"

static Status codepay_gather(Unit *unit, Rows *rows)
{
    const PaymentCodepay *work = (const PaymentCodepay *)unit;
    const PaymentOrder *order = &work->order;
    const Row *row = NULL;
    char payer[PAYER_ID_BYTES_MAX + 1];
    int64_t payee_account = 0;
    int64_t payer_account = 0;
    TRY(merchant_gather(rows, order->mchid, order->serial, &payee_account));
    TRY(account_gather(rows, payee_account));
    TRY(fee_gather(rows, order->mchid, order->money.currency));
    TRY(payment_row(rows, order->mchid, order->out_trade_no, &row));
    TRY(pay_code_gather(rows, work->code_digest, payer));
    if (payer[0] == 0) return OK;
    TRY(order_identity_gather(rows, order));
    IdentityPrints ignored;
    bool there = false;
    if (order->identity.named) TRY(payer_identity_get(rows, payer, &ignored, &there));
    TRY(payment_payer_gather(rows, payer, &payer_account));
    return account_gather(rows, payer_account);
}

/* The money, or why not: what the payer or the risk rules refuse is this order's end, and is kept.
 */
static Status settle(PaymentCodepay *work, Rows *rows, Payment *payment, const PayCode *code)
{
    Payer payer;
    TRY(payer_get(rows, code->payer, &payer));
    memcpy(payment->payer, payer.id, sizeof(payment->payer));
    const PayerProof proof = { false, AUTH_ONE }; /* the code, of one use: something held */
    Status s = order_identity_admit(rows, &work->order.identity, payer.id);
    if (status_ok(s)) s = payment_begin(rows, payment, &payer, proof, work->rules);
    if (status_ok(s)) return OK;
    if (!refusal_is_business(s)) return s;
    payment->state = TRADE_PAYERROR;
    payment->reason = s.code;
    return OK;
}

static Status codepay_new(PaymentCodepay *work, Rows *rows, const Merchant *merchant)
{
    const PaymentOrder *order = &work->order;
    PayCode code;
    PayerBarcode barcode;
    Payment payment;
    TRY(order_check(order));
    if (work->rules->terms_required) TRY(merchant_terms_admit(rows, order->mchid));
    REQUIRE(order->money.minor <= merchant->limit_minor, REFUSED_MERCHANT_LIMIT);
    TRY(pay_code_get(rows, work->code_digest, &code));
    REQUIRE(code.state == PAY_CODE_LIVE, REFUSED_PAY_CODE_INVALID);
    REQUIRE(code.expires_us > rows_now_us(rows), REFUSED_PAY_CODE_INVALID);
    TRY(payer_barcode_get(rows, code.payer, &barcode));
    REQUIRE(code.created_us >= barcode.codes_from_us, REFUSED_PAY_CODE_INVALID);

    TRY(payment_of_order(order, &work->ids, rows_now_us(rows), &payment));
    payment.trade_type = TRADE_MICROPAY;
    payment.payee_account = merchant->account;
    memcpy(payment.request_hash, work->request_hash, sizeof(payment.request_hash));
    TRY(settle(work, rows, &payment, &code));
    TRY(pay_code_use(rows, &code, payment.transaction_id));
    TRY(payment_insert(rows, &payment));
    if (order->identity.named) TRY(order_identity_insert(rows, order));
    work->payment = payment;
    return OK;
}

static Status codepay_decide(PaymentCodepay *work, Rows *rows)
{
    const PaymentOrder *order = &work->order;
    const Row *row = NULL;
    Merchant merchant;
    TRY(merchant_admit(rows, order->mchid, order->serial, &merchant));
    TRY(payment_row(rows, order->mchid, order->out_trade_no, &row));
    work->repeated = row != NULL;
    if (!work->repeated) return codepay_new(work, rows, &merchant);
    return payment_repeat(row, work->request_hash, rows_now_us(rows), &work->payment);
}

static Status codepay_run(Unit *unit, Rows *rows)
{
    PaymentCodepay *work = (PaymentCodepay *)unit;
    const Status s = codepay_decide(work, rows);
    const Record record = { .kind = AUDIT_ORDER_CODEPAY,
        .role = "merchant",
        .actor = work->order.mchid,
        .mchid = work->order.mchid,
        .payment = &work->payment,
        .subject = work->order.out_trade_no,
        .nonce_digest = work->order.nonce_digest,
        .quiet = work->repeated };
    return record_end(rows, &record, s);
}

void payment_codepay_unit(PaymentCodepay *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = codepay_gather, .run = codepay_run, .done = done };
    work->repeated = false;
    work->auth_code[PAY_CODE_DIGITS] = 0;
    pay_code_digest(span_of_text(work->auth_code), work->code_digest);
    order_hash(&work->order, TRADE_MICROPAY, work->code_digest, work->request_hash);
    bytes_wipe(work->auth_code, sizeof(work->auth_code));
}
