#include "api/refund_json.h"

#include "api/order_json.h"
#include "api/passage.h"
#include "base/time.h"
#include "policy/detect.h"

enum { GOODS_MAX = 6000 };

typedef struct RefundJson {
    Span transaction_id;
    Span out_trade_no;
    Span out_refund_no;
    Span reason;
    Span notify_url;
    Span funds_account;
    const JsonValue *goods_detail;
    int64_t refund;
    int64_t total;
    Span currency;
} RefundJson;

#define PLACE(member) offsetof(RefundJson, member)

static const JsonField amount_fields[] = {
    { "refund", JSON_INT, true, INT64_MIN, INT64_MAX, PLACE(refund) },
    { "total", JSON_INT, true, INT64_MIN, INT64_MAX, PLACE(total) },
    { "currency", JSON_TEXT, true, 3, 3, PLACE(currency) },
};

static const JsonField refund_fields[] = {
    { "transaction_id", JSON_TEXT, false, 1, PAYMENT_TRANSACTION_ID_BYTES, PLACE(transaction_id) },
    { "out_trade_no", JSON_TEXT, false, PAYMENT_OUT_TRADE_NO_MIN, PAYMENT_OUT_TRADE_NO_MAX,
            PLACE(out_trade_no) },
    { "out_refund_no", JSON_TEXT, true, 1, REFUND_NUMBER_BYTES_MAX, PLACE(out_refund_no) },
    { "reason", JSON_TEXT, false, 0, REFUND_REASON_BYTES_MAX, PLACE(reason) },
    { "notify_url", JSON_TEXT, false, 8, PAYMENT_NOTIFY_URL_BYTES_MAX, PLACE(notify_url) },
    { "funds_account", JSON_TEXT, false, 1, 32, PLACE(funds_account) },
    { "goods_detail", JSON_LIST, false, 0, GOODS_MAX, PLACE(goods_detail) },
    { "amount", JSON_RECORD, true, 0, 0, 0, amount_fields,
            sizeof(amount_fields) / sizeof(amount_fields[0]) },
};

static Status check_names(const RefundJson *json, const char **ret_field)
{
    *ret_field = "out_refund_no";
    REQUIRE(refund_number_is_valid(json->out_refund_no), REFUSED_ORDER_FIELD);
    *ret_field = "transaction_id";
    REQUIRE(json->transaction_id.size > 0 || json->out_trade_no.size > 0, REFUSED_ORDER_FIELD);
    if (json->transaction_id.size > 0)
        REQUIRE(payment_transaction_id_is_valid(json->transaction_id), REFUSED_ORDER_FIELD);
    *ret_field = "out_trade_no";
    if (json->out_trade_no.size > 0)
        REQUIRE(payment_out_trade_no_is_valid(json->out_trade_no), REFUSED_ORDER_FIELD);
    return OK;
}

static Status check_money(const RefundJson *json, Money *ret_money, const char **ret_field)
{
    Money money = { json->refund, CURRENCY_NONE };
    *ret_field = "amount.refund";
    REQUIRE(money.minor > 0, REFUSED_AMOUNT_NOT_POSITIVE);
    REQUIRE(money.minor <= json->total, REFUSED_REFUND_OVER_PAID);
    *ret_field = "amount.total";
    REQUIRE(json->total <= LEDGER_MINOR_MAX, REFUSED_ORDER_FIELD);
    *ret_field = "amount.currency";
    TRY(currency_parse(json->currency, &money.currency));
    *ret_money = money;
    return OK;
}

static Status check_content(const RefundJson *json, const char **ret_field)
{
    static const char *const names[] = { "reason", "notify_url" };
    const Span texts[] = { json->reason, json->notify_url };
    size_t first = 0;
    const Status s = detect_fields(texts, sizeof(texts) / sizeof(texts[0]), &first);
    if (!status_ok(s)) *ret_field = names[first];
    TRY(s);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *ret_field = names[i];
        TRY(detect_kept_text(texts[i]));
    }
    return OK;
}

static Status judge(const RefundJson *json, Money *ret_money, const char **ret_field)
{
    TRY(check_names(json, ret_field));
    TRY(check_money(json, ret_money, ret_field));
    *ret_field = "notify_url";
    if (json->notify_url.size > 0)
        REQUIRE(order_notify_url_is_valid(json->notify_url), REFUSED_ORDER_FIELD);
    return check_content(json, ret_field);
}

static void fill(const RefundJson *json, Span mchid, RefundRequest *r)
{
    passage_text(r->mchid, sizeof(r->mchid), mchid);
    passage_text(r->number, sizeof(r->number), json->out_refund_no);
    passage_text(r->out_trade_no, sizeof(r->out_trade_no), json->out_trade_no);
    passage_text(r->transaction_id, sizeof(r->transaction_id), json->transaction_id);
    passage_text(r->reason, sizeof(r->reason), json->reason);
    passage_text(r->notify_url, sizeof(r->notify_url), json->notify_url);
    r->total_minor = json->total;
}

Status refund_read(Span body, Span mchid, RefundRequest *ret_request, JsonProblem *problem)
{
    RefundJson json = { 0 };
    Money money = { 0 };
    const char *field = "";
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(body, &document, problem));
    TRY(json_read_request(document, json_root(document), refund_fields,
            sizeof(refund_fields) / sizeof(refund_fields[0]), &json, problem));
    const Status s = judge(&json, &money, &field);
    if (!status_ok(s)) {
        *problem = (JsonProblem) { 0 };
        passage_text(problem->field, sizeof(problem->field), span_of_text(field));
        return s;
    }
    fill(&json, mchid, ret_request);
    ret_request->money = money;
    return OK;
}

/* --- out --- */

/* What the payer paid and what the merchant was paid are one: nothing is discounted here. */
static void put_amount(JsonWriter *w, const Refund *refund)
{
    const int64_t minor = refund->money.minor;
    const int64_t total = refund->total_minor;
    json_key_object(w, "amount");
    json_key_int(w, "total", total);
    json_key_int(w, "refund", minor);
    json_key_int(w, "payer_total", total);
    json_key_int(w, "payer_refund", minor);
    json_key_int(w, "settlement_total", total);
    json_key_int(w, "settlement_refund", minor);
    json_key_int(w, "discount_refund", 0);
    json_key_text(w, "currency", span_of_text(currency_name(refund->money.currency)));
    json_close(w);
}

Status refund_write(const Refund *refund, Buffer *ret_body)
{
    uint8_t created_bytes[TIME_TEXT_BYTES];
    uint8_t success_bytes[TIME_TEXT_BYTES];
    Buffer created = BUFFER_OF(created_bytes);
    Buffer success = BUFFER_OF(success_bytes);
    TRY(time_format(refund->created_us, &created));
    if (refund->success_time_us != 0) TRY(time_format(refund->success_time_us, &success));
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "refund_id", span_of_text(refund->refund_id));
    json_key_text(&w, "out_refund_no", span_of_text(refund->number));
    json_key_text(&w, "transaction_id", span_of_text(refund->transaction_id));
    json_key_text(&w, "out_trade_no", span_of_text(refund->out_trade_no));
    json_key_text(&w, "channel", SPAN("ORIGINAL")); /* to the account that paid */
    json_key_text(&w, "user_received_account", SPAN("支付用户零钱"));
    if (success.size > 0) json_key_text(&w, "success_time", span_of_buffer(&success));
    json_key_text(&w, "create_time", span_of_buffer(&created));
    json_key_text(&w, "status", span_of_text(refund_state_name(refund->state)));
    put_amount(&w, refund);
    json_close(&w);
    return json_finish(&w);
}
