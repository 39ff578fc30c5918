#include "payment/refund.h"

#include "payment/payment_rows.h"
#include "payment/refund_rows.h"

/* --- refund --- */

static Status request_check(const RefundRequest *request)
{
    const bool named = request->out_trade_no[0] != 0 || request->transaction_id[0] != 0;
    const int64_t minor = request->money.minor;
    REQUIRE(named, REFUSED_ORDER_FIELD);
    REQUIRE(refund_number_is_valid(span_of_text(request->number)), REFUSED_ORDER_FIELD);
    REQUIRE(span_is_utf8(span_of_text(request->reason)), REFUSED_ORDER_FIELD);
    REQUIRE(span_is_utf8(span_of_text(request->notify_url)), REFUSED_ORDER_FIELD);
    REQUIRE(minor > 0, REFUSED_AMOUNT_NOT_POSITIVE);
    REQUIRE(minor <= LEDGER_MINOR_MAX, REFUSED_ORDER_FIELD);
    return OK;
}

/* The order's row by whichever of its numbers was given, or NULL. */
static Status order_row(const RefundRequest *request, Rows *rows, const Row **ret_row)
{
    if (request->transaction_id[0] != 0)
        return payment_row_by(rows, PAYMENT_BY_TRANSACTION_ID, request->transaction_id, ret_row);
    return payment_row(rows, request->mchid, request->out_trade_no, ret_row);
}

static Status refund_make_gather(Unit *unit, Rows *rows)
{
    const RefundRequest *request = &((const PaymentRefund *)unit)->request;
    const Row *order = NULL;
    const Row *stored = NULL;
    int64_t account = 0;
    TRY(merchant_gather(rows, request->mchid, request->serial, &account));
    TRY(refund_row(rows, request->mchid, request->number, &stored));
    TRY(order_row(request, rows, &order));
    return order == NULL ? OK : refund_gather(rows, order);
}

/* Whether the names that were given are this order's, and it is this merchant's. */
static bool is_named(const RefundRequest *request, const char *mchid, const char *out_trade_no,
        const char *transaction_id)
{
    if (strcmp(request->mchid, mchid) != 0) return false;
    if (request->out_trade_no[0] != 0 && strcmp(request->out_trade_no, out_trade_no) != 0)
        return false;
    return request->transaction_id[0] == 0 || strcmp(request->transaction_id, transaction_id) == 0;
}

static Status refund_repeat(PaymentRefund *work, const Row *row)
{
    const RefundRequest *request = &work->request;
    Refund stored;
    TRY(refund_of_row(row, &stored));
    const bool same = is_named(request, stored.mchid, stored.out_trade_no, stored.transaction_id)
            && request->money.minor == stored.money.minor
            && request->money.currency == stored.money.currency
            && request->total_minor == stored.total_minor
            && strcmp(request->reason, stored.reason) == 0
            && strcmp(request->notify_url, stored.notify_url) == 0;
    REQUIRE(same, REFUSED_REFUND_CONFLICT);
    work->refund = stored;
    return OK;
}

/* Somebody else's order is told as no order at all: its existence is theirs too. */
static Status order_of(const RefundRequest *request, Rows *rows, Payment *ret_payment)
{
    const Row *row = NULL;
    TRY(order_row(request, rows, &row));
    REQUIRE(row != NULL, REFUSED_ORDER_NOT_EXIST);
    TRY(payment_of_row(row, ret_payment));
    const bool named = is_named(
            request, ret_payment->mchid, ret_payment->out_trade_no, ret_payment->transaction_id);
    REQUIRE(named, REFUSED_ORDER_NOT_EXIST);
    return OK;
}

static Status refund_new(PaymentRefund *work, Rows *rows)
{
    const RefundRequest *request = &work->request;
    Payment payment;
    Refunded before;
    TRY(order_of(request, rows, &payment));
    const bool paid = payment.state == TRADE_SUCCESS || payment.state == TRADE_REFUND;
    REQUIRE(paid, REFUSED_REFUND_NOT_PAID);
    REQUIRE(request->total_minor == payment.money.minor, REFUSED_REFUND_TOTAL_OTHER);
    REQUIRE(request->money.currency == payment.money.currency, REFUSED_REFUND_TOTAL_OTHER);
    REQUIRE(rows_now_us(rows) - payment.success_time_us <= work->rules.period_us,
            REFUSED_REFUND_TOO_LATE);
    TRY(refunded_get(rows, &payment, &before));

    Refund refund = { .money = request->money };
    memcpy(refund.number, request->number, sizeof(refund.number));
    memcpy(refund.refund_id, work->refund_id, sizeof(refund.refund_id));
    memcpy(refund.reason, request->reason, sizeof(refund.reason));
    memcpy(refund.notify_url, request->notify_url, sizeof(refund.notify_url));
    TRY(refund_give_back(rows, &payment, &before, TRADE_REFUND, &refund));
    work->refund = refund;
    return OK;
}

static Status refund_decide(PaymentRefund *work, Rows *rows)
{
    const Row *stored = NULL;
    Merchant merchant;
    TRY(merchant_admit(rows, work->request.mchid, work->request.serial, &merchant));
    TRY(request_check(&work->request));
    TRY(refund_row(rows, work->request.mchid, work->request.number, &stored));
    work->repeated = stored != NULL;
    return work->repeated ? refund_repeat(work, stored) : refund_new(work, rows);
}

/* "SUCCESS 50... N42 30 of 100" */
static Status put_detail(const Refund *refund, Buffer *ret_detail)
{
    TRY(buffer_print(ret_detail, "%s %s %s %lld of %lld", refund_state_name(refund->state),
            refund->refund_id, refund->out_trade_no, (long long)refund->money.minor,
            (long long)refund->total_minor));
    return buffer_put_u8(ret_detail, 0);
}

static Status refund_run(Unit *unit, Rows *rows)
{
    PaymentRefund *work = (PaymentRefund *)unit;
    uint8_t detail_bytes[AUDIT_DETAIL_BYTES_MAX];
    Buffer detail = BUFFER_OF(detail_bytes);
    const Status s = refund_decide(work, rows);
    if (status_ok(s)) TRY(put_detail(&work->refund, &detail));
    const Record record = { .kind = AUDIT_REFUND,
        .role = "merchant",
        .actor = work->request.mchid,
        .mchid = work->request.mchid,
        .subject = work->request.number,
        .nonce_digest = work->request.nonce_digest,
        .detail = status_ok(s) ? (const char *)detail_bytes : NULL,
        .quiet = work->repeated };
    return record_end(rows, &record, s);
}

void payment_refund_unit(PaymentRefund *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = refund_make_gather, .run = refund_run, .done = done };
    work->repeated = false;
}

/* --- query --- */

static Status query_gather(Unit *unit, Rows *rows)
{
    const PaymentRefundQuery *work = (const PaymentRefundQuery *)unit;
    const Row *row = NULL;
    int64_t account = 0;
    TRY(merchant_gather(rows, work->mchid, work->serial, &account));
    return refund_row(rows, work->mchid, work->number, &row);
}

static Status query_decide(PaymentRefundQuery *work, Rows *rows)
{
    const Row *row = NULL;
    Merchant merchant;
    TRY(merchant_admit(rows, work->mchid, work->serial, &merchant));
    TRY(refund_row(rows, work->mchid, work->number, &row));
    REQUIRE(row != NULL, REFUSED_REFUND_UNKNOWN);
    return refund_of_row(row, &work->refund);
}

static Status query_run(Unit *unit, Rows *rows)
{
    PaymentRefundQuery *work = (PaymentRefundQuery *)unit;
    const Status s = query_decide(work, rows);
    const Record record = { .kind = AUDIT_READ,
        .role = "merchant",
        .actor = work->mchid,
        .mchid = work->mchid,
        .subject = work->number,
        .nonce_digest = work->nonce_digest,
        .quiet = true };
    /* "No such refund" is an answer, not an attempt: were it told, each such question would cost a
     * commit. */
    return status_is(s, REFUSED_REFUND_UNKNOWN) ? s : record_end(rows, &record, s);
}

void payment_refund_query_unit(PaymentRefundQuery *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = query_gather, .run = query_run, .done = done };
}
