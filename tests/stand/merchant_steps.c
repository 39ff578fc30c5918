#include "merchant_steps.h"

#include "text/json.h"

#include <stdio.h>
#include <time.h>

typedef struct AnswerJson {
    Span code;
    Span code_url;
    Span h5_url;
    Span trade_state;
    Span transaction_id;
    const JsonValue *detail;
    const JsonValue *amount;
    Span field;
    Span refund_id;
    Span refund_status;
    int64_t total;
    int64_t refund;
} AnswerJson;

#define PLACE(member) offsetof(AnswerJson, member)

static const JsonField answer_fields[] = {
    { "code", JSON_TEXT, false, 0, 63, PLACE(code) },
    { "code_url", JSON_TEXT, false, 0, 127, PLACE(code_url) },
    { "h5_url", JSON_TEXT, false, 0, 127, PLACE(h5_url) },
    { "trade_state", JSON_TEXT, false, 0, 31, PLACE(trade_state) },
    { "transaction_id", JSON_TEXT, false, 0, 63, PLACE(transaction_id) },
    { "refund_id", JSON_TEXT, false, 0, 63, PLACE(refund_id) },
    { "status", JSON_TEXT, false, 0, 31, PLACE(refund_status) },
    { "detail", JSON_RECORD, false, 0, 0, PLACE(detail) },
    { "amount", JSON_RECORD, false, 0, 0, PLACE(amount) },
};
static const JsonField detail_fields[] = { { "field", JSON_TEXT, false, 0, 127, PLACE(field) } };
static const JsonField amount_fields[] = {
    { "total", JSON_INT, false, INT64_MIN, INT64_MAX, PLACE(total) },
    { "refund", JSON_INT, false, INT64_MIN, INT64_MAX, PLACE(refund) },
};

#define COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))

static void keep(char *ret_text, size_t capacity, Span text)
{
    ASSERT(text.size < capacity);
    if (text.size > 0) memcpy(ret_text, text.data, text.size);
    ret_text[text.size] = 0;
}

static Status read_body(Span body, AnswerJson *json, JsonDocument **document)
{
    JsonProblem problem = { 0 };
    TRY(json_parse(body, document, &problem));
    const JsonValue *root = json_root(*document);
    TRY(json_read_some(*document, root, answer_fields, COUNT(answer_fields), json, &problem));
    if (json->detail != NULL)
        TRY(json_read_some(*document, json->detail, detail_fields, 1, json, &problem));
    if (json->amount != NULL)
        TRY(json_read_some(
                *document, json->amount, amount_fields, COUNT(amount_fields), json, &problem));
    return OK;
}

void step_read(int status, Span body, Answered *ret)
{
    *ret = (Answered) { .status = status };
    if (body.size == 0) return;
    AnswerJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!status_ok(read_body(body, &json, &document))) {
        keep(ret->code, sizeof(ret->code), SPAN("(unreadable)"));
        return;
    }
    keep(ret->code, sizeof(ret->code), json.code);
    keep(ret->field, sizeof(ret->field), json.field);
    keep(ret->code_url, sizeof(ret->code_url), json.code_url);
    keep(ret->h5_url, sizeof(ret->h5_url), json.h5_url);
    keep(ret->trade_state, sizeof(ret->trade_state), json.trade_state);
    keep(ret->transaction_id, sizeof(ret->transaction_id), json.transaction_id);
    keep(ret->refund_id, sizeof(ret->refund_id), json.refund_id);
    keep(ret->refund_status, sizeof(ret->refund_status), json.refund_status);
    ret->total = json.total;
    ret->refund = json.refund;
}

Status step_call(const MerchantApp *app, HttpClient *http, const char *method, const char *target,
        const char *body, Answered *ret)
{
    MerchantAnswer answer = { 0 };
    TRY(merchant_app_call(app, http, method, span_of_text(target), span_of_text(body), &answer));
    step_read(answer.status, answer.body, ret);
    return OK;
}

Status step_native(
        const MerchantApp *app, HttpClient *http, const char *number, int64_t minor, Answered *ret)
{
    char body[1024];
    snprintf(body, sizeof(body),
            "{\"appid\":\"wxstand\",\"mchid\":\"%s\",\"description\":\"Image test "
            "图像\",\"out_trade_no\":\"%s\","
            "\"notify_url\":\"https://merchant.example/"
            "notify\",\"amount\":{\"total\":%lld,\"currency\":\"CNY\"}}",
            app->mchid, number, (long long)minor);
    return step_call(app, http, "POST", "/v3/pay/transactions/native", body, ret);
}

Status step_h5(
        const MerchantApp *app, HttpClient *http, const char *number, int64_t minor, Answered *ret)
{
    char body[1024];
    snprintf(body, sizeof(body),
            "{\"appid\":\"wxstand\",\"mchid\":\"%s\",\"description\":\"A book\","
            "\"out_trade_no\":\"%s\",\"notify_url\":\"https://merchant.example/notify\","
            "\"amount\":{\"total\":%lld},\"scene_info\":{\"payer_client_ip\":\"127.0.0.1\","
            "\"h5_info\":{\"type\":\"Wap\"}}}",
            app->mchid, number, (long long)minor);
    return step_call(app, http, "POST", "/v3/pay/transactions/h5", body, ret);
}

Status step_codepay(const MerchantApp *app, HttpClient *http, const char *number, int64_t minor,
        const char *auth_code, Answered *ret)
{
    char body[1024];
    snprintf(body, sizeof(body),
            "{\"appid\":\"wxstand\",\"mchid\":\"%s\",\"description\":\"A "
            "book\",\"out_trade_no\":\"%s\","
            "\"amount\":{\"total\":%lld,\"currency\":\"CNY\"},\"payer\":{\"auth_code\":\"%s\"},"
            "\"scene_info\":{\"store_info\":{\"id\":\"S1\"}}}",
            app->mchid, number, (long long)minor, auth_code);
    return step_call(app, http, "POST", "/v3/pay/transactions/codepay", body, ret);
}

Status step_query(const MerchantApp *app, HttpClient *http, const char *number, Answered *ret)
{
    char target[256];
    snprintf(target, sizeof(target), "/v3/pay/transactions/out-trade-no/%s?mchid=%s", number,
            app->mchid);
    return step_call(app, http, "GET", target, "", ret);
}

Status step_query_id(const MerchantApp *app, HttpClient *http, const char *id, Answered *ret)
{
    char target[256];
    snprintf(target, sizeof(target), "/v3/pay/transactions/id/%s?mchid=%s", id, app->mchid);
    return step_call(app, http, "GET", target, "", ret);
}

Status step_close(const MerchantApp *app, HttpClient *http, const char *number, Answered *ret)
{
    char target[256];
    char body[128];
    snprintf(target, sizeof(target), "/v3/pay/transactions/out-trade-no/%s/close", number);
    snprintf(body, sizeof(body), "{\"mchid\":\"%s\"}", app->mchid);
    return step_call(app, http, "POST", target, body, ret);
}

Status step_refund(const MerchantApp *app, HttpClient *http, const char *number,
        const char *out_refund_no, int64_t refund, int64_t total, Answered *ret)
{
    char body[1024];
    snprintf(body, sizeof(body),
            "{\"out_trade_no\":\"%s\",\"out_refund_no\":\"%s\",\"reason\":\"退货\","
            "\"notify_url\":\"https://merchant.example/refunds\","
            "\"goods_detail\":[{\"merchant_goods_id\":\"1217752501201407033233368018\","
            "\"unit_price\":%lld,\"refund_amount\":%lld,\"refund_quantity\":1}],"
            "\"amount\":{\"refund\":%lld,\"total\":%lld,\"currency\":\"CNY\"}}",
            number, out_refund_no, (long long)refund, (long long)refund, (long long)refund,
            (long long)total);
    return step_call(app, http, "POST", "/v3/refund/domestic/refunds", body, ret);
}

Status step_refund_query(
        const MerchantApp *app, HttpClient *http, const char *out_refund_no, Answered *ret)
{
    char target[256];
    snprintf(target, sizeof(target), "/v3/refund/domestic/refunds/%s", out_refund_no);
    return step_call(app, http, "GET", target, "", ret);
}

Status step_reverse(const MerchantApp *app, HttpClient *http, const char *number, Answered *ret)
{
    char target[256];
    char body[128];
    snprintf(target, sizeof(target), "/v3/pay/transactions/out-trade-no/%s/reverse", number);
    snprintf(body, sizeof(body), "{\"appid\":\"wxstand\",\"mchid\":\"%s\"}", app->mchid);
    return step_call(app, http, "POST", target, body, ret);
}

int step_believed(const MerchantApp *app, HttpClient *http)
{
    Answered answered = { 0 };
    const Status s = step_query(app, http, "NOSUCH-1", &answered);
    return status_ok(s) ? answered.status : 0;
}

bool step_await_believed(const MerchantApp *app, HttpClient *http, int wanted)
{
    enum { TRIES_MAX = 600, POLL_MS = 50 };
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        const struct timespec wait = { 0, POLL_MS * 1000000L };
        if (step_believed(app, http) == wanted) return true;
        nanosleep(&wait, NULL);
    }
    return false;
}
