#include "sdk/connection.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/tls.h"
#include "text/json.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { FILE_BYTES_MAX = 64 * 1024 };

int sdk_result(Status s, HufuError *error)
{
    if (status_ok(s)) return 0;
    if (error == NULL || error->code[0] != 0) return -1;
    snprintf(error->code, sizeof(error->code), "%s", status_name(s));
    snprintf(error->message, sizeof(error->message), "%s", status_advice(s));
    return -1;
}

/* --- opening --- */

Status sdk_read_file(const char *path, Buffer *ret_bytes)
{
    REQUIRE(path != NULL, REFUSED_KEY_FORMAT);
    FILE *file = fopen(path, "re");
    CHECK(file != NULL, FAULT_DISK);
    ret_bytes->size = fread(ret_bytes->data, 1, ret_bytes->capacity, file);
    const bool whole = feof(file) != 0 && ferror(file) == 0;
    fclose(file);
    REQUIRE(whole, REFUSED_BUFFER_FULL);
    return OK;
}

static Status open_tls(const HufuSettings *settings, struct ssl_ctx_st **ret_tls)
{
    uint8_t *bytes = malloc(3 * FILE_BYTES_MAX);
    CHECK(bytes != NULL, FAULT_MEMORY);
    Buffer authority = { bytes, 0, FILE_BYTES_MAX };
    Buffer certificate = { bytes + FILE_BYTES_MAX, 0, FILE_BYTES_MAX };
    Buffer key = { bytes + 2 * FILE_BYTES_MAX, 0, FILE_BYTES_MAX };
    Status s = sdk_read_file(settings->authority_file, &authority);
    if (status_ok(s)) s = sdk_read_file(settings->certificate_file, &certificate);
    if (status_ok(s)) s = sdk_read_file(settings->key_file, &key);
    const TlsIdentity identity = { span_of_buffer(&certificate), span_of_buffer(&key) };
    if (status_ok(s)) s = tls_client_context(span_of_buffer(&authority), &identity, ret_tls);
    bytes_wipe(bytes, 3 * FILE_BYTES_MAX);
    free(bytes);
    return s;
}

Status sdk_resolve(const char *host, char ret_address[HTTP_ADDRESS_TEXT_MAX])
{
    const struct addrinfo wish = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    REQUIRE(host != NULL && getaddrinfo(host, NULL, &wish, &found) == 0, REFUSED_HTTP_CONNECT);
    const bool written = getnameinfo(found->ai_addr, found->ai_addrlen, ret_address,
                                 HTTP_ADDRESS_TEXT_MAX, NULL, 0, NI_NUMERICHOST)
            == 0;
    freeaddrinfo(found);
    REQUIRE(written, REFUSED_HTTP_CONNECT);
    return OK;
}

static Status pin_platform(const char *path, BoxKey *key)
{
    uint8_t bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(bytes);
    TRY(sdk_read_file(path, &pem));
    return public_key_from_pem(span_of_buffer(&pem), &key->platform);
}

static Status open_all(const HufuSettings *settings, HufuVault *vault)
{
    char address[HTTP_ADDRESS_TEXT_MAX];
    TRY(pin_platform(settings->platform_file, &vault->box_key));
    TRY(open_tls(settings, &vault->tls));
    TRY(sdk_resolve(settings->host, address));
    const HttpClientConfig config = { .address = address,
        .port = settings->port,
        .tls = vault->tls,
        .server_name = settings->host,
        .timeout_ms = settings->timeout_ms };
    return http_client_open(&config, &vault->http);
}

int hufu_open(const HufuSettings *settings, HufuVault **ret_vault, HufuError *error)
{
    if (error != NULL) *error = (HufuError) { 0 };
    HufuVault *vault = calloc(1, sizeof(*vault));
    Status s = vault != NULL ? open_all(settings, vault) : BROKEN(FAULT_MEMORY);
    if (status_ok(s)) *ret_vault = vault;
    if (!status_ok(s)) hufu_close(vault);
    return sdk_result(s, error);
}

void hufu_close(HufuVault *vault)
{
    if (vault == NULL) return;
    http_client_close(&vault->http);
    if (vault->tls != NULL) tls_context_free(&vault->tls);
    box_key_free(&vault->box_key);
    bytes_wipe(vault, sizeof(*vault));
    free(vault);
}

/* --- asking --- */

typedef struct ErrorJson {
    Span code;
    Span message;
} ErrorJson;

static const JsonField error_fields[] = {
    { "code", JSON_TEXT, true, 1, 63, offsetof(ErrorJson, code) },
    { "message", JSON_TEXT, true, 0, 255, offsetof(ErrorJson, message) },
};

void sdk_keep_error(int status, Span body, HufuError *error)
{
    JsonProblem problem = { 0 };
    ErrorJson json = { .code = SPAN("HTTP"), .message = SPAN("") };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (error == NULL) return;
    const bool read = status_ok(json_parse(body, &document, &problem))
            && status_ok(json_read_some(
                    document, json_root(document), error_fields, 2, &json, &problem));
    if (!read) json = (ErrorJson) { SPAN("HTTP"), SPAN("") };
    error->http_status = status;
    snprintf(error->code, sizeof(error->code), "%.*s", (int)json.code.size,
            (const char *)json.code.data);
    snprintf(error->message, sizeof(error->message), "%.*s", (int)json.message.size,
            (const char *)json.message.data);
}

Status sdk_ask(HufuVault *vault, const char *target, bool binary, Span body, HufuError *error,
        Span *ret_body)
{
    const HttpHeader headers[] = {
        { "Content-Type", binary ? SPAN("application/vnd.hufu.batch") : SPAN("application/json") },
        { "Accept-Language", SPAN("en") },
    };
    const HttpCall call = { .method = body.size == 0 ? "GET" : "POST",
        .target = span_of_text(target),
        .headers = headers,
        .header_count = 2,
        .body = body };
    HttpAnswer answer = { 0 };
    TRY(http_client_call(vault->http, &call, &answer));
    *ret_body = answer.body;
    if (answer.status == 200) return OK;
    sdk_keep_error(answer.status, answer.body, error);
    return REFUSE(REFUSED_HTTP_ANSWER_INVALID);
}

Status sdk_box_key(HufuVault *vault, HufuError *error)
{
    const Clock clock = clock_system();
    BoxKey *key = &vault->box_key;
    Span body = { 0 };
    if (key->key != NULL && clock_now_us(&clock) < key->expires_us) return OK;
    TRY(sdk_ask(vault, "/vault/v1/box-key", false, SPAN(""), error, &body));
    return box_key_read(body, key);
}

typedef struct ChallengeJson {
    Span nonce;
    Span tenant;
} ChallengeJson;

static const JsonField challenge_fields[] = {
    { "nonce", JSON_TEXT, true, 2 * BOX_NONCE_BYTES, 2 * BOX_NONCE_BYTES,
            offsetof(ChallengeJson, nonce) },
    { "tenant", JSON_TEXT, true, 1, SDK_TENANT_BYTES_MAX, offsetof(ChallengeJson, tenant) },
};

Status sdk_challenge(HufuVault *vault, HufuError *error, uint8_t ret_nonce[BOX_NONCE_BYTES])
{
    JsonProblem problem = { 0 };
    ChallengeJson json = { 0 };
    Span body = { 0 };
    Buffer nonce = { ret_nonce, 0, BOX_NONCE_BYTES };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(sdk_ask(vault, "/vault/v1/challenge", false, SPAN(""), error, &body));
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), challenge_fields, 2, &json, &problem));
    memcpy(vault->tenant, json.tenant.data, json.tenant.size);
    vault->tenant[json.tenant.size] = '\0';
    return hex_decode(json.nonce, &nonce);
}
