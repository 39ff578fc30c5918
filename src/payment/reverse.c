/* reverse: a terminal that got no answer undoes the whole order, whatever became of it. */
#include "payment/payment_rows.h"
#include "payment/refund_rows.h"

#include <stdio.h>

static Status reverse_gather(Unit *unit, Rows *rows)
{
    const PaymentReverse *work = (const PaymentReverse *)unit;
    const Row *row = NULL;
    Payment payment;
    int64_t account = 0;
    TRY(merchant_gather(rows, work->key.mchid, work->serial, &account));
    TRY(payment_row(rows, work->key.mchid, work->key.out_trade_no, &row));
    if (row == NULL || !status_ok(payment_of_row(row, &payment))) return OK; /* run() will hear */
    if (payment.payer[0] != 0) TRY(payment_payer_gather(rows, payment.payer, &account));
    return refund_gather(rows, row);
}

static Status revoke(Rows *rows, Payment *payment)
{
    payment->state = TRADE_REVOKED;
    payment->reason = REFUSED_ORDER_CLOSED;
    return payment_update(rows, payment);
}

/* The refund has a name that no merchant can give: '/' is none of its characters. */
static Status reverse_paid(PaymentReverse *work, Rows *rows, Payment *payment)
{
    Refunded before;
    Refund refund = { .money = payment->money };
    REQUIRE(rows_now_us(rows) - payment->success_time_us <= work->rules.reverse_us,
            REFUSED_REVERSE_TOO_LATE);
    TRY(refunded_get(rows, payment, &before));
    snprintf(refund.number, sizeof(refund.number), "reverse/%s", payment->out_trade_no);
    memcpy(refund.refund_id, work->refund_id, sizeof(refund.refund_id));
    return refund_give_back(rows, payment, &before, TRADE_REVOKED, &refund);
}

static Status reverse_by_state(PaymentReverse *work, Rows *rows, Payment *payment)
{
    work->changed = true;
    switch (payment->state) {
    case TRADE_NOTPAY: return revoke(rows, payment);
    case TRADE_USERPAYING:
        REQUIRE(!payment_is_at_bank(payment), REFUSED_ORDER_PAYING);
        TRY(payment_give_back(rows, payment, REFUSED_ORDER_CLOSED));
        return revoke(rows, payment);
    case TRADE_SUCCESS: return reverse_paid(work, rows, payment);
    case TRADE_REFUND: break;
    case TRADE_CLOSED:
    case TRADE_REVOKED:
    case TRADE_PAYERROR: work->changed = false; return OK;
    }
    return REFUSE(REFUSED_ORDER_STATE);
}

static Status reverse_decide(PaymentReverse *work, Rows *rows)
{
    const Row *row = NULL;
    Merchant merchant;
    Payment payment;
    work->changed = false;
    TRY(merchant_admit(rows, work->key.mchid, work->serial, &merchant));
    TRY(payment_row(rows, work->key.mchid, work->key.out_trade_no, &row));
    REQUIRE(row != NULL, REFUSED_ORDER_NOT_EXIST);
    TRY(payment_of_row(row, &payment));
    REQUIRE(strcmp(work->appid, payment.appid) == 0, REFUSED_ORDER_FIELD);
    TRY(reverse_by_state(work, rows, &payment));
    work->payment = payment;
    return OK;
}

static Status reverse_run(Unit *unit, Rows *rows)
{
    PaymentReverse *work = (PaymentReverse *)unit;
    const Status s = reverse_decide(work, rows);
    const Record record = { .kind = AUDIT_ORDER_REVERSE,
        .role = "merchant",
        .actor = work->key.mchid,
        .mchid = work->key.mchid,
        .payment = &work->payment,
        .subject = work->key.out_trade_no,
        .nonce_digest = work->nonce_digest,
        .quiet = !work->changed };
    return record_end(rows, &record, s);
}

void payment_reverse_unit(PaymentReverse *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = reverse_gather, .run = reverse_run, .done = done };
}
