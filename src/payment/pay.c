#include "payment/pay.h"

#include "base/time.h"
#include "payment/deduction.h"
#include "payment/fee.h"
#include "payment/order_claim.h"
#include "payment/order_identity.h"
#include "payment/order_payer.h"
#include "payment/payment_rows.h"

/* --- the payer's PIN --- */

static Status pay_gather(Unit *unit, Rows *rows)
{
    const PaymentPay *work = (const PaymentPay *)unit;
    const Row *row = NULL;
    int64_t account = 0;
    TRY(payment_payer_gather(rows, work->payer, &account));
    TRY(payer_door_gather(rows, work->payer, &work->door));
    TRY(account_gather(rows, account));
    TRY(payment_row_by(rows, PAYMENT_BY_PREPAY_ID, work->prepay_id, &row));
    Payment payment;
    if (row == NULL || !status_ok(payment_of_row(row, &payment))) return OK; /* run() will hear */
    TRY(order_payer_gather(rows, &payment));
    TRY(deduction_gather(rows, &payment));
    TRY(order_identity_pay_gather(rows, &payment, work->payer));
    TRY(fee_gather(rows, payment.mchid, payment.money.currency));
    return account_gather(rows, payment.payee_account);
}

static void set_grant(Payment *payment, const PaymentPay *work)
{
    payment->has_grant = true;
    memcpy(payment->grant, work->grant, sizeof(payment->grant));
}

/* The money stays held, now for the delay alone. */
static void delay(Payment *payment, int64_t now_us, const Strategy *strategy)
{
    payment->risk = RISK_DELAY;
    payment->decide_by_us = now_us + strategy->wait.delay_s * TIME_SECOND_US;
}

/* A challenge was answered in time. What waits for other reasons goes on waiting: a PIN does not
 * answer a reviewer. */
static Status pay_held(PaymentPay *work, Rows *rows, Payment *payment)
{
    work->repeated = payment->risk != RISK_CHALLENGE;
    if (work->repeated) return OK;
    REQUIRE(rows_now_us(rows) < payment->decide_by_us, REFUSED_ORDER_EXPIRED);
    set_grant(payment, work);
    if ((payment->risk_reasons & (uint32_t)REASON_AMOUNT_DELAY) != 0)
        delay(payment, rows_now_us(rows), &work->rules->strategy);
    else
        TRY(payment_capture(rows, payment));
    return payment_update(rows, payment);
}

static Status pay_order(PaymentPay *work, Rows *rows, Payment *payment, const Payer *payer)
{
    REQUIRE(rows_now_us(rows) < payment->expires_us, REFUSED_ORDER_EXPIRED);
    set_grant(payment, work);
    /* The password is known; a session's device signs, and that is a signature (公告[2015]43). */
    const PayerProof proof = { true, work->door.by_device ? AUTH_SIGNED : AUTH_ONE };
    TRY(payment_begin(rows, payment, payer, proof, work->rules));
    return payment_update(rows, payment);
}

static Status pay_by_state(PaymentPay *work, Rows *rows, Payment *payment, const Payer *payer)
{
    switch (payment->state) {
    case TRADE_NOTPAY: return pay_order(work, rows, payment, payer);
    case TRADE_USERPAYING: return pay_held(work, rows, payment);
    case TRADE_SUCCESS: work->repeated = true; return OK;
    case TRADE_CLOSED: return REFUSE(REFUSED_ORDER_CLOSED);
    case TRADE_REFUND:
    case TRADE_REVOKED:
    case TRADE_PAYERROR: return REFUSE(REFUSED_ORDER_STATE);
    }
    return REFUSE(REFUSED_ORDER_STATE);
}

static Status pay_decide(PaymentPay *work, Rows *rows)
{
    const OrderClaim claim = { .payer = work->payer,
        .door = &work->door,
        .prepay_id = work->prepay_id,
        .openid = work->openid,
        .confirmed = &work->confirmed,
        .confirmed_minor = work->confirmed_minor };
    Payer payer;
    Payment payment;
    work->repeated = false;
    TRY(order_claim(rows, &claim, &payer, &payment));
    TRY(pay_by_state(work, rows, &payment, &payer));
    work->payment = payment;
    return OK;
}

static Status pay_run(Unit *unit, Rows *rows)
{
    PaymentPay *work = (PaymentPay *)unit;
    const Status s = pay_decide(work, rows);
    const Record record = { .kind = AUDIT_ORDER_PAY,
        .role = "payer",
        .actor = work->payer,
        .mchid = "",
        .payment = &work->payment,
        .subject = work->prepay_id,
        .nonce_digest = work->nonce_digest,
        .quiet = work->repeated };
    return record_end(rows, &record, s);
}

void payment_pay_unit(PaymentPay *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = pay_gather, .run = pay_run, .done = done };
}

/* --- time --- */

static Status expire_gather(Unit *unit, Rows *rows)
{
    const PaymentExpire *work = (const PaymentExpire *)unit;
    const Row *row = NULL;
    Payment payment;
    int64_t account = 0;
    TRY(payment_row(rows, work->key.mchid, work->key.out_trade_no, &row));
    if (row == NULL || !status_ok(payment_of_row(row, &payment))) return OK; /* run() will hear */
    if (payment.payer[0] == 0) return OK;
    TRY(payment_payer_gather(rows, payment.payer, &account));
    TRY(deduction_gather(rows, &payment));
    TRY(fee_gather(rows, payment.mchid, payment.money.currency));
    TRY(account_gather(rows, payment.payer_account));
    return account_gather(rows, payment.payee_account);
}

/* A delay ends in the merchant's favour, unless the merchant cannot be paid any more or the
 * contract is over; everything else in the payer's. */
static Status expire_held(Rows *rows, Payment *payment)
{
    if (payment->risk != RISK_DELAY)
        return payment_give_back(rows, payment, REFUSED_ORDER_REFUSED_BY_DEFAULT);
    const Status s = payment_capture(rows, payment);
    if (!refusal_is_business(s)) return s;
    return payment_give_back(rows, payment, s.code);
}

static Status expire_decide(PaymentExpire *work, Rows *rows)
{
    const int64_t now_us = rows_now_us(rows);
    const Row *row = NULL;
    Payment payment;
    work->changed = false;
    TRY(payment_row(rows, work->key.mchid, work->key.out_trade_no, &row));
    REQUIRE(row != NULL, REFUSED_ORDER_NOT_EXIST);
    TRY(payment_of_row(row, &payment));
    const bool late = payment.state == TRADE_NOTPAY && now_us >= payment.expires_us;
    const bool due = payment.state == TRADE_USERPAYING && now_us >= payment.decide_by_us;
    if (late) {
        payment.state = TRADE_CLOSED;
        payment.reason = REFUSED_ORDER_EXPIRED;
    }
    if (due) TRY(expire_held(rows, &payment));
    if (late || due) TRY(payment_update(rows, &payment));
    work->payment = payment;
    work->changed = late || due;
    return OK;
}

static Status expire_run(Unit *unit, Rows *rows)
{
    PaymentExpire *work = (PaymentExpire *)unit;
    const Status s = expire_decide(work, rows);
    const Record record = { .kind = AUDIT_ORDER_EXPIRE,
        .role = "timer",
        .actor = "",
        .mchid = work->key.mchid,
        .payment = &work->payment,
        .subject = work->key.out_trade_no,
        .quiet = !work->changed };
    return record_end(rows, &record, s);
}

void payment_expire_unit(PaymentExpire *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = expire_gather, .run = expire_run, .done = done };
}
