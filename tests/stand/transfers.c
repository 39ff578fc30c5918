#define _GNU_SOURCE
#include "transfers.h"

#include "base/encoding.h"
#include "policy/purposes.h"
#include "text/json.h"

#include <stdio.h>

enum { REQUEST_BYTES_MAX = 3 * BOX_BYTES_MAX, BOX_TEXT_BYTES_MAX = 2 * BOX_BYTES_MAX };

typedef struct ShownJson {
    Span mask;
    Span fastest;
    Span nonce;
} ShownJson;

static const JsonField shown_fields[] = {
    { "receiver_mask", JSON_TEXT, true, 1, 63, offsetof(ShownJson, mask) },
    { "fastest_speed", JSON_TEXT, true, 1, 15, offsetof(ShownJson, fastest) },
    { "nonce", JSON_TEXT, true, 32, 32, offsetof(ShownJson, nonce) },
};

static void put_terms(JsonWriter *w, const TransferWish *wish)
{
    json_key_text(w, "out_transfer_no", span_of_text(wish->number));
    json_key_text(w, "receiver_id", span_of_text(wish->receiver));
    json_key_object(w, "amount");
    json_key_int(w, "total", wish->minor);
    json_close(w);
}

static Status post(const PayerTalk *talk, const char *target, JsonWriter *w, Span *ret_body)
{
    json_close(w);
    TRY(json_finish(w));
    return payer_ask(talk->app->phone, talk->http, "POST", span_of_text(target),
            span_of_buffer(w->out), talk->answer, ret_body);
}

Status transfer_ask(const PayerTalk *talk, const TransferWish *wish, TransferShown *ret)
{
    uint8_t bytes[1024];
    Buffer body = BUFFER_OF(bytes);
    Span answer = { 0 };
    ShownJson json = { 0 };
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonWriter w = json_writer_for(&body, LAYER_REQUEST);
    json_open_object(&w);
    put_terms(&w, wish);
    TRY(post(talk, "/payer/v1/transfer-ask", &w, &answer));
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), shown_fields, 3, &json, &problem));
    *ret = (TransferShown) { 0 };
    memcpy(ret->mask, json.mask.data, json.mask.size);
    memcpy(ret->fastest, json.fastest.data, json.fastest.size);
    Buffer nonce = BUFFER_OF(ret->nonce);
    return hex_decode(json.nonce, &nonce);
}

static Status put_box(const PayerTalk *talk, const BoxWish *inside, JsonWriter *w)
{
    uint8_t bytes[BOX_TEXT_BYTES_MAX];
    Buffer box = BUFFER_OF(bytes);
    TRY(box_make(talk->key, inside, span_of_text(talk->app->pin), &box));
    json_key_text(w, "box", span_of_buffer(&box));
    return OK;
}

Status transfer_send(const PayerTalk *talk, const TransferWish *wish, const TransferWish *boxed,
        const TransferShown *shown)
{
    uint8_t bytes[REQUEST_BYTES_MAX];
    Buffer body = BUFFER_OF(bytes);
    char order[64];
    Span answer = { 0 };
    snprintf(order, sizeof(order), "%s/%s", boxed->speed, boxed->number);
    BoxWish inside = { .data_class = CLASS_PIN,
        .purpose = BOX_PURPOSE_TRANSFER,
        .minor = boxed->minor,
        .tenant = span_of_text(boxed->receiver),
        .order = span_of_text(order),
        .payee = span_of_text(boxed->receiver) };
    memcpy(inside.nonce, shown->nonce, sizeof(inside.nonce));
    JsonWriter w = json_writer_for(&body, LAYER_REQUEST);
    json_open_object(&w);
    put_terms(&w, wish);
    json_key_text(&w, "speed", span_of_text(wish->speed));
    if (wish->remark != NULL) json_key_text(&w, "remark", span_of_text(wish->remark));
    TRY(put_box(talk, &inside, &w));
    return post(talk, "/payer/v1/transfers", &w, &answer);
}

Status transfer_limits_set(const PayerTalk *talk, int64_t minor, int64_t count, bool with_pin)
{
    uint8_t bytes[REQUEST_BYTES_MAX];
    uint8_t nonce_bytes[2 * BOX_NONCE_BYTES];
    Buffer body = BUFFER_OF(bytes);
    Buffer nonce = BUFFER_OF(nonce_bytes);
    char order[24];
    Span answer = { 0 };
    snprintf(order, sizeof(order), "%lld", (long long)count);
    BoxWish inside = { .data_class = CLASS_PIN,
        .purpose = BOX_PURPOSE_TRANSFER_LIMITS,
        .minor = minor,
        .tenant = span_of_text(talk->app->id),
        .order = span_of_text(order),
        .payee = span_of_text(talk->app->id) };
    JsonWriter w = json_writer_for(&body, LAYER_REQUEST);
    json_open_object(&w);
    json_key_int(&w, "day_limit_minor", minor);
    json_key_int(&w, "day_limit_count", count);
    if (with_pin) {
        TRY(payer_challenge_fetch(talk->http, talk->answer, inside.nonce));
        TRY(hex_encode(SPAN_OF(inside.nonce), &nonce));
        TRY(put_box(talk, &inside, &w));
        json_key_text(&w, "nonce", span_of_buffer(&nonce));
    }
    return post(talk, "/payer/v1/transfer-limits", &w, &answer);
}

bool transfer_answer_holds(const PayerTalk *talk, const char *target, const char *text)
{
    Span body = { 0 };
    const Status s = payer_ask(talk->app->phone, talk->http, "GET", span_of_text(target), SPAN(""),
            talk->answer, &body);
    const bool holds = status_ok(s) && memmem(body.data, body.size, text, strlen(text)) != NULL;
    if (!holds) fprintf(stderr, "  %s: %.*s\n", target, (int)body.size, (const char *)body.data);
    return holds;
}
