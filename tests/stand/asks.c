#define _GNU_SOURCE
#include "asks.h"

#include "base/time.h"
#include "text/json.h"

#include <stdio.h>

enum { HEADER_BYTES_MAX = 4096, STATE_BYTES_MAX = 2048, LOG_BYTES_MAX = 1 << 20 };

static Span text_or(const char *text, const char *otherwise)
{
    return span_of_text(text == NULL ? otherwise : text);
}

static Status sign(const Ask *ask, Buffer *ret_header)
{
    static uint8_t canonical[MESSAGE_CANONICAL_BYTES_MAX];
    Buffer scratch = BUFFER_OF(canonical);
    char fresh[CLIENT_NONCE_BYTES];
    const Random random = random_system();
    const Clock clock = clock_system();
    const MessageSigner signer = { ask->profile == NULL ? ask->app->profile : ask->profile,
        ask->app->key, text_or(ask->mchid, ask->app->mchid),
        text_or(ask->serial, ask->app->serial) };
    TRY(client_nonce(&random, fresh));
    const Span nonce = ask->nonce == NULL ? SPAN_OF(fresh) : span_of_text(ask->nonce);
    return client_sign(&signer, text_or(ask->method, "POST"),
            text_or(ask->signed_target, ask->target),
            ask->signed_body.data == NULL ? ask->body : ask->signed_body,
            clock_now_us(&clock) / TIME_SECOND_US - ask->late_s, nonce, &scratch, ret_header);
}

/* One text in the header gives way to another; it must be there. */
static Status spoil(const Ask *ask, const char *header, Buffer *ret_header)
{
    const char *at = strstr(header, ask->replace);
    ASSERT(at != NULL);
    TRY(buffer_put(ret_header, (Span) { (const uint8_t *)header, (size_t)(at - header) }));
    TRY(buffer_put(ret_header, span_of_text(ask->with)));
    return buffer_put(ret_header, span_of_text(at + strlen(ask->replace)));
}

static Status put_authorization(const Ask *ask, Buffer *ret_header)
{
    if (ask->authorization != NULL) return buffer_put(ret_header, span_of_text(ask->authorization));
    uint8_t bytes[HEADER_BYTES_MAX];
    Buffer right = BUFFER_OF(bytes);
    TRY(sign(ask, &right));
    TRY(buffer_put_u8(&right, 0));
    if (ask->replace != NULL) return spoil(ask, (const char *)bytes, ret_header);
    return buffer_put(ret_header, span_of_text((const char *)bytes));
}

static size_t put_headers(const Ask *ask, Span authorization, HttpHeader headers[ASK_HEADERS_MAX])
{
    size_t count = 0;
    const int times = ask->authorizations == 0 ? 1 : ask->authorizations;
    for (int i = 0; i < times && authorization.size > 0; i++)
        headers[count++] = (HttpHeader) { "Authorization", authorization };
    if (ask->content_type == NULL || ask->content_type[0] != 0)
        headers[count++] =
                (HttpHeader) { "Content-Type", text_or(ask->content_type, "application/json") };
    headers[count++] = (HttpHeader) { "Accept-Language", SPAN("en") };
    ASSERT(count + ask->more_count <= ASK_HEADERS_MAX);
    for (size_t i = 0; i < ask->more_count; i++)
        headers[count++] = ask->more[i];
    return count;
}

static void keep(const HttpAnswer *http, AskAnswer *ret)
{
    static const JsonField fields[] = { { "message", JSON_TEXT, false, 0, 255, 0 } };
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    Span message = { 0 };
    *ret = (AskAnswer) { 0 };
    step_read(http->status, http->body, &ret->fields);
    ASSERT(http->body.size <= sizeof(ret->body));
    if (http->body.size > 0) memcpy(ret->body, http->body.data, http->body.size);
    ret->body_size = http->body.size;
    ASSERT(http->head.size <= sizeof(ret->head));
    if (http->head.size > 0) memcpy(ret->head, http->head.data, http->head.size);
    ret->head_size = http->head.size;
    if (!status_ok(json_parse(http->body, &document, &problem))) return;
    if (!status_ok(json_read_some(document, json_root(document), fields, 1, &message, &problem)))
        return;
    snprintf(ret->message, sizeof(ret->message), "%.*s", (int)message.size,
            (const char *)message.data);
}

Status ask_send(HttpClient *http, const Ask *ask, AskAnswer *ret)
{
    uint8_t bytes[HEADER_BYTES_MAX];
    Buffer authorization = BUFFER_OF(bytes);
    HttpHeader headers[ASK_HEADERS_MAX];
    HttpAnswer answer = { 0 };
    if (ask->app != NULL || ask->authorization != NULL) TRY(put_authorization(ask, &authorization));
    const size_t count = put_headers(ask, span_of_buffer(&authorization), headers);
    const HttpCall call = { ask->method == NULL ? "POST" : ask->method, span_of_text(ask->target),
        headers, count, ask->body };
    TRY(http_client_call(http, &call, &answer));
    keep(&answer, ret);
    return OK;
}

/* Rows and their batches in every table that a payment writes: one text that must not change.
 * Without audit_leaf: refusals at the door and vaultd's acts are lines there (decision 0024). */
static void look(Intruder *intruder, char ret_state[STATE_BYTES_MAX])
{
    static const char *const tables[] = { "account", "payer", "merchant", "merchant_key",
        "pay_code", "payment", "posting", "alert", "day_end" };
    size_t size = 0;
    const int64_t known = intruder_number(intruder,
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
            "'sqlite_%%'");
    size += (size_t)snprintf(ret_state, STATE_BYTES_MAX, "tables %lld", (long long)known);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        const int64_t rows = intruder_number(intruder, "SELECT count(*) FROM %s", tables[i]);
        const int64_t batches =
                intruder_number(intruder, "SELECT coalesce(sum(batch), 0) FROM %s", tables[i]);
        size += (size_t)snprintf(ret_state + size, STATE_BYTES_MAX - size, " %s %lld/%lld",
                tables[i], (long long)rows, (long long)batches);
        ASSERT(size < STATE_BYTES_MAX);
    }
}

bool ask_refused(HttpClient *http, Intruder *intruder, const char *name, const Ask *ask,
        const AskWanted *wanted, AskAnswer *ret_answer)
{
    char before[STATE_BYTES_MAX];
    char after[STATE_BYTES_MAX];
    look(intruder, before);
    const Status s = ask_send(http, ask, ret_answer);
    look(intruder, after);
    const Answered *got = &ret_answer->fields;
    const bool right = status_ok(s) && got->status == wanted->status
            && strcmp(got->code, wanted->code) == 0
            && (wanted->field == NULL || strcmp(got->field, wanted->field) == 0)
            && ret_answer->message[0] != 0;
    const bool same = strcmp(before, after) == 0;
    if (!right)
        fprintf(stderr, "  %s: %s, HTTP %d %s field '%s'; wanted %d %s '%s'\n", name,
                status_name(s), got->status, got->code, got->field, wanted->status, wanted->code,
                wanted->field == NULL ? "" : wanted->field);
    if (!same) fprintf(stderr, "  %s: %s\n  became %s\n", name, before, after);
    return right && same;
}

bool asks_log_lacks(const Stand *stand, const char *text)
{
    static const char *const names[] = { "log/hufud.log", "log/vaultd.log" };
    static char bytes[LOG_BYTES_MAX];
    for (size_t i = 0; i < 2; i++) {
        FILE *file = fopen(stand_path(stand, names[i]), "r");
        if (file == NULL) return false;
        const size_t size = fread(bytes, 1, sizeof(bytes) - 1, file);
        fclose(file);
        bytes[size] = 0;
        if (size == 0 || size == sizeof(bytes) - 1) return false;
        if (memmem(bytes, size, text, strlen(text)) == NULL) continue;
        fprintf(stderr, "  %s holds '%s'\n", names[i], text);
        return false;
    }
    return true;
}
