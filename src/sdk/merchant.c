/* merchant: libhufu for merchants (include/hufu/merchant.h). */
#include "sdk/connection.h"

#include "base/secret.h"
#include "crypto/tls.h"
#include "sdk/merchant_app.h"

#include <hufu/merchant.h>

#include <stdio.h>
#include <stdlib.h>

enum { AUTHORITIES_BYTES_MAX = 256 * 1024 };
#define LEARN_EACH_US INT64_C(60000000)

struct HufuMerchant {
    MerchantApp app;
    struct ssl_ctx_st *tls;
    HttpClient *http;
    int64_t learned_us;
};

/* --- opening --- */

static Status take_text(const char *text, char *ret_text, size_t capacity)
{
    REQUIRE(text != NULL && text[0] != 0 && strlen(text) < capacity, REFUSED_ORDER_FIELD);
    snprintf(ret_text, capacity, "%s", text);
    return OK;
}

static Status take_key(const char *path, MerchantApp *app)
{
    uint8_t bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(bytes);
    Status s = sdk_read_file(path, &pem);
    if (status_ok(s)) s = private_key_from_pem(span_of_buffer(&pem), &app->key);
    bytes_wipe(bytes, sizeof(bytes));
    TRY(s);
    app->profile = profile_by_algorithm(private_key_algorithm(app->key));
    REQUIRE(app->profile != NULL, REFUSED_KEY_FORMAT);
    return OK;
}

static Status take_apiv3(const char *path, MerchantApp *app)
{
    uint8_t bytes[sizeof(app->apiv3) + 1];
    Buffer text = BUFFER_OF(bytes);
    const Status s = sdk_read_file(path, &text);
    if (status_ok(s)) memcpy(app->apiv3, bytes, sizeof(app->apiv3));
    bytes_wipe(bytes, sizeof(bytes));
    TRY(s);
    REQUIRE(text.size == sizeof(app->apiv3), REFUSED_KEY_FORMAT);
    return OK;
}

static Status open_tls(const char *authority_file, struct ssl_ctx_st **ret_tls)
{
    uint8_t *bytes = malloc(AUTHORITIES_BYTES_MAX);
    CHECK(bytes != NULL, FAULT_MEMORY);
    Buffer pem = { bytes, 0, AUTHORITIES_BYTES_MAX };
    Status s = authority_file == NULL ? OK : sdk_read_file(authority_file, &pem);
    if (status_ok(s)) s = tls_client_context(span_of_buffer(&pem), NULL, ret_tls);
    free(bytes);
    return s;
}

static Status open_all(const HufuMerchantSettings *settings, HufuMerchant *m)
{
    char address[HTTP_ADDRESS_TEXT_MAX];
    TRY(take_text(settings->mchid, m->app.mchid, sizeof(m->app.mchid)));
    TRY(take_text(settings->serial_no, m->app.serial, sizeof(m->app.serial)));
    TRY(take_key(settings->key_file, &m->app));
    TRY(take_apiv3(settings->apiv3_file, &m->app));
    TRY(open_tls(settings->authority_file, &m->tls));
    TRY(sdk_resolve(settings->host, address));
    const HttpClientConfig config = { .address = address,
        .port = settings->port,
        .tls = m->tls,
        .server_name = settings->host,
        .names_port = settings->port != 443,
        .timeout_ms = settings->timeout_ms };
    TRY(http_client_open(&config, &m->http));
    return merchant_app_learn(&m->app, m->http);
}

int hufu_merchant_open(
        const HufuMerchantSettings *settings, HufuMerchant **ret_merchant, HufuError *error)
{
    if (error != NULL) *error = (HufuError) { 0 };
    HufuMerchant *m = calloc(1, sizeof(*m));
    const Status s = m != NULL ? open_all(settings, m) : BROKEN(FAULT_MEMORY);
    if (status_ok(s))
        *ret_merchant = m;
    else
        hufu_merchant_close(m);
    return sdk_result(s, error);
}

void hufu_merchant_close(HufuMerchant *m)
{
    if (m == NULL) return;
    http_client_close(&m->http);
    if (m->tls != NULL) tls_context_free(&m->tls);
    private_key_free(&m->app.key);
    public_key_free(&m->app.platform);
    bytes_wipe(m, sizeof(*m));
    free(m);
}

/* --- asking --- */

/* What signed is not known: the platform's key was turned, or a stranger says so. */
static Status learn_again(HufuMerchant *m, Status unknown)
{
    const Clock clock = clock_system();
    const int64_t now_us = clock_now_us(&clock);
    const int64_t age_us = now_us - m->learned_us;
    if (age_us >= 0 && age_us < LEARN_EACH_US) return unknown;
    m->learned_us = now_us;
    return merchant_app_learn(&m->app, m->http);
}

/* A bill is not signed: its hash, which came before, was. */
static bool is_download(Span target)
{
    const Span path = SPAN("/v3/billdownload/");
    return target.size >= path.size && span_equal((Span) { target.data, path.size }, path);
}

static Status download(HufuMerchant *m, const char *method, Span target, MerchantAnswer *ret_answer)
{
    MerchantApp unbelieving = m->app;
    unbelieving.platform = NULL;
    return merchant_app_call(&unbelieving, m->http, method, target, SPAN(""), ret_answer);
}

/* With the new key the request is asked again: it is the same request. */
static Status call(
        HufuMerchant *m, const char *method, Span target, Span body, MerchantAnswer *ret_answer)
{
    const Status s = merchant_app_call(&m->app, m->http, method, target, body, ret_answer);
    if (!status_is(s, REFUSED_MERCHANT_KEY_UNKNOWN)) return s;
    TRY(learn_again(m, s));
    return merchant_app_call(&m->app, m->http, method, target, body, ret_answer);
}

int hufu_merchant_call(HufuMerchant *m, const char *method, const char *target, const char *body,
        HufuAnswer *ret_answer, HufuError *error)
{
    MerchantAnswer answer = { 0 };
    if (error != NULL) *error = (HufuError) { 0 };
    const bool is_bill = is_download(span_of_text(target));
    const Span sent = body == NULL ? SPAN("") : span_of_text(body);
    const Status s = is_bill ? download(m, method, span_of_text(target), &answer)
                             : call(m, method, span_of_text(target), sent, &answer);
    if (!status_ok(s)) return sdk_result(s, error);
    if (answer.status != 200 && answer.status != 204) {
        sdk_keep_error(answer.status, answer.body, error);
        return -1;
    }
    *ret_answer = (HufuAnswer) { answer.status, (const char *)answer.body.data, answer.body.size,
        is_bill ? 0 : 1 };
    return 0;
}

/* --- being told --- */

static Status verify(HufuMerchant *m, const HufuNotification *n)
{
    static _Thread_local uint8_t memory[MESSAGE_CANONICAL_BYTES_MAX];
    Buffer scratch = BUFFER_OF(memory);
    const Clock clock = clock_system();
    const AnswerParts parts = { span_of_text(n->timestamp), span_of_text(n->nonce),
        span_of_text(n->signature), span_of_text(n->serial),
        { (const uint8_t *)n->body, n->body_size } };
    const Status s = client_verify_parts(m->app.profile, m->app.platform,
            span_of_text(m->app.platform_serial), &parts, clock_now_us(&clock), &scratch);
    if (!status_is(s, REFUSED_MERCHANT_KEY_UNKNOWN)) return s;
    TRY(learn_again(m, s));
    return client_verify_parts(m->app.profile, m->app.platform,
            span_of_text(m->app.platform_serial), &parts, clock_now_us(&clock), &scratch);
}

static Status open_resource(HufuMerchant *m, const HufuNotification *n, Buffer *ret_resource)
{
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(verify(m, n));
    TRY(json_parse((Span) { (const uint8_t *)n->body, n->body_size }, &document, &problem));
    return merchant_app_open(&m->app, document, json_root(document), "resource", ret_resource);
}

int hufu_merchant_notification(HufuMerchant *m, const HufuNotification *notification,
        char *ret_resource, size_t capacity, HufuError *error)
{
    if (error != NULL) *error = (HufuError) { 0 };
    if (capacity == 0) return sdk_result(REFUSE(REFUSED_BUFFER_FULL), error);
    Buffer resource = { (uint8_t *)ret_resource, 0, capacity - 1 };
    const Status s = open_resource(m, notification, &resource);
    ret_resource[status_ok(s) ? resource.size : 0] = 0;
    return sdk_result(s, error);
}
