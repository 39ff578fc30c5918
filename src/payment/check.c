/* check: an order at the door, and what makes two requests the same order. */
#include "payment/payment_rows.h"

#include "base/time.h"
#include "crypto/digest.h"

static bool text_fits(const char *text, size_t least)
{
    const Span span = span_of_text(text);
    return span.size >= least && span_is_utf8(span);
}

Status order_check(const PaymentOrder *order)
{
    REQUIRE(payment_out_trade_no_is_valid(span_of_text(order->out_trade_no)), REFUSED_ORDER_FIELD);
    REQUIRE(text_fits(order->appid, 1), REFUSED_ORDER_FIELD);
    REQUIRE(text_fits(order->description, 1), REFUSED_ORDER_FIELD);
    REQUIRE(text_fits(order->attach, 0), REFUSED_ORDER_FIELD);
    REQUIRE(text_fits(order->notify_url, 0), REFUSED_ORDER_FIELD);
    REQUIRE(text_fits(order->store_id, 0), REFUSED_ORDER_FIELD);
    REQUIRE(order->money.minor > 0, REFUSED_AMOUNT_NOT_POSITIVE);
    REQUIRE(order->money.minor <= LEDGER_MINOR_MAX, REFUSED_ORDER_FIELD);
    REQUIRE(order->money.currency != CURRENCY_NONE, REFUSED_ORDER_FIELD);
    return OK;
}

Status order_expiry(const PaymentOrder *order, int64_t now_us, int64_t *ret_expires_us)
{
    if (order->time_expire_us == 0) {
        *ret_expires_us = now_us + PAYMENT_EXPIRY_DEFAULT_US;
        return OK;
    }
    REQUIRE(order->time_expire_us > now_us, REFUSED_ORDER_FIELD);
    REQUIRE(order->time_expire_us <= now_us + PAYMENT_EXPIRY_MAX_US, REFUSED_ORDER_FIELD);
    *ret_expires_us = order->time_expire_us;
    return OK;
}

/* What the merchant sent, each field framed; not what we make of it (default expiry, ids), which
 * differs each time. The signing key is left out: a repeat after a key change is still the same
 * order. */
static Status hash_fields(const PaymentOrder *o, TradeType type, const uint8_t *code, Buffer *b)
{
    TRY(buffer_put(b, SPAN("hufu-order-1")));
    TRY(buffer_put_u8(b, (uint8_t)type));
    TRY(buffer_put_framed(b, span_of_text(o->mchid)));
    TRY(buffer_put_framed(b, span_of_text(o->out_trade_no)));
    TRY(buffer_put_framed(b, span_of_text(o->appid)));
    TRY(buffer_put_framed(b, span_of_text(o->description)));
    TRY(buffer_put_framed(b, span_of_text(o->attach)));
    TRY(buffer_put_framed(b, span_of_text(o->notify_url)));
    TRY(buffer_put_framed(b, span_of_text(o->store_id)));
    TRY(buffer_put_i64(b, o->money.minor));
    TRY(buffer_put_u32(b, (uint32_t)o->money.currency));
    TRY(buffer_put_i64(b, o->time_expire_us));
    TRY(buffer_put_framed(b, (Span) { code, code != NULL ? PAYMENT_HASH_BYTES : 0 }));
    /* Only where there are such: the hashes of before there were any stay. */
    if (o->openid[0] != 0) TRY(buffer_put_framed(b, span_of_text(o->openid)));
    if (!o->identity.named) return OK;
    TRY(buffer_put(b, SPAN("identity")));
    TRY(buffer_put(b, SPAN_OF(o->identity.prints.number)));
    return buffer_put(b, SPAN_OF(o->identity.prints.name));
}

void order_hash(const PaymentOrder *order, TradeType type, const uint8_t *code_digest,
        uint8_t ret_hash[PAYMENT_HASH_BYTES])
{
    uint8_t memory[sizeof(PaymentOrder) + 256];
    Buffer fields = BUFFER_OF(memory);
    const Status s = hash_fields(order, type, code_digest, &fields);
    ASSERT(status_ok(s)); /* the fields are inline arrays: together smaller than the struct */
    sha256(span_of_buffer(&fields), ret_hash);
}

Status payment_of_order(
        const PaymentOrder *order, const PaymentIds *ids, int64_t now_us, Payment *ret)
{
    int64_t expires_us = 0;
    TRY(order_expiry(order, now_us, &expires_us));
    *ret = (Payment) { .money = order->money, .created_us = now_us, .expires_us = expires_us };
    memcpy(ret->mchid, order->mchid, sizeof(ret->mchid));
    memcpy(ret->out_trade_no, order->out_trade_no, sizeof(ret->out_trade_no));
    memcpy(ret->transaction_id, ids->transaction_id, sizeof(ret->transaction_id));
    memcpy(ret->prepay_id, ids->prepay_id, sizeof(ret->prepay_id));
    memcpy(ret->appid, order->appid, sizeof(ret->appid));
    memcpy(ret->description, order->description, sizeof(ret->description));
    memcpy(ret->attach, order->attach, sizeof(ret->attach));
    memcpy(ret->notify_url, order->notify_url, sizeof(ret->notify_url));
    memcpy(ret->store_id, order->store_id, sizeof(ret->store_id));
    return OK;
}

Status payment_repeat(
        const Row *row, const uint8_t hash[PAYMENT_HASH_BYTES], int64_t now_us, Payment *ret)
{
    Payment payment;
    TRY(payment_of_row(row, &payment));
    REQUIRE(bytes_equal_ct(payment.request_hash, hash, PAYMENT_HASH_BYTES), REFUSED_ORDER_CONFLICT);
    const TradeState state = payment_state_at(&payment, now_us);
    REQUIRE(state != TRADE_CLOSED && state != TRADE_REVOKED, REFUSED_ORDER_CONFLICT);
    *ret = payment;
    return OK;
}
