#include "merchant_app.h"

#include "command.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/aead.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "text/csv.h"
#include "text/json.h"

#include <poll.h>

enum { PAUSE_FIRST_MS = 20, PAUSE_MS_MAX = 1000, SERIAL_DIGEST_BYTES = 16 };

void merchant_serial_of(const PublicKey *key, char ret_serial[MESSAGE_SERIAL_BYTES_MAX + 1])
{
    uint8_t fingerprint[32];
    uint8_t memory[MESSAGE_SERIAL_BYTES_MAX];
    Buffer serial = BUFFER_OF(memory);
    public_key_fingerprint(key, fingerprint);
    ASSERT(status_ok(buffer_put(&serial, SPAN("PUB_KEY_ID_"))));
    ASSERT(status_ok(hex_encode_upper((Span) { fingerprint, SERIAL_DIGEST_BYTES }, &serial)));
    memcpy(ret_serial, memory, serial.size);
    ret_serial[serial.size] = '\0';
}

/* --- what lies in the folder --- */

MUST_USE static Status append_line(const char *folder, const char *mchid, const char *serial)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[16384];
    Buffer text = BUFFER_OF(memory);
    const Status read = file_read(path_in(path, folder, "merchants.csv"), &text);
    if (!status_ok(read)) TRY(buffer_put(&text, SPAN("mchid,serial_no\r\n")));
    const Span fields[] = { span_of_text(mchid), span_of_text(serial) };
    TRY(csv_put_record(&text, fields, 2));
    return file_write(path, 0600, span_of_buffer(&text));
}

/* 32 characters, since the profile hands this key around as text. */
MUST_USE static Status draw_apiv3(uint8_t ret_key[32])
{
    uint8_t bytes[16];
    const Random random = random_system();
    Buffer text = { ret_key, 0, 32 };
    TRY(random_fill(&random, bytes, sizeof(bytes)));
    return hex_encode((Span) { bytes, sizeof(bytes) }, &text);
}

Status merchant_app_make(const char *folder, const char *mchid, KeyAlgorithm algorithm)
{
    char name[MESSAGE_MCHID_BYTES_MAX + 16];
    char path[PATH_BYTES_MAX];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    snprintf(name, sizeof(name), "%s.key.pem", mchid);
    if (status_ok(file_read(path_in(path, folder, name), &pem))) return OK;

    CLEANUP(private_key_free) PrivateKey *key = NULL;
    TRY(private_key_generate(algorithm, &key));
    uint8_t apiv3[32];
    TRY(draw_apiv3(apiv3));
    char serial[MESSAGE_SERIAL_BYTES_MAX + 1];
    merchant_serial_of(private_key_public(key), serial);
    TRY(append_line(folder, mchid, serial));
    snprintf(name, sizeof(name), "%s.apiv3", mchid);
    TRY(file_write(path_in(path, folder, name), 0600, SPAN_OF(apiv3)));
    TRY(private_key_to_pem(key, &pem));
    snprintf(name, sizeof(name), "%s.key.pem", mchid);
    const Status s = file_write(path_in(path, folder, name), 0600, span_of_buffer(&pem));
    bytes_wipe(memory, sizeof(memory));
    return s;
}

MUST_USE static Status load_one(const char *folder, Span mchid, Span serial, MerchantApp *ret_app)
{
    REQUIRE(mchid.size <= MESSAGE_MCHID_BYTES_MAX, REFUSED_CSV_SIZE);
    REQUIRE(serial.size <= MESSAGE_SERIAL_BYTES_MAX, REFUSED_CSV_SIZE);
    memcpy(ret_app->mchid, mchid.data, mchid.size);
    memcpy(ret_app->serial, serial.data, serial.size);
    char name[MESSAGE_MCHID_BYTES_MAX + 16];
    char path[PATH_BYTES_MAX];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    snprintf(name, sizeof(name), "%s.key.pem", ret_app->mchid);
    TRY(file_read(path_in(path, folder, name), &pem));
    const Status s = private_key_from_pem(span_of_buffer(&pem), &ret_app->key);
    bytes_wipe(memory, sizeof(memory));
    TRY(s);
    ret_app->profile = profile_by_algorithm(private_key_algorithm(ret_app->key));
    REQUIRE(ret_app->profile != NULL, REFUSED_KEY_FORMAT);
    uint8_t apiv3[33];
    Buffer text = BUFFER_OF(apiv3);
    snprintf(name, sizeof(name), "%s.apiv3", ret_app->mchid);
    TRY(file_read(path_in(path, folder, name), &text));
    REQUIRE(text.size == sizeof(ret_app->apiv3), REFUSED_KEY_FORMAT);
    memcpy(ret_app->apiv3, apiv3, sizeof(ret_app->apiv3));
    bytes_wipe(apiv3, sizeof(apiv3));
    return OK;
}

Status merchant_apps_load(const char *folder, MerchantApps *ret_apps)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[16384];
    Buffer text = BUFFER_OF(memory);
    TRY(file_read(path_in(path, folder, "merchants.csv"), &text));
    CLEANUP(csv_close) CsvReader *reader = NULL;
    TRY(csv_open(span_of_buffer(&text), &reader));
    size_t mchid = 0;
    size_t serial = 0;
    TRY(csv_column(reader, "mchid", &mchid));
    TRY(csv_column(reader, "serial_no", &serial));
    for (bool more = true;;) {
        TRY(csv_next(reader, &more));
        if (!more) return ret_apps->count > 0 ? OK : REFUSE(REFUSED_MERCHANT_UNKNOWN);
        REQUIRE(ret_apps->count < MERCHANT_APPS_MAX, REFUSED_CSV_SIZE);
        TRY(load_one(folder, csv_field(reader, mchid), csv_field(reader, serial),
                &ret_apps->items[ret_apps->count]));
        ret_apps->count++;
    }
}

void merchant_apps_free(MerchantApps *apps)
{
    for (size_t i = 0; i < MERCHANT_APPS_MAX; i++) {
        private_key_free(&apps->items[i].key);
        public_key_free(&apps->items[i].platform);
    }
    bytes_wipe(apps, sizeof(*apps));
}

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

/* --- whom to believe --- */

typedef struct CertificateJson {
    const JsonValue *data;
    Span serial;
    Span algorithm;
    Span nonce;
    Span associated_data;
    Span ciphertext;
} CertificateJson;

static const JsonField certificates_fields[] = {
    { "data", JSON_LIST, true, 1, 8, offsetof(CertificateJson, data) },
};

static const JsonField sealed_fields[] = {
    { "algorithm", JSON_TEXT, true, 1, 32, offsetof(CertificateJson, algorithm) },
    { "nonce", JSON_TEXT, true, AEAD_NONCE_BYTES, AEAD_NONCE_BYTES,
            offsetof(CertificateJson, nonce) },
    { "associated_data", JSON_TEXT, true, 0, 64, offsetof(CertificateJson, associated_data) },
    { "ciphertext", JSON_TEXT, true, 1, 16384, offsetof(CertificateJson, ciphertext) },
};

static const JsonField item_fields[] = {
    { "serial_no", JSON_TEXT, true, 1, MESSAGE_SERIAL_BYTES_MAX,
            offsetof(CertificateJson, serial) },
    { "encrypt_certificate", JSON_RECORD, true, 0, 0, 0, sealed_fields, 4 },
};

/* Open one certificate with the APIv3 key; SM4 takes the first half of its SM3. */
MUST_USE static Status open_certificate(
        const MerchantApp *app, const CertificateJson *json, PublicKey **ret_key)
{
    uint8_t half[DIGEST_SM3_BYTES];
    uint8_t sealed_bytes[16384];
    uint8_t pem_bytes[16384];
    Buffer sealed = BUFFER_OF(sealed_bytes);
    Buffer pem = BUFFER_OF(pem_bytes);
    const bool sm4 = span_equal(json->algorithm, SPAN("AEAD_SM4_GCM"));
    sm3(SPAN_OF(app->apiv3), half);
    const Span key = sm4 ? (Span) { half, 16 } : SPAN_OF(app->apiv3);
    TRY(base64_decode(json->ciphertext, &sealed));
    TRY(aead_open(sm4 ? AEAD_SM4_GCM : AEAD_AES_256_GCM, key, json->nonce.data,
            json->associated_data, span_of_buffer(&sealed), &pem));
    return public_key_from_pem(span_of_buffer(&pem), ret_key);
}

Status merchant_app_learn(MerchantApp *app, HttpClient *http)
{
    const bool sm2 = app->profile->algorithm == KEY_SM2;
    const Span target = sm2 ? SPAN("/v3/certificates?algorithm_type=SM2")
                            : SPAN("/v3/certificates?algorithm_type=RSA");
    MerchantAnswer answer = { 0 };
    TRY(merchant_app_call(app, http, "GET", target, SPAN(""), &answer));
    REQUIRE(answer.status == 200, REFUSED_CERTIFICATE_INVALID);

    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    CertificateJson json = { 0 };
    const JsonValue *item = NULL;
    TRY(json_parse(answer.body, &document, &problem));
    TRY(json_read_some(document, json_root(document), certificates_fields, 1, &json, &problem));
    TRY(json_list_object(document, json.data, 0, &item, &problem));
    TRY(json_read_some(document, item, item_fields, 2, &json, &problem));
    TRY(open_certificate(app, &json, &app->platform));
    memcpy(app->platform_serial, json.serial.data, json.serial.size);
    app->platform_serial[json.serial.size] = '\0';
    return OK;
}
