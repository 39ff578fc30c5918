#include "sdk/merchant_app.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/aead.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"

#include <poll.h>

enum { PAUSE_FIRST_MS = 20, PAUSE_MS_MAX = 1000 };

/* --- asking --- */

MUST_USE static Status call_once(const MerchantApp *app, HttpClient *http, const char *method,
        Span target, Span body, HttpAnswer *ret_answer)
{
    uint8_t canonical[MERCHANT_APP_BODY_BYTES_MAX];
    uint8_t header[CLIENT_AUTHORIZATION_BYTES_MAX];
    Buffer scratch = BUFFER_OF(canonical);
    Buffer authorization = BUFFER_OF(header);
    char nonce[CLIENT_NONCE_BYTES];
    const Random random = random_system();
    const Clock clock = clock_system();
    const MessageSigner signer = { app->profile, app->key, span_of_text(app->mchid),
        span_of_text(app->serial) };
    TRY(client_nonce(&random, nonce));
    TRY(client_sign(&signer, span_of_text(method), target, body,
            clock_now_us(&clock) / TIME_SECOND_US, SPAN_OF(nonce), &scratch, &authorization));
    const HttpHeader headers[] = {
        { "Authorization", span_of_buffer(&authorization) },
        { "Accept", SPAN("application/json") },
        { "Content-Type", SPAN("application/json") },
        { "User-Agent", SPAN("hufu") },
    };
    const HttpCall call = { method, target, headers, sizeof(headers) / sizeof(headers[0]), body };
    TRY(http_client_call(http, &call, ret_answer));
    if (app->platform == NULL || ret_answer->status < 200 || ret_answer->status > 299) return OK;
    return client_verify_answer(app->profile, app->platform, span_of_text(app->platform_serial),
            ret_answer, clock_now_us(&clock), &scratch);
}

/* Nobody knows whether it was done: the same order asked again gets the stored outcome. */
static bool ask_again(Status s, int http_status)
{
    if (status_is(s, REFUSED_HTTP_CLOSED) || status_is(s, REFUSED_HTTP_TIMEOUT)) return true;
    if (status_is(s, REFUSED_HTTP_CONNECT)) return true;
    if (!status_ok(s)) return false;
    return http_status == 202 || http_status == 429 || http_status == 502 || http_status == 503;
}

Status merchant_app_call(const MerchantApp *app, HttpClient *http, const char *method, Span target,
        Span body, MerchantAnswer *ret_answer)
{
    const unsigned tries_max = app->tries_max == 0 ? MERCHANT_APP_TRIES_MAX : app->tries_max;
    int pause_ms = PAUSE_FIRST_MS;
    for (unsigned tries = 1;; tries++) {
        HttpAnswer answer = { 0 };
        const Status s = call_once(app, http, method, target, body, &answer);
        if (!ask_again(s, answer.status) || tries == tries_max) {
            TRY(s);
            *ret_answer = (MerchantAnswer) { answer.status, answer.body, tries };
            return OK;
        }
        poll(NULL, 0, pause_ms);
        pause_ms = pause_ms * 2 > PAUSE_MS_MAX ? PAUSE_MS_MAX : pause_ms * 2;
    }
}

/* --- what came sealed --- */

typedef struct SealedJson {
    Span algorithm;
    Span nonce;
    Span associated_data;
    Span ciphertext;
} SealedJson;

static const JsonField sealed_fields[] = {
    { "algorithm", JSON_TEXT, true, 1, 32, offsetof(SealedJson, algorithm) },
    { "nonce", JSON_TEXT, true, AEAD_NONCE_BYTES, AEAD_NONCE_BYTES, offsetof(SealedJson, nonce) },
    { "associated_data", JSON_TEXT, true, 0, 64, offsetof(SealedJson, associated_data) },
    { "ciphertext", JSON_TEXT, true, 1, MERCHANT_APP_SEALED_BYTES_MAX,
            offsetof(SealedJson, ciphertext) },
};

/* SM4 takes the first half of the APIv3 key's SM3. */
MUST_USE static Status open_sealed(
        const MerchantApp *app, const SealedJson *json, Buffer *ret_plain)
{
    uint8_t half[DIGEST_SM3_BYTES];
    uint8_t sealed_bytes[MERCHANT_APP_SEALED_BYTES_MAX];
    Buffer sealed = BUFFER_OF(sealed_bytes);
    const bool sm4 = span_equal(json->algorithm, SPAN("AEAD_SM4_GCM"));
    sm3(SPAN_OF(app->apiv3), half);
    const Span key = sm4 ? (Span) { half, 16 } : SPAN_OF(app->apiv3);
    Status s = base64_decode(json->ciphertext, &sealed);
    if (status_ok(s))
        s = aead_open(sm4 ? AEAD_SM4_GCM : AEAD_AES_256_GCM, key, json->nonce.data,
                json->associated_data, span_of_buffer(&sealed), ret_plain);
    bytes_wipe(half, sizeof(half));
    return s;
}

Status merchant_app_open(const MerchantApp *app, const JsonDocument *document,
        const JsonValue *object, const char *member, Buffer *ret_plain)
{
    SealedJson json = { 0 };
    JsonProblem problem = { 0 };
    const JsonField fields[] = { { member, JSON_RECORD, true, 0, 0, 0, sealed_fields,
            sizeof(sealed_fields) / sizeof(sealed_fields[0]) } };
    TRY(json_read_some(document, object, fields, 1, &json, &problem));
    return open_sealed(app, &json, ret_plain);
}

/* --- whom to believe --- */

typedef struct CertificateJson {
    const JsonValue *data;
    Span serial;
} CertificateJson;

static const JsonField certificates_fields[] = {
    { "data", JSON_LIST, true, 1, 8, offsetof(CertificateJson, data) },
};

static const JsonField item_fields[] = {
    { "serial_no", JSON_TEXT, true, 1, MESSAGE_SERIAL_BYTES_MAX,
            offsetof(CertificateJson, serial) },
};

/* The first is the newest. */
MUST_USE static Status take_certificate(MerchantApp *app, Span body)
{
    uint8_t pem_bytes[MERCHANT_APP_SEALED_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    CertificateJson json = { 0 };
    const JsonValue *item = NULL;
    PublicKey *key = NULL;
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), certificates_fields, 1, &json, &problem));
    TRY(json_list_object(document, json.data, 0, &item, &problem));
    TRY(json_read_some(document, item, item_fields, 1, &json, &problem));
    TRY(merchant_app_open(app, document, item, "encrypt_certificate", &pem));
    TRY(public_key_from_pem(span_of_buffer(&pem), &key));
    public_key_free(&app->platform);
    app->platform = key;
    memcpy(app->platform_serial, json.serial.data, json.serial.size);
    app->platform_serial[json.serial.size] = '\0';
    return OK;
}

Status merchant_app_learn(MerchantApp *app, HttpClient *http)
{
    const bool sm2 = app->profile->algorithm == KEY_SM2;
    const Span target = sm2 ? SPAN("/v3/certificates?algorithm_type=SM2")
                            : SPAN("/v3/certificates?algorithm_type=RSA");
    MerchantApp unbelieving = *app; /* the answer may be signed by one that is not known yet */
    MerchantAnswer answer = { 0 };
    unbelieving.platform = NULL;
    TRY(merchant_app_call(&unbelieving, http, "GET", target, SPAN(""), &answer));
    REQUIRE(answer.status == 200, REFUSED_CERTIFICATE_INVALID);
    return take_certificate(app, answer.body);
}
