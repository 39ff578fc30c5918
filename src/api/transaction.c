#include "api/transaction.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/mac.h"
#include "text/json.h"

void transaction_openid(const House *house, const char *mchid, const char *payer,
        char ret_openid[PAYMENT_OPENID_BYTES + 1])
{
    MacKey key;
    uint8_t mac[MAC_BYTES_MAX];
    uint8_t text[PAYMENT_OPENID_BYTES];
    Buffer hex = BUFFER_OF(text);
    const Span secret = SPAN_OF(house->pseudonym_key);
    mac_key_init(&key, MAC_HMAC_SHA256, secret);
    const Span parts[] = { span_of_text(mchid), SPAN("\n"), span_of_text(payer) };
    mac_make(&key, parts, 3, mac);
    mac_key_wipe(&key);
    ASSERT(status_ok(hex_encode((Span) { mac, PAYMENT_OPENID_BYTES / 2 - 1 }, &hex)));
    ret_openid[0] = 'o';
    ret_openid[1] = 'H';
    memcpy(ret_openid + 2, text, hex.size);
    ret_openid[2 + hex.size] = 0;
}

static Span state_description(TradeState state)
{
    switch (state) {
    case TRADE_SUCCESS: return SPAN("支付成功");
    case TRADE_REFUND: return SPAN("转入退款");
    case TRADE_NOTPAY: return SPAN("订单未支付");
    case TRADE_CLOSED: return SPAN("订单已关闭");
    case TRADE_REVOKED: return SPAN("订单已撤销");
    case TRADE_USERPAYING: return SPAN("用户支付中，需要输入密码");
    case TRADE_PAYERROR: return SPAN("支付失败，请下单重新支付");
    }
    return SPAN("");
}

/* It may have been given back since. */
static bool is_paid(const Payment *payment)
{
    const TradeState state = payment->state;
    if (state == TRADE_SUCCESS || state == TRADE_REFUND) return true;
    return state == TRADE_REVOKED && payment->success_time_us != 0;
}

/* What the merchant said of the person, masked and under his own key; never what the house knows
 * beyond it. Paid means that vaultd found the payer to be that person. */
static Status write_identity(JsonWriter *w, const OrderIdentity *identity)
{
    uint8_t text_bytes[4 * (IDENTITY_SHOWN_BYTES_MAX + 2) / 3];
    Buffer text = BUFFER_OF(text_bytes);
    if (identity == NULL || !identity->named) return OK;
    TRY(base64_encode((Span) { identity->shown, identity->shown_size }, &text));
    json_key_object(w, "identity");
    json_key_bool(w, "matched", true);
    json_key_text(w, "name", span_of_buffer(&text));
    json_key_text(w, "serial_no", span_of_text(identity->serial));
    json_close(w);
    return OK;
}

static Status write_paid(
        JsonWriter *w, const House *house, const Payment *payment, const OrderIdentity *identity)
{
    uint8_t time_bytes[TIME_TEXT_BYTES];
    Buffer time = BUFFER_OF(time_bytes);
    ASSERT(status_ok(time_format(payment->success_time_us, &time)));
    char openid[PAYMENT_OPENID_BYTES + 1];
    transaction_openid(house, payment->mchid, payment->payer, openid);
    json_key_text(w, "transaction_id", span_of_text(payment->transaction_id));
    json_key_text(w, "bank_type", SPAN("OTHERS"));
    json_key_text(w, "success_time", span_of_buffer(&time));
    json_key_object(w, "payer");
    json_key_text(w, "openid", span_of_text(openid));
    TRY(write_identity(w, identity));
    json_close(w);
    return OK;
}

Status transaction_write(
        const House *house, const Payment *payment, const OrderIdentity *identity, Buffer *ret_body)
{
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "appid", span_of_text(payment->appid));
    json_key_text(&w, "mchid", span_of_text(payment->mchid));
    json_key_text(&w, "out_trade_no", span_of_text(payment->out_trade_no));
    json_key_text(&w, "trade_type", span_of_text(trade_type_name(payment->trade_type)));
    json_key_text(&w, "trade_state", span_of_text(trade_state_name(payment->state)));
    json_key_text(&w, "trade_state_desc", state_description(payment->state));
    if (payment->attach[0] != 0) json_key_text(&w, "attach", span_of_text(payment->attach));
    const bool paid = is_paid(payment);
    if (paid) TRY(write_paid(&w, house, payment, identity));
    json_key_object(&w, "amount");
    const Span currency = span_of_text(currency_name(payment->money.currency));
    json_key_int(&w, "total", payment->money.minor);
    if (paid) {
        json_key_int(&w, "payer_total", payment->money.minor);
        json_key_text(&w, "payer_currency", currency);
    }
    json_key_text(&w, "currency", currency);
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}
