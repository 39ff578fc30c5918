#include "mouths.h"

#include "admin_client.h"
#include "base/encoding.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAID_BYTES_MAX = 128 * 1024, TARGET_BYTES_MAX = 4096 };

static bool is_line(Span text, uint8_t least)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < least || text.data[i] > '~') return false;
    return true;
}

bool mouth_takes(const Mouth *mouth, const MouthText *text)
{
    const bool in_target = mouth->target != NULL && strchr(mouth->target, '@') != NULL;
    const bool in_head = mouth->header != NULL || (mouth->type != NULL && mouth->type[0] == '@');
    if (in_target) return is_line(text->text, '!') && text->text.size < 2000;
    return !in_head || (is_line(text->text, ' ') && text->text.size < 2000);
}

/* One byte as JSON has it inside quotes. */
static void put_escaped(Buffer *said, uint8_t c)
{
    const bool special = c == '"' || c == '\\';
    if (special) ASSERT(status_ok(buffer_put_u8(said, '\\')));
    if (c < 0x20)
        ASSERT(status_ok(buffer_print(said, "\\u%04x", c)));
    else
        ASSERT(status_ok(buffer_put_u8(said, c)));
}

static Span say(const char *pattern, const MouthText *text, bool escape, Buffer *said)
{
    const size_t from = said->size;
    for (const char *at = pattern; *at != 0; at++) {
        if (*at != '@') {
            ASSERT(status_ok(buffer_put_u8(said, (uint8_t)*at)));
            continue;
        }
        if (!escape) ASSERT(status_ok(buffer_put(said, text->text)));
        for (size_t i = 0; escape && i < text->text.size; i++)
            put_escaped(said, text->text.data[i]);
    }
    return (Span) { said->data + from, said->size - from };
}

static void fill(const Mouth *mouth, Buffer *said)
{
    for (size_t i = 0; i < mouth->filler; i++)
        ASSERT(status_ok(buffer_put_u8(said, 'x')));
}

/* With its NUL. */
static const char *say_line(const char *pattern, const MouthText *text, Buffer *said)
{
    const Span line = say(pattern, text, false, said);
    ASSERT(status_ok(buffer_put_u8(said, 0)));
    return (const char *)line.data;
}

static void ask_http(const Mouths *m, const Mouth *mouth, const MouthText *text, Span body,
        AskAnswer *ret_answer)
{
    static uint8_t head_bytes[32 * 1024];
    Buffer head = BUFFER_OF(head_bytes);
    HttpHeader more = { mouth->header_name, { NULL, 0 } };
    const char *type = mouth->type == NULL ? NULL : say_line(mouth->type, text, &head);
    const char *target = say_line(mouth->target, text, &head);
    const size_t from = head.size;
    if (mouth->header != NULL) say(mouth->header, text, false, &head);
    if (mouth->header != NULL) fill(mouth, &head);
    more.value = (Span) { head.data + from, head.size - from };
    const Ask ask = { .app = mouth->door == MOUTH_MERCHANT ? m->merchant : NULL,
        .method = mouth->method,
        .target = target,
        .body = body,
        .content_type = type,
        .more = &more,
        .more_count = mouth->header == NULL ? 0 : 1 };
    HttpClient *http = mouth->door == MOUTH_CALLER ? m->service : m->http;
    if (!status_ok(ask_send(http, &ask, ret_answer))) *ret_answer = (AskAnswer) { 0 };
}

/* In JSON, as a page of ours would send it. */
static void ask_console(const Mouths *m, const Mouth *mouth, const MouthText *text, Span body,
        AskAnswer *ret_answer)
{
    static uint8_t bytes[SAID_BYTES_MAX];
    static uint8_t target_bytes[TARGET_BYTES_MAX];
    Buffer json = BUFFER_OF(bytes);
    Buffer target = BUFFER_OF(target_bytes);
    Browser *b = m->console;
    ASSERT(status_ok(buffer_put(&json, body)) && status_ok(buffer_put_u8(&json, 0)));
    *ret_answer = (AskAnswer) { 0 };
    browser_post(b, say_line(mouth->target, text, &target), (const char *)bytes);
    ret_answer->fields.status = b->status;
    ret_answer->head_size = strnlen(b->head, sizeof(ret_answer->head));
    memcpy(ret_answer->head, b->head, ret_answer->head_size);
    ret_answer->body_size = strnlen(b->body, sizeof(ret_answer->body));
    memcpy(ret_answer->body, b->body, ret_answer->body_size);
}

/* The header of the payer's device for this very request. */
static void sign_as_payer(const Mouths *m, const char *target, Span body, Buffer *ret_header)
{
    uint8_t nonce_bytes[16];
    uint8_t nonce_text[32];
    Buffer nonce = BUFFER_OF(nonce_text);
    const Random random = random_system();
    const Clock clock = clock_system();
    ASSERT(status_ok(random_fill(&random, nonce_bytes, sizeof(nonce_bytes))));
    ASSERT(status_ok(hex_encode(SPAN_OF(nonce_bytes), &nonce)));
    const DeviceSign sign = { .key = m->phone->key,
        .method = SPAN("POST"),
        .target = span_of_text(target),
        .body = body,
        .session = SPAN_OF(m->phone->session),
        .nonce = span_of_buffer(&nonce),
        .now_s = clock_now_us(&clock) / TIME_SECOND_US };
    ASSERT(status_ok(device_sign(&sign, ret_header)));
}

static void ask_payer(const Mouths *m, const Mouth *mouth, const MouthText *text, Span body,
        AskAnswer *ret_answer)
{
    static uint8_t target_bytes[TARGET_BYTES_MAX];
    uint8_t header_bytes[DEVICE_HEADER_BYTES_MAX];
    Buffer target = BUFFER_OF(target_bytes);
    Buffer header = BUFFER_OF(header_bytes);
    const char *path = say_line(mouth->target, text, &target);
    sign_as_payer(m, path, body, &header);
    const HttpHeader more = { "Authorization", span_of_buffer(&header) };
    const Ask ask = { .target = path, .body = body, .more = &more, .more_count = 1 };
    if (!status_ok(ask_send(m->http, &ask, ret_answer))) *ret_answer = (AskAnswer) { 0 };
}

static void ask_operator(const Mouths *m, Span body, AskAnswer *ret_answer)
{
    Buffer answer = BUFFER_OF(ret_answer->body);
    *ret_answer = (AskAnswer) { 0 };
    const Status s = admin_ask(m->stand->folder, body, &answer);
    ret_answer->body_size = answer.size;
    ret_answer->fields.status = status_ok(s) ? 200 : 400;
}

void mouth_say(const Mouths *m, const Mouth *mouth, const MouthText *text, AskAnswer *ret_answer)
{
    static uint8_t said_bytes[SAID_BYTES_MAX];
    Buffer said = BUFFER_OF(said_bytes);
    Span body = { NULL, 0 };
    if (mouth->body != NULL) body = say(mouth->body, text, !mouth->raw && !text->escaped, &said);
    if (mouth->body != NULL && mouth->header == NULL) {
        fill(mouth, &said);
        body.size = said.size;
    }
    switch (mouth->door) {
    case MOUTH_OPERATOR: ask_operator(m, body, ret_answer); return;
    case MOUTH_PAYER: ask_payer(m, mouth, text, body, ret_answer); return;
    case MOUTH_CONSOLE: ask_console(m, mouth, text, body, ret_answer); return;
    case MOUTH_MERCHANT:
    case MOUTH_STRANGER:
    case MOUTH_CALLER: ask_http(m, mouth, text, body, ret_answer); return;
    }
}
