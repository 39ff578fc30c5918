#include "api/transaction.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/mac.h"
#include "policy/detect.h"

typedef struct OrderJson {
    Span appid;
    Span mchid;
    Span description;
    Span out_trade_no;
    Span notify_url;
    Span attach;
    Span time_expire;
    Span goods_tag;
    bool support_fapiao;
    int64_t total;
    Span currency;
    Span auth_code;
    Span payer_client_ip;
    Span device_id;
    Span store_id;
    Span store_name;
    Span store_area;
    Span store_address;
} OrderJson;

#define PLACE(member) offsetof(OrderJson, member)

static const JsonField amount_fields[] = {
    { "total", JSON_INT, true, INT64_MIN, INT64_MAX, PLACE(total) },
    { "currency", JSON_TEXT, false, 3, 3, PLACE(currency) },
};

static const JsonField payer_fields[] = {
    { "auth_code", JSON_TEXT, true, 1, 32, PLACE(auth_code) },
};

static const JsonField store_fields[] = {
    { "id", JSON_TEXT, true, 1, PAYMENT_STORE_ID_BYTES_MAX, PLACE(store_id) },
    { "name", JSON_TEXT, false, 0, 256, PLACE(store_name) },
    { "area_code", JSON_TEXT, false, 0, 32, PLACE(store_area) },
    { "address", JSON_TEXT, false, 0, 512, PLACE(store_address) },
};

static const JsonField scene_fields[] = {
    { "payer_client_ip", JSON_TEXT, false, 1, 45, PLACE(payer_client_ip) },
    { "device_id", JSON_TEXT, false, 1, 32, PLACE(device_id) },
    { "store_info", JSON_RECORD, false, 0, 0, 0, store_fields,
            sizeof(store_fields) / sizeof(store_fields[0]) },
};

#define COMMON_FIELDS                                                                              \
    { "appid", JSON_TEXT, true, 1, PAYMENT_APPID_BYTES_MAX, PLACE(appid) },                        \
            { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, PLACE(mchid) },                  \
            { "description", JSON_TEXT, true, 1, PAYMENT_DESCRIPTION_BYTES_MAX,                    \
                PLACE(description) },                                                              \
            { "out_trade_no", JSON_TEXT, true, PAYMENT_OUT_TRADE_NO_MIN, PAYMENT_OUT_TRADE_NO_MAX, \
                PLACE(out_trade_no) },                                                             \
            { "attach", JSON_TEXT, false, 0, PAYMENT_ATTACH_BYTES_MAX, PLACE(attach) },            \
            { "goods_tag", JSON_TEXT, false, 0, 32, PLACE(goods_tag) },                            \
            { "support_fapiao", JSON_BOOL, false, 0, 0, PLACE(support_fapiao) },                   \
            { "amount", JSON_RECORD, true, 0, 0, 0, amount_fields,                                 \
                sizeof(amount_fields) / sizeof(amount_fields[0]) },                                \
    {                                                                                              \
        "scene_info", JSON_RECORD, false, 0, 0, 0, scene_fields,                                   \
                sizeof(scene_fields) / sizeof(scene_fields[0])                                     \
    }

static const JsonField native_fields[] = {
    COMMON_FIELDS,
    { "notify_url", JSON_TEXT, true, 8, PAYMENT_NOTIFY_URL_BYTES_MAX, PLACE(notify_url) },
    { "time_expire", JSON_TEXT, false, 20, 40, PLACE(time_expire) },
};

static const JsonField codepay_fields[] = {
    COMMON_FIELDS,
    { "notify_url", JSON_TEXT, false, 8, PAYMENT_NOTIFY_URL_BYTES_MAX, PLACE(notify_url) },
    { "payer", JSON_RECORD, true, 0, 0, 0, payer_fields,
            sizeof(payer_fields) / sizeof(payer_fields[0]) },
};

/* What the tables cannot say. `*ret_field` names what is wrong. */
static Status check_order(
        const Passage *p, const OrderJson *json, PaymentOrder *order, const char **ret_field)
{
    *ret_field = "mchid";
    REQUIRE(span_equal(json->mchid, span_of_text(p->mchid)), REFUSED_ORDER_FIELD);
    *ret_field = "out_trade_no";
    REQUIRE(payment_out_trade_no_is_valid(json->out_trade_no), REFUSED_ORDER_FIELD);
    *ret_field = "amount.total";
    REQUIRE(json->total > 0, REFUSED_AMOUNT_NOT_POSITIVE);
    REQUIRE(json->total <= LEDGER_MINOR_MAX, REFUSED_ORDER_FIELD);
    *ret_field = "amount.currency";
    order->money = (Money) { json->total, CURRENCY_CNY };
    if (json->currency.size > 0) TRY(currency_parse(json->currency, &order->money.currency));
    *ret_field = "time_expire";
    order->time_expire_us = 0;
    if (json->time_expire.size > 0) TRY(time_parse(json->time_expire, &order->time_expire_us));
    *ret_field = "description";
    TRY(detect_free_text(json->description));
    *ret_field = "attach";
    TRY(detect_free_text(json->attach));
    *ret_field = "scene_info.store_info.id";
    return detect_free_text(json->store_id);
}

static void fill_order(const Passage *p, const OrderJson *json, PaymentOrder *order)
{
    passage_text(order->mchid, sizeof(order->mchid), span_of_text(p->mchid));
    passage_text(order->serial, sizeof(order->serial), span_of_text(p->serial));
    passage_text(order->out_trade_no, sizeof(order->out_trade_no), json->out_trade_no);
    passage_text(order->appid, sizeof(order->appid), json->appid);
    passage_text(order->description, sizeof(order->description), json->description);
    passage_text(order->attach, sizeof(order->attach), json->attach);
    passage_text(order->notify_url, sizeof(order->notify_url), json->notify_url);
    passage_text(order->store_id, sizeof(order->store_id), json->store_id);
    memcpy(order->nonce_digest, p->nonce_digest, sizeof(order->nonce_digest));
}

bool transaction_read_order(Passage *p, PaymentOrder *ret_order, char (*ret_auth_code)[19])
{
    const bool codepay = ret_auth_code != NULL;
    OrderJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    const bool read = codepay
            ? passage_read_json(p, codepay_fields,
                    sizeof(codepay_fields) / sizeof(codepay_fields[0]), &json, &document)
            : passage_read_json(p, native_fields, sizeof(native_fields) / sizeof(native_fields[0]),
                    &json, &document);
    if (!read) return false;

    const char *field = "";
    Status s = check_order(p, &json, ret_order, &field);
    if (status_ok(s) && codepay) {
        field = "payer.auth_code";
        if (!pay_code_is_valid(json.auth_code)) s = REFUSE(REFUSED_PAY_CODE_INVALID);
    }
    if (!status_ok(s)) {
        JsonProblem problem = { 0 };
        passage_text(problem.field, sizeof(problem.field), span_of_text(field));
        passage_refuse(p, s, &problem);
        return false;
    }
    fill_order(p, &json, ret_order);
    if (codepay) passage_text(*ret_auth_code, sizeof(*ret_auth_code), json.auth_code);
    return true;
}

void transaction_openid(
        const House *house, const Payment *payment, char ret_openid[TRANSACTION_OPENID_BYTES + 1])
{
    MacKey key;
    uint8_t mac[MAC_BYTES_MAX];
    uint8_t text[TRANSACTION_OPENID_BYTES];
    Buffer hex = BUFFER_OF(text);
    const Span secret = SPAN_OF(house->pseudonym_key);
    mac_key_init(&key, MAC_HMAC_SHA256, secret);
    const Span parts[] = { span_of_text(payment->mchid), SPAN("\n"), span_of_text(payment->payer) };
    mac_make(&key, parts, 3, mac);
    mac_key_wipe(&key);
    ASSERT(status_ok(hex_encode((Span) { mac, TRANSACTION_OPENID_BYTES / 2 - 1 }, &hex)));
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

static void write_paid(JsonWriter *w, const House *house, const Payment *payment)
{
    uint8_t time_bytes[TIME_TEXT_BYTES];
    Buffer time = BUFFER_OF(time_bytes);
    ASSERT(status_ok(time_format(payment->success_time_us, &time)));
    char openid[TRANSACTION_OPENID_BYTES + 1];
    transaction_openid(house, payment, openid);
    json_key_text(w, "transaction_id", span_of_text(payment->transaction_id));
    json_key_text(w, "bank_type", SPAN("OTHERS"));
    json_key_text(w, "success_time", span_of_buffer(&time));
    json_key_object(w, "payer");
    json_key_text(w, "openid", span_of_text(openid));
    json_close(w);
}

Status transaction_write(const House *house, const Payment *payment, Buffer *ret_body)
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
    if (payment->state == TRADE_SUCCESS) write_paid(&w, house, payment);
    json_key_object(&w, "amount");
    const Span currency = span_of_text(currency_name(payment->money.currency));
    json_key_int(&w, "total", payment->money.minor);
    if (payment->state == TRADE_SUCCESS) {
        json_key_int(&w, "payer_total", payment->money.minor);
        json_key_text(&w, "payer_currency", currency);
    }
    json_key_text(&w, "currency", currency);
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}
