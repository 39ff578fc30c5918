#include "payment/order.h"

#include "access/merchant_terms.h"
#include "payment/fee.h"
#include "payment/order_identity.h"
#include "payment/order_payer.h"
#include "payment/payment_rows.h"

/* --- native, app, jsapi, h5 --- */

static Status native_gather(Unit *unit, Rows *rows)
{
    const PaymentNative *work = (const PaymentNative *)unit;
    const PaymentOrder *order = &work->order;
    const Row *row = NULL;
    int64_t account = 0;
    TRY(merchant_gather(rows, order->mchid, order->serial, &account));
    TRY(account_gather(rows, account));
    TRY(fee_gather(rows, order->mchid, order->money.currency));
    TRY(order_identity_gather(rows, order));
    return payment_row(rows, order->mchid, order->out_trade_no, &row);
}

static Status native_decide(PaymentNative *work, Rows *rows)
{
    const PaymentOrder *order = &work->order;
    const Row *row = NULL;
    Merchant merchant;
    Account payee;
    Payment payment;
    TRY(merchant_admit(rows, order->mchid, order->serial, &merchant));
    TRY(payment_row(rows, order->mchid, order->out_trade_no, &row));
    work->repeated = row != NULL;
    if (work->repeated)
        return payment_repeat(row, work->request_hash, rows_now_us(rows), &work->payment);

    TRY(order_check(order));
    if (work->terms_required) TRY(merchant_terms_admit(rows, order->mchid));
    REQUIRE(order->money.minor <= merchant.limit_minor, REFUSED_MERCHANT_LIMIT);
    TRY(account_get(rows, merchant.account, &payee));
    REQUIRE(payee.currency == order->money.currency, REFUSED_ACCOUNT_CURRENCY);
    TRY(payment_of_order(order, &work->ids, rows_now_us(rows), &payment));
    payment.trade_type = work->type;
    payment.state = TRADE_NOTPAY;
    payment.payee_account = merchant.account;
    memcpy(payment.request_hash, work->request_hash, sizeof(payment.request_hash));
    TRY(payment_insert(rows, &payment));
    if (order->openid[0] != 0) TRY(order_payer_insert(rows, order));
    if (order->identity.named) TRY(order_identity_insert(rows, order));
    work->payment = payment;
    return OK;
}

static Status native_run(Unit *unit, Rows *rows)
{
    PaymentNative *work = (PaymentNative *)unit;
    const Status s = native_decide(work, rows);
    const Record record = { .kind = AUDIT_ORDER_CREATE,
        .role = "merchant",
        .actor = work->order.mchid,
        .mchid = work->order.mchid,
        .payment = &work->payment,
        .subject = work->order.out_trade_no,
        .nonce_digest = work->order.nonce_digest,
        .quiet = work->repeated };
    return record_end(rows, &record, s);
}

void payment_native_unit(PaymentNative *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = native_gather, .run = native_run, .done = done };
    work->repeated = false;
    order_hash(&work->order, work->type, NULL, work->request_hash);
}

/* --- query --- */

/* The row of this name, or NULL. */
static Status query_row(PaymentQuery *work, Rows *rows, const Row **ret_row)
{
    if (work->by == PAYMENT_BY_OUT_TRADE_NO)
        return payment_row(rows, work->mchid, work->name, ret_row);
    return payment_row_by(rows, work->by, work->name, ret_row);
}

static Status query_gather(Unit *unit, Rows *rows)
{
    PaymentQuery *work = (PaymentQuery *)unit;
    const Row *row = NULL;
    int64_t account = 0;
    if (work->serial[0] != 0) TRY(merchant_gather(rows, work->mchid, work->serial, &account));
    TRY(query_row(work, rows, &row));
    Payment payment;
    if (row == NULL || !status_ok(payment_of_row(row, &payment))) return OK; /* run() will hear */
    return order_identity_get(rows, payment.mchid, payment.out_trade_no, &work->identity);
}

static Status query_decide(PaymentQuery *work, Rows *rows)
{
    const Row *row = NULL;
    Merchant merchant;
    Payment payment;
    if (work->serial[0] != 0) TRY(merchant_admit(rows, work->mchid, work->serial, &merchant));
    TRY(query_row(work, rows, &row));
    REQUIRE(row != NULL, REFUSED_ORDER_NOT_EXIST);
    TRY(payment_of_row(row, &payment));
    /* Somebody else's order is told as no order at all: its existence is theirs too. */
    const bool theirs = work->mchid[0] != 0 && strcmp(work->mchid, payment.mchid) != 0;
    REQUIRE(!theirs, REFUSED_ORDER_NOT_EXIST);
    payment.state = payment_state_at(&payment, rows_now_us(rows));
    TRY(order_identity_get(rows, payment.mchid, payment.out_trade_no, &work->identity));
    work->payment = payment;
    return OK;
}

static Status query_run(Unit *unit, Rows *rows)
{
    PaymentQuery *work = (PaymentQuery *)unit;
    const Status s = query_decide(work, rows);
    const Record record = { .kind = AUDIT_READ,
        .role = "merchant",
        .actor = work->mchid,
        .mchid = work->mchid,
        .subject = work->name,
        .nonce_digest = work->nonce_digest,
        .quiet = true };
    /* "No such order" is an answer, not an attempt: were it told, each such question would cost a
     * commit. */
    return status_is(s, REFUSED_ORDER_NOT_EXIST) ? s : record_end(rows, &record, s);
}

void payment_query_unit(PaymentQuery *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = query_gather, .run = query_run, .done = done };
}

/* --- close --- */

static Status close_gather(Unit *unit, Rows *rows)
{
    const PaymentClose *work = (const PaymentClose *)unit;
    const Row *row = NULL;
    int64_t account = 0;
    TRY(merchant_gather(rows, work->key.mchid, work->serial, &account));
    return payment_row(rows, work->key.mchid, work->key.out_trade_no, &row);
}

static Status close_notpay(PaymentClose *work, Rows *rows, Payment *payment)
{
    const bool late = payment_state_at(payment, rows_now_us(rows)) == TRADE_CLOSED;
    payment->state = TRADE_CLOSED;
    payment->reason = late ? REFUSED_ORDER_EXPIRED : REFUSED_ORDER_CLOSED;
    TRY(payment_update(rows, payment));
    work->payment = *payment;
    return OK;
}

static Status close_decide(PaymentClose *work, Rows *rows, bool *ret_changed)
{
    const Row *row = NULL;
    Merchant merchant;
    Payment payment;
    TRY(merchant_admit(rows, work->key.mchid, work->serial, &merchant));
    TRY(payment_row(rows, work->key.mchid, work->key.out_trade_no, &row));
    REQUIRE(row != NULL, REFUSED_ORDER_NOT_EXIST);
    TRY(payment_of_row(row, &payment));
    switch (payment.state) {
    case TRADE_NOTPAY: *ret_changed = true; return close_notpay(work, rows, &payment);
    case TRADE_USERPAYING: return REFUSE(REFUSED_ORDER_PAYING);
    case TRADE_SUCCESS:
    case TRADE_REFUND: return REFUSE(REFUSED_ORDER_PAID);
    case TRADE_CLOSED:
    case TRADE_REVOKED:
    case TRADE_PAYERROR: work->payment = payment; return OK;
    }
    return REFUSE(REFUSED_ORDER_STATE);
}

static Status close_run(Unit *unit, Rows *rows)
{
    PaymentClose *work = (PaymentClose *)unit;
    bool changed = false;
    const Status s = close_decide(work, rows, &changed);
    const Record record = { .kind = AUDIT_ORDER_CLOSE,
        .role = "merchant",
        .actor = work->key.mchid,
        .mchid = work->key.mchid,
        .payment = &work->payment,
        .subject = work->key.out_trade_no,
        .nonce_digest = work->nonce_digest,
        .quiet = !changed };
    return record_end(rows, &record, s);
}

void payment_close_unit(PaymentClose *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = close_gather, .run = close_run, .done = done };
}
