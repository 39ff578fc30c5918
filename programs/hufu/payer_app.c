#include "payer_app.h"

#include "command.h"
#include "payer_phone.h"

#include "base/encoding.h"
#include "base/time.h"
#include "policy/purposes.h"
#include "text/json.h"

#include <stdio.h>

enum {
    BOX_TEXT_BYTES_MAX = 2 * BOX_BYTES_MAX,
    REQUEST_BYTES_MAX = BOX_TEXT_BYTES_MAX + 512,
    TARGET_BYTES_MAX = 256,
    CODES_MARGIN_US = 5000000, /* a code this near its end is not shown to a scanner */
};
static const Span code_url_prefix = { (const uint8_t *)"hufu://pay/", 11 };
static const Span payee_url_prefix = { (const uint8_t *)"hufu://payee/", 13 };

/* --- the box --- */

Status box_key_pin(const char *folder, BoxKey *key)
{
    char path[PATH_BYTES_MAX];
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    PublicKey *platform = NULL;
    TRY(file_read(path_in(path, folder, "platform.pem"), &pem));
    TRY(public_key_from_pem(span_of_buffer(&pem), &platform));
    public_key_free(&key->platform);
    key->platform = platform;
    return OK;
}

/* --- asking --- */

Status payer_key_fetch(HttpClient *http, BoxKey *key, PayerAnswer *ret_answer)
{
    const Clock clock = clock_system();
    if (key->key != NULL && clock_now_us(&clock) < key->expires_us) return OK;
    Span body = { 0 };
    TRY(payer_ask(NULL, http, "GET", SPAN("/payer/v1/box-key"), SPAN(""), ret_answer, &body));
    return box_key_read(body, key);
}

Status box_key_fetch(HttpClient *http, BoxKey *key)
{
    PayerAnswer answer = { 0 };
    return payer_key_fetch(http, key, &answer);
}

MUST_USE static Status nonce_read(Span text, uint8_t ret_nonce[BOX_NONCE_BYTES])
{
    Buffer nonce = { ret_nonce, 0, BOX_NONCE_BYTES };
    TRY(hex_decode(text, &nonce));
    REQUIRE(nonce.size == BOX_NONCE_BYTES, REFUSED_ENCODING_INVALID);
    return OK;
}

Status payer_challenge_fetch(
        HttpClient *http, PayerAnswer *ret_answer, uint8_t ret_nonce[BOX_NONCE_BYTES])
{
    static const JsonField fields[] = { { "nonce", JSON_TEXT, true, 1, 64, 0 } };
    JsonProblem problem = { 0 };
    Span body = { 0 };
    Span nonce = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(payer_ask(NULL, http, "GET", SPAN("/payer/v1/challenge"), SPAN(""), ret_answer, &body));
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &nonce, &problem));
    return nonce_read(nonce, ret_nonce);
}

typedef struct CodesJson {
    const JsonValue *codes;
    int64_t expires_us;
} CodesJson;

static const JsonField codes_fields[] = {
    { "codes", JSON_LIST, true, 1, PAYER_APP_CODES_MAX, offsetof(CodesJson, codes) },
    { "expires_us", JSON_INT, true, 0, INT64_MAX, offsetof(CodesJson, expires_us) },
};

MUST_USE static Status codes_read(PayerApp *app, Span body)
{
    JsonProblem problem = { 0 };
    CodesJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), codes_fields, 2, &json, &problem));
    const size_t count = json_list_size(json.codes);
    for (size_t i = 0; i < count; i++) {
        Span code = { 0 };
        TRY(json_list_text(document, json.codes, i, PAYER_APP_CODE_BYTES_MAX - 1, &code, &problem));
        memset(app->codes[i], 0, PAYER_APP_CODE_BYTES_MAX);
        memcpy(app->codes[i], code.data, code.size);
    }
    app->codes_left = count;
    app->codes_expire_us = json.expires_us;
    return OK;
}

/* A request that names no order: the PIN in a box for `purpose` and a fresh challenge. `count` 0:
 * none is asked for. */
MUST_USE static Status prove(const PayerApp *app, HttpClient *http, BoxKey *key, BoxPurpose purpose,
        int64_t count, PayerAnswer *ret_answer, Buffer *ret_request)
{
    BoxWish wish = {
        .data_class = CLASS_PIN, .purpose = (uint16_t)purpose, .payee = span_of_text(app->id)
    };
    uint8_t box_bytes[BOX_TEXT_BYTES_MAX];
    uint8_t nonce_bytes[2 * BOX_NONCE_BYTES];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer nonce = BUFFER_OF(nonce_bytes);
    TRY(payer_key_fetch(http, key, ret_answer));
    TRY(payer_challenge_fetch(http, ret_answer, wish.nonce));
    TRY(box_make(key, &wish, span_of_text(app->pin), &box));
    TRY(hex_encode(SPAN_OF(wish.nonce), &nonce));
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "payer_id", span_of_text(app->id));
    json_key_text(&w, "box", span_of_buffer(&box));
    json_key_text(&w, "nonce", span_of_buffer(&nonce));
    if (count > 0) json_key_int(&w, "count", count);
    json_close(&w);
    return json_finish(&w);
}

MUST_USE static Status codes_fetch(
        PayerApp *app, HttpClient *http, BoxKey *key, PayerAnswer *ret_answer)
{
    uint8_t request_bytes[REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(request_bytes);
    Span body = { 0 };
    TRY(prove(app, http, key, BOX_PURPOSE_CODES, PAYER_APP_CODES_MAX, ret_answer, &request));
    TRY(payer_ask(app->phone, http, "POST", SPAN("/payer/v1/codes"), span_of_buffer(&request),
            ret_answer, &body));
    return codes_read(app, body);
}

Status payer_app_code(PayerApp *app, HttpClient *http, BoxKey *key, PayerAnswer *ret_answer,
        const char **ret_code)
{
    const Clock clock = clock_system();
    const bool stale = clock_now_us(&clock) + CODES_MARGIN_US > app->codes_expire_us;
    if (app->codes_left == 0 || stale) TRY(codes_fetch(app, http, key, ret_answer));
    *ret_code = app->codes[--app->codes_left];
    return OK;
}

typedef struct OrderJson {
    Span mchid;
    Span out_trade_no;
    Span nonce;
    int64_t total;
} OrderJson;

static const JsonField amount_fields[] = {
    { "total", JSON_INT, true, 1, INT64_MAX, offsetof(OrderJson, total) },
};

static const JsonField order_fields[] = {
    { "mchid", JSON_TEXT, true, 1, BOX_NAME_BYTES_MAX, offsetof(OrderJson, mchid) },
    { "out_trade_no", JSON_TEXT, true, 1, BOX_NAME_BYTES_MAX, offsetof(OrderJson, out_trade_no) },
    { "nonce", JSON_TEXT, true, 1, 64, offsetof(OrderJson, nonce) },
    { "amount", JSON_RECORD, true, 0, 0, 0, amount_fields, 1 },
};

/* The PIN in a box for exactly this payment, and whose it is. */
MUST_USE static Status put_confirmation(
        const PayerApp *app, const BoxKey *key, const BoxWish *wish, Buffer *ret_request)
{
    uint8_t box_bytes[BOX_TEXT_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    TRY(box_make(key, wish, span_of_text(app->pin), &box));
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "payer_id", span_of_text(app->id));
    json_key_text(&w, "box", span_of_buffer(&box));
    json_close(&w);
    return json_finish(&w);
}

/* The order that the payer sees is what the box is made for. */
MUST_USE static Status confirm_box(
        const PayerApp *app, const BoxKey *key, Span order_text, Buffer *ret_request)
{
    JsonProblem problem = { 0 };
    OrderJson order = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(order_text, &document, &problem));
    TRY(json_read_some(document, json_root(document), order_fields, 4, &order, &problem));
    BoxWish wish = { .data_class = CLASS_PIN,
        .purpose = BOX_PURPOSE_PAY,
        .minor = order.total,
        .tenant = order.mchid,
        .order = order.out_trade_no,
        .payee = order.mchid };
    TRY(nonce_read(order.nonce, wish.nonce));
    return put_confirmation(app, key, &wish, ret_request);
}

/* The path at `door` for what a code_url names behind its prefix. */
MUST_USE static Status target_of(Span code_url, Span prefix, const char *door, Buffer *ret_target)
{
    REQUIRE(code_url.size > prefix.size, REFUSED_HTTP_ANSWER_INVALID);
    REQUIRE(span_equal((Span) { code_url.data, prefix.size }, prefix), REFUSED_HTTP_ANSWER_INVALID);
    TRY(buffer_put(ret_target, span_of_text(door)));
    return buffer_put(
            ret_target, (Span) { code_url.data + prefix.size, code_url.size - prefix.size });
}

Status payer_app_pay(
        PayerApp *app, HttpClient *http, BoxKey *key, Span code_url, PayerAnswer *ret_answer)
{
    uint8_t target_bytes[TARGET_BYTES_MAX];
    uint8_t request_bytes[REQUEST_BYTES_MAX];
    Buffer target = BUFFER_OF(target_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    /* Copied: code_url may be borrowed from this client. */
    TRY(target_of(code_url, code_url_prefix, "/payer/v1/orders/", &target));
    TRY(payer_key_fetch(http, key, ret_answer));
    Span body = { 0 };
    TRY(payer_ask(app->phone, http, "GET", span_of_buffer(&target), SPAN(""), ret_answer, &body));
    TRY(confirm_box(app, key, body, &request));
    TRY(buffer_put(&target, SPAN("/pay")));
    return payer_ask(app->phone, http, "POST", span_of_buffer(&target), span_of_buffer(&request),
            ret_answer, &body);
}

/* --- a merchant's static code --- */

typedef struct PayeeJson {
    Span payee;
    Span mchid;
    Span out_trade_no;
    Span nonce;
    int64_t limit_minor;
} PayeeJson;

static const JsonField payee_fields[] = {
    { "payee", JSON_TEXT, true, 1, sizeof(((PayeeShown *)NULL)->payee) - 1,
            offsetof(PayeeJson, payee) },
    { "mchid", JSON_TEXT, true, 1, BOX_NAME_BYTES_MAX, offsetof(PayeeJson, mchid) },
    { "out_trade_no", JSON_TEXT, true, 1, BOX_NAME_BYTES_MAX, offsetof(PayeeJson, out_trade_no) },
    { "nonce", JSON_TEXT, true, 1, 64, offsetof(PayeeJson, nonce) },
    { "limit_minor", JSON_INT, true, 1, INT64_MAX, offsetof(PayeeJson, limit_minor) },
};

MUST_USE static Status payee_read(Span body, PayeeShown *ret)
{
    JsonProblem problem = { 0 };
    PayeeJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), payee_fields, 5, &json, &problem));
    *ret = (PayeeShown) { .limit_minor = json.limit_minor };
    memcpy(ret->payee, json.payee.data, json.payee.size);
    memcpy(ret->mchid, json.mchid.data, json.mchid.size);
    memcpy(ret->out_trade_no, json.out_trade_no.data, json.out_trade_no.size);
    return nonce_read(json.nonce, ret->nonce);
}

Status payer_app_payee(PayerApp *app, HttpClient *http, Span code_url, PayerAnswer *ret_answer,
        PayeeShown *ret_shown)
{
    uint8_t target_bytes[TARGET_BYTES_MAX];
    Buffer target = BUFFER_OF(target_bytes);
    Span body = { 0 };
    TRY(target_of(code_url, payee_url_prefix, "/payer/v1/payee-codes/", &target));
    TRY(payer_ask(app->phone, http, "GET", span_of_buffer(&target), SPAN(""), ret_answer, &body));
    return payee_read(body, ret_shown);
}

Status payer_app_pay_payee(PayerApp *app, HttpClient *http, BoxKey *key, Span code_url,
        const PayeeShown *shown, int64_t minor, PayerAnswer *ret_answer)
{
    uint8_t target_bytes[TARGET_BYTES_MAX];
    uint8_t request_bytes[REQUEST_BYTES_MAX];
    Buffer target = BUFFER_OF(target_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    BoxWish wish = { .data_class = CLASS_PIN,
        .purpose = BOX_PURPOSE_PAY,
        .minor = minor,
        .tenant = span_of_text(shown->mchid),
        .order = span_of_text(shown->out_trade_no),
        .payee = span_of_text(shown->mchid) };
    Span body = { 0 };
    memcpy(wish.nonce, shown->nonce, sizeof(wish.nonce));
    TRY(payer_key_fetch(http, key, ret_answer));
    TRY(put_confirmation(app, key, &wish, &request));
    TRY(target_of(code_url, payee_url_prefix, "/payer/v1/payee-codes/", &target));
    TRY(buffer_put(&target, SPAN("/pay")));
    return payer_ask(app->phone, http, "POST", span_of_buffer(&target), span_of_buffer(&request),
            ret_answer, &body);
}

/* --- what waits for the PIN --- */

typedef struct WaitingJson {
    Span prepay_id;
    Span mchid;
    Span out_trade_no;
} WaitingJson;

static const JsonField waiting_fields[] = {
    { "prepay_id", JSON_TEXT, true, 1, PAYER_APP_PREPAY_ID_BYTES_MAX,
            offsetof(WaitingJson, prepay_id) },
    { "mchid", JSON_TEXT, true, 1, BOX_NAME_BYTES_MAX, offsetof(WaitingJson, mchid) },
    { "out_trade_no", JSON_TEXT, true, 1, BOX_NAME_BYTES_MAX, offsetof(WaitingJson, out_trade_no) },
};

/* The code_url of this order in the list; refuses ORDER_NOT_EXIST when it is not there. */
MUST_USE static Status waiting_find(Span body, Span mchid, Span out_trade_no, Buffer *ret_code_url)
{
    static const JsonField fields[] = {
        { "orders", JSON_LIST, true, 0, PAYER_APP_WAITING_MAX, 0 },
    };
    JsonProblem problem = { 0 };
    const JsonValue *orders = NULL;
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &orders, &problem));
    for (size_t i = 0; i < json_list_size(orders); i++) {
        WaitingJson json = { 0 };
        const JsonValue *order = NULL;
        TRY(json_list_object(document, orders, i, &order, &problem));
        TRY(json_read_some(document, order, waiting_fields, 3, &json, &problem));
        if (!span_equal(json.mchid, mchid) || !span_equal(json.out_trade_no, out_trade_no))
            continue;
        TRY(buffer_put(ret_code_url, code_url_prefix));
        return buffer_put(ret_code_url, json.prepay_id);
    }
    return REFUSE(REFUSED_ORDER_NOT_EXIST);
}

Status payer_app_waiting(PayerApp *app, HttpClient *http, BoxKey *key, Span mchid,
        Span out_trade_no, PayerAnswer *ret_answer, Buffer *ret_code_url)
{
    uint8_t request_bytes[REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(request_bytes);
    Span body = { 0 };
    TRY(prove(app, http, key, BOX_PURPOSE_WAITING, 0, ret_answer, &request));
    TRY(payer_ask(app->phone, http, "POST", SPAN("/payer/v1/waiting"), span_of_buffer(&request),
            ret_answer, &body));
    return waiting_find(body, mchid, out_trade_no, ret_code_url);
}
