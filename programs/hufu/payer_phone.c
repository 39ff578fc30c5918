#include "payer_phone.h"

#include "command.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "base/time.h"
#include "text/json.h"

#include <stdio.h>
#include <unistd.h>

enum { NONCE_BYTES = 16 };

/* --- the phone --- */

Status payer_phone_make(KeyAlgorithm algorithm, const char *name, PayerPhone *ret_phone)
{
    *ret_phone = (PayerPhone) { 0 };
    snprintf(ret_phone->name, sizeof(ret_phone->name), "%s", name);
    return private_key_generate(algorithm, &ret_phone->key);
}

void payer_phone_wipe(PayerPhone *phone)
{
    private_key_free(&phone->key);
    bytes_wipe(phone, sizeof(*phone));
}

static const char *file_of(
        char path[PATH_BYTES_MAX], const char *folder, const char *payer, const char *end)
{
    char name[PAYER_APP_ID_BYTES_MAX + 32];
    snprintf(name, sizeof(name), "%s%s", payer, end);
    return path_in(path, folder, name);
}

Status payer_phone_save(const PayerPhone *phone, const char *folder, const char *payer)
{
    char path[PATH_BYTES_MAX];
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    TRY(private_key_to_pem(phone->key, &pem));
    Status s = file_write(file_of(path, folder, payer, ".device.pem"), 0600, span_of_buffer(&pem));
    bytes_wipe(pem_bytes, sizeof(pem_bytes));
    TRY(s);
    file_of(path, folder, payer, ".session");
    if (phone->has_session) return file_write(path, 0600, SPAN_OF(phone->session));
    return unlink(path) == 0 || access(path, F_OK) != 0 ? OK : BROKEN(FAULT_DISK);
}

Status payer_phone_load(const char *folder, const char *payer, PayerPhone *ret_phone)
{
    char path[PATH_BYTES_MAX];
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    *ret_phone = (PayerPhone) { .name = "hufu" };
    REQUIRE(status_ok(file_read(file_of(path, folder, payer, ".device.pem"), &pem)),
            REFUSED_PAYER_DEVICE_UNKNOWN);
    const Status s = private_key_from_pem(span_of_buffer(&pem), &ret_phone->key);
    bytes_wipe(pem_bytes, sizeof(pem_bytes));
    TRY(s);
    uint8_t session_bytes[2 * DEVICE_SESSION_BYTES]; /* a file that is longer is none of ours */
    Buffer session = BUFFER_OF(session_bytes);
    const bool read = status_ok(file_read(file_of(path, folder, payer, ".session"), &session));
    ret_phone->has_session = read && session.size == sizeof(ret_phone->session);
    if (ret_phone->has_session)
        memcpy(ret_phone->session, session_bytes, sizeof(ret_phone->session));
    bytes_wipe(session_bytes, sizeof(session_bytes));
    return OK;
}

/* --- asking --- */

void answer_code(int status, Span body, char ret_code[64])
{
    static const JsonField fields[] = { { "code", JSON_TEXT, true, 1, 63, 0 } };
    JsonProblem problem = { 0 };
    Span code = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    const bool read = status_ok(json_parse(body, &document, &problem))
            && status_ok(json_read_some(document, json_root(document), fields, 1, &code, &problem));
    if (read) snprintf(ret_code, 64, "%.*s", (int)code.size, (const char *)code.data);
    if (!read) snprintf(ret_code, 64, "HTTP %d", status);
}

static Status sign(
        const PayerPhone *phone, const char *method, Span target, Span body, Buffer *ret_header)
{
    const Clock clock = clock_system();
    const Random random = random_system();
    uint8_t nonce_bytes[NONCE_BYTES];
    uint8_t text_bytes[2 * NONCE_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    TRY(random_fill(&random, nonce_bytes, sizeof(nonce_bytes)));
    TRY(hex_encode(SPAN_OF(nonce_bytes), &text));
    const DeviceSign wish = { .key = phone->key,
        .method = span_of_text(method),
        .target = target,
        .body = body,
        .session = { phone->session, phone->has_session ? sizeof(phone->session) : 0 },
        .nonce = span_of_buffer(&text),
        .now_s = clock_now_us(&clock) / TIME_SECOND_US };
    return device_sign(&wish, ret_header);
}

Status payer_ask(const PayerPhone *phone, HttpClient *http, const char *method, Span target,
        Span body, PayerAnswer *ret_answer, Span *ret_body)
{
    uint8_t signed_bytes[DEVICE_HEADER_BYTES_MAX];
    Buffer signature = BUFFER_OF(signed_bytes);
    if (phone != NULL) TRY(sign(phone, method, target, body, &signature));
    const HttpHeader headers[] = { { "Content-Type", SPAN("application/json") },
        { "Authorization", span_of_buffer(&signature) } };
    const HttpCall call = { method, target, headers, phone != NULL ? 2 : 1, body };
    HttpAnswer answer = { 0 };
    const Status s = http_client_call(http, &call, &answer);
    if (!status_ok(s)) snprintf(ret_answer->code, sizeof(ret_answer->code), "%s", status_name(s));
    TRY(s);
    ret_answer->status = answer.status;
    if (answer.status != 200) {
        answer_code(answer.status, answer.body, ret_answer->code);
        return REFUSE(REFUSED_HTTP_ANSWER_INVALID);
    }
    *ret_body = answer.body;
    return OK;
}
