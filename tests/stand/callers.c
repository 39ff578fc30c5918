#include "callers.h"

#include "admin_client.h"
#include "base/encoding.h"
#include "command.h"
#include "crypto/certificate.h"
#include "crypto/tls.h"

#include <stdio.h>

typedef struct AddedJson {
    Span certificate;
    Span authority;
} AddedJson;

static const JsonField added_fields[] = {
    { "certificate_pem", JSON_TEXT, true, 1, 8192, offsetof(AddedJson, certificate) },
    { "authority_pem", JSON_TEXT, true, 1, 8192, offsetof(AddedJson, authority) },
};

static Status make_request(
        const char *name, const char *tenant, const char *rights, Span csr, Buffer *ret_json)
{
    Cursor c = cursor_of(span_of_text(rights));
    JsonWriter w = json_writer_for(ret_json, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("caller.add"));
    json_key_text(&w, "name", span_of_text(name));
    json_key_text(&w, "tenant", span_of_text(tenant));
    json_key_text(&w, "key_pem", csr);
    json_key_array(&w, "rights");
    while (c.rest.size > 0) {
        Span right = c.rest;
        if (!status_ok(cursor_until(&c, ',', &right))) c.rest.size = 0;
        json_item_text(&w, right);
    }
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}

static Status make_context(Span answer, StandCaller *caller)
{
    JsonProblem problem = { 0 };
    AddedJson json = { 0 };
    uint8_t key_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer key = BUFFER_OF(key_bytes);
    Buffer chain = BUFFER_OF(caller->certificate_pem);
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), added_fields, 2, &json, &problem));
    TRY(buffer_put(&chain, json.certificate));
    TRY(private_key_to_pem(caller->key, &key));
    caller->certificate_pem_size = chain.size;
    const TlsIdentity identity = { span_of_buffer(&chain), span_of_buffer(&key) };
    return tls_client_context(json.authority, &identity, &caller->tls);
}

static Status ask_for(Stand *stand, const char *const texts[3], const PrivateKey *key, Buffer *ret)
{
    static uint8_t csr_bytes[SIGN_KEY_PEM_BYTES_MAX];
    static uint8_t request_bytes[32768];
    Buffer csr = BUFFER_OF(csr_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    TRY(certificate_request(key, span_of_text(texts[0]), &csr));
    TRY(make_request(texts[0], texts[1], texts[2], span_of_buffer(&csr), &request));
    return admin_ask(stand->folder, span_of_buffer(&request), ret);
}

Status stand_caller_with(Stand *stand, const char *name, const char *tenant, const char *rights,
        const PrivateKey *key)
{
    static uint8_t answer_bytes[32768];
    Buffer answer = BUFFER_OF(answer_bytes);
    return ask_for(stand, (const char *const[]) { name, tenant, rights }, key, &answer);
}

Status stand_caller(
        Stand *stand, const char *name, const char *tenant, const char *rights, StandCaller *ret)
{
    static uint8_t answer_bytes[32768];
    Buffer answer = BUFFER_OF(answer_bytes);
    *ret = (StandCaller) { 0 };
    TRY(private_key_generate(KEY_P256, &ret->key));
    TRY(ask_for(stand, (const char *const[]) { name, tenant, rights }, ret->key, &answer));
    return make_context(span_of_buffer(&answer), ret);
}

void stand_caller_done(StandCaller *caller)
{
    if (caller->tls != NULL) tls_context_free(&caller->tls);
    private_key_free(&caller->key);
    *caller = (StandCaller) { 0 };
}

static void put_path(const Stand *stand, const char *name, char ret[STAND_PATH_BYTES_MAX])
{
    snprintf(ret, STAND_PATH_BYTES_MAX, "%s", stand_path(stand, name));
}

Status stand_caller_settings(const Stand *stand, const StandCaller *caller, StandCallerFiles *files,
        HufuSettings *ret_settings)
{
    uint8_t key_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer key = BUFFER_OF(key_bytes);
    put_path(stand, "run/hufud/ca.pem", files->authority);
    put_path(stand, "demo/caller.pem", files->certificate);
    put_path(stand, "demo/caller.key.pem", files->key);
    put_path(stand, "demo/platform.pem", files->platform);
    TRY(private_key_to_pem(caller->key, &key));
    TRY(file_write(files->certificate, 0600,
            (Span) { caller->certificate_pem, caller->certificate_pem_size }));
    TRY(file_write(files->key, 0600, span_of_buffer(&key)));
    *ret_settings = (HufuSettings) { .host = "localhost",
        .port = stand->service_port,
        .authority_file = files->authority,
        .certificate_file = files->certificate,
        .key_file = files->key,
        .platform_file = files->platform };
    return OK;
}

Status stand_caller_revoke(const Stand *stand, const char *name)
{
    uint8_t request_bytes[256];
    uint8_t answer_bytes[256];
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("caller.revoke"));
    json_key_text(&w, "name", span_of_text(name));
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(stand->folder, span_of_buffer(&request), &answer);
}

Status stand_service(const Stand *stand, struct ssl_ctx_st *tls, HttpClient **ret_http)
{
    const HttpClientConfig config = {
        .address = "127.0.0.1", .port = stand->service_port, .tls = tls, .server_name = "localhost"
    };
    return http_client_open(&config, ret_http);
}

typedef struct BoxJson {
    Span public_key;
    Span nonce;
    int64_t key_id;
    int64_t suite;
} BoxJson;

static const JsonField box_fields[] = {
    { "key_id", JSON_INT, true, 0, UINT32_MAX, offsetof(BoxJson, key_id) },
    { "suite", JSON_INT, true, 1, 2, offsetof(BoxJson, suite) },
    { "public_key", JSON_TEXT, true, 1, 256, offsetof(BoxJson, public_key) },
};
static const JsonField challenge_fields[] = {
    { "nonce", JSON_TEXT, true, 32, 32, offsetof(BoxJson, nonce) },
};

static Status read_answer(HttpClient *http, const char *target, const JsonField *fields,
        size_t count, BoxJson *ret, JsonDocument **ret_document)
{
    HttpAnswer answer = { 0 };
    JsonProblem problem = { 0 };
    TRY(stand_service_call(http, target, SPAN(""), &answer));
    REQUIRE(answer.status == 200, REFUSED_CALLER_UNKNOWN);
    TRY(json_parse(answer.body, ret_document, &problem));
    const JsonValue *root = json_root(*ret_document);
    return json_read_some(*ret_document, root, fields, count, ret, &problem);
}

Status stand_service_box(
        HttpClient *http, const BoxContext *context, Span plain, Buffer *ret_base64)
{
    BoxJson json = { 0 };
    BoxContext whole = *context;
    const Random random = random_system();
    const Clock clock = clock_system();
    uint8_t point_bytes[BOX_POINT_BYTES];
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer point = BUFFER_OF(point_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    Buffer nonce = BUFFER_OF(whole.server_nonce);
    CLEANUP(json_free) JsonDocument *key_document = NULL;
    CLEANUP(json_free) JsonDocument *challenge_document = NULL;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(read_answer(http, "/vault/v1/box-key", box_fields, 3, &json, &key_document));
    TRY(read_answer(http, "/vault/v1/challenge", challenge_fields, 1, &json, &challenge_document));
    TRY(base64_decode(json.public_key, &point));
    TRY(hex_decode(json.nonce, &nonce));
    whole.expiry_us = clock_now_us(&clock) + INT64_C(60000000);
    TRY(public_key_from_point(
            json.suite == BOX_SM2_SM4_GCM ? KEY_SM2 : KEY_P256, span_of_buffer(&point), &key));
    TRY(box_seal(key, (uint32_t)json.key_id, &random, &whole, plain, &box));
    return base64_encode(span_of_buffer(&box), ret_base64);
}

Status stand_service_call(HttpClient *http, const char *target, Span json, HttpAnswer *ret_answer)
{
    const HttpHeader headers[] = { { "Content-Type", SPAN("application/json") },
        { "Accept-Language", SPAN("en") } };
    const bool reads = json.size == 0;
    const HttpCall call = { .method = reads ? "GET" : "POST",
        .target = span_of_text(target),
        .headers = headers,
        .header_count = 2,
        .body = json };
    return http_client_call(http, &call, ret_answer);
}
