#include "api/passage.h"

#include "api/gateway.h"
#include "api/signer.h"
#include "base/heap.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>

enum { HTTP_OUR_FAULT = 500 };

Passage *passage_open(House *house, HttpRequest *http)
{
    Passage *p = malloc(sizeof(*p));
    if (p == NULL) {
        http_answer(http, 503, NULL, 0, (Span) { NULL, 0 });
        return NULL;
    }
    /* Only what comes before the large arrays needs to be zero; units and buffers are filled by
     * their owners. */
    memset(p, 0, offsetof(Passage, box));
    p->box_size = 0;
    p->sealed.there = false;
    p->answer.header_count = 0;
    p->house = house;
    p->http = http;
    p->came_us = clock_now_us(&house->clock);
    p->language = message_language(http_request_header(http, "Accept-Language"));
    p->body = BUFFER_OF(p->body_bytes);
    atomic_fetch_add(&house->passages_open, 1);
    p->coming = true;
    batcher_coming(house->batcher, +1);
    return p;
}

Passage *passage_of_job(Job *job)
{
    return (Passage *)(void *)((uint8_t *)job - offsetof(Passage, job));
}

static void close_passage(Passage *p)
{
    atomic_fetch_sub(&p->house->passages_open, 1);
    bytes_wipe(&p->comes, sizeof(p->comes));
    bytes_wipe(p->box, p->box_size);
    bytes_wipe(&p->work, sizeof(p->work));
    bytes_wipe(p->body_bytes, p->body.size);
    gateway_free(&p->gateway);
    free(p);
}

/* For whoever is asked what became of this Request-ID. */
static void report_fault(Passage *p, int status)
{
    House *house = p->house;
    const int64_t now_us = clock_now_us(&house->clock);
    char request_id[ANSWER_REQUEST_ID_BYTES + 1] = "";
    if (house->report_answer == NULL || !budget_take(&house->faults, now_us)) return;
    if (p->answer.header_count > 0)
        passage_text(request_id, sizeof(request_id), SPAN_OF(p->answer.request_id));
    const AnswerReport report = { p->mchid, request_id, status, p->why };
    house->report_answer(&report);
}

void passage_send(Passage *p, int status, const HttpHeader *headers, size_t count, Span body)
{
    House *house = p->house;
    if (p->mchid[0] != 0) answer_number(&p->answer, p->nonce_digest);
    if (status >= HTTP_OUR_FAULT) report_fault(p, status);
    http_answer(p->http, status, headers, count, body);
    traffic_count(&house->traffic, p->route, p->audience, status,
            clock_now_us(&house->clock) - p->came_us);
    close_passage(p);
}

void passage_text(char *ret_text, size_t capacity, Span text)
{
    ASSERT(text.size < capacity);
    if (text.size > 0) memcpy(ret_text, text.data, text.size);
    ret_text[text.size] = 0;
}

void passage_not_coming(Passage *p)
{
    if (!p->coming) return;
    p->coming = false;
    batcher_coming(p->house->batcher, -1);
}

/* Answer at once, unsigned: for refusals that are over the signing budget. */
static void answer_unsigned_now(Passage *p, int status)
{
    Answer *answer = &p->answer;
    if (!status_ok(answer_unsigned(&p->house->random, answer))) answer->header_count = 0;
    passage_send(p, status, answer->headers, answer->header_count, span_of_buffer(&p->body));
}

static int write_nothing(Passage *passage, Buffer *ret_body)
{
    return passage->outcome.code; /* the body and the HTTP status were made on the loop thread */
}

/* The scheme that the stranger named, if it is one of ours: so that what it can verify is what it
 * gets. The header is not to be trusted, but any of our keys may sign a refusal. */
static const SigningProfile *profile_named(const HttpRequest *http)
{
    const Span header = http_request_header(http, "Authorization");
    const void *end = header.size == 0 ? NULL : memchr(header.data, ' ', header.size);
    if (end == NULL) return &profile_v3_rsa;
    const Span scheme = { header.data, (size_t)((const uint8_t *)end - header.data) };
    const SigningProfile *profile = profile_by_scheme(CARRIER_AUTHORIZATION, scheme);
    return profile == NULL ? &profile_v3_rsa : profile;
}

const char *passage_from(Passage *p)
{
    const char *door = p->mchid[0] != 0                              ? "merchant"
            : p->pin.payer.size > 0 || p->comes.sender.spki_size > 0 ? "payer"
                                                                     : "public";
    const int size =
            snprintf(p->from, sizeof(p->from), "%s/%.45s", door, http_request_peer(p->http));
    ASSERT(size > 0 && (size_t)size < sizeof(p->from));
    return p->from;
}

/* The audit log hears of it, in numbers (api/door.h). A field is named only when we named it. */
static void note_refusal(Passage *p, Status refusal, const char *field)
{
    char actor[DOOR_ACTOR_BYTES_MAX + 1] = "stranger";
    House *house = p->house;
    p->why = refusal;
    if (p->mchid[0] != 0) snprintf(actor, sizeof(actor), "merchant/%s", p->mchid);
    if (p->comes.payer[0] != 0) snprintf(actor, sizeof(actor), "payer/%s", p->comes.payer);
    if (p->pin.payer.size > 0)
        snprintf(actor, sizeof(actor), "payer/%.*s", (int)p->pin.payer.size,
                (const char *)p->pin.payer.data);
    const bool ours = status_is(refusal, REFUSED_DATA_PROHIBITED)
            || status_is(refusal, REFUSED_DATA_CARD_NUMBER)
            || status_is(refusal, REFUSED_PASSWORD_IN_CLEAR);
    const Span name = ours && field != NULL ? span_of_text(field) : (Span) { NULL, 0 };
    const DoorRefusal told = { refusal, span_of_text(actor), name, span_of_text(passage_from(p)) };
    door_refused(&house->door, &told, clock_now_us(&house->clock));
}

void passage_refuse_stranger(
        Passage *p, const SigningProfile *profile, Status refusal, Span canonical)
{
    const ErrorContext context = { .language = p->language,
        .method = span_of_text(http_request_method_text(p->http)),
        .target = http_request_target(p->http),
        .canonical = canonical };
    const int status = message_error(refusal)->http;
    note_refusal(p, refusal, NULL);
    p->body.size = 0;
    if (!status_ok(message_error_body(refusal, &context, &p->body))) p->body.size = 0;
    passage_not_coming(p);
    if (!budget_take(&p->house->budget, clock_now_us(&p->house->clock))) {
        answer_unsigned_now(p, status);
        return;
    }
    p->profile = profile != NULL ? profile : profile_named(p->http);
    p->outcome = (Status) { status };
    p->write = write_nothing;
    signer_submit(p->house->signer, p);
}

Span passage_body(const Passage *p)
{
    return p->gateway == NULL ? http_request_body(p->http) : gateway_body(p->gateway);
}

Span passage_query(const Passage *p)
{
    return p->gateway == NULL ? http_request_query(p->http) : gateway_query(p->gateway);
}

bool passage_admit(Passage *p, const MessageSender *sender)
{
    p->profile = sender->profile;
    passage_text(p->mchid, sizeof(p->mchid), sender->mchid);
    passage_text(p->serial, sizeof(p->serial), sender->serial);
    memcpy(p->nonce_digest, sender->nonce_digest, sizeof(p->nonce_digest));
    const Status s = pace_take(p->house->pace, sender->mchid, clock_now_us(&p->house->clock));
    if (!status_ok(s)) passage_refuse_stranger(p, p->profile, s, (Span) { NULL, 0 });
    return status_ok(s);
}

bool passage_verify(Passage *p)
{
    if (p->gateway != NULL) return true; /* it has verified the sender */
    static _Thread_local uint8_t scratch_bytes[MESSAGE_CANONICAL_BYTES_MAX];
    Buffer scratch = BUFFER_OF(scratch_bytes);
    const MessageRequest request = { .method = span_of_text(http_request_method_text(p->http)),
        .target = http_request_target(p->http),
        .body = http_request_body(p->http),
        .authorization = http_request_header(p->http, "Authorization"),
        .authorization_count = http_request_header_count(p->http, "Authorization") };
    MessageSender sender = { 0 };
    const Status s = message_verify(
            p->house->verifier, &request, clock_now_us(&p->house->clock), &scratch, &sender);
    if (!status_ok(s)) {
        passage_refuse_stranger(p, NULL, s, span_of_buffer(&scratch));
        bytes_wipe(scratch_bytes, scratch.size);
        stack_wipe();
        return false;
    }
    bytes_wipe(scratch_bytes, scratch.size); /* it holds the body */
    return passage_admit(p, &sender);
}

int passage_write_refusal(Passage *p, Status refusal, const JsonProblem *problem, Buffer *ret_body)
{
    const ErrorContext context = { .language = p->language,
        .field = problem == NULL ? NULL : problem->field };
    ret_body->size = 0;
    if (!status_ok(message_error_body(refusal, &context, ret_body))) ret_body->size = 0;
    return message_error(refusal)->http;
}

void passage_refuse(Passage *p, Status refusal, const JsonProblem *problem)
{
    note_refusal(p, refusal, problem == NULL ? NULL : problem->field);
    p->outcome = (Status) { passage_write_refusal(p, refusal, problem, &p->body) };
    p->write = write_nothing;
    passage_not_coming(p);
    stack_wipe(); /* of what was read: it may be why we refuse (TP-5) */
    signer_submit(p->house->signer, p);
}

void passage_refuse_field(Passage *p, Status refusal, const char *field)
{
    JsonProblem problem = { 0 };
    passage_text(problem.field, sizeof(problem.field), span_of_text(field));
    passage_refuse(p, refusal, &problem);
}

void passage_finish(Passage *p, Status outcome, PassageWrite write)
{
    note_refusal(p, outcome, NULL);
    p->outcome = outcome;
    p->write = write;
    passage_not_coming(p);
    signer_submit(p->house->signer, p);
}

void passage_done(Unit *unit, Status outcome)
{
    Passage *p = (Passage *)(void *)((uint8_t *)unit - offsetof(Passage, work));
    p->outcome = outcome;
    p->why = outcome;
    signer_submit(p->house->signer, p);
}

void passage_submit(Passage *p, PassageWrite write)
{
    House *house = p->house;
    p->write = write;
    const bool coming = p->coming;
    p->coming = false;
    p->work.unit.from = passage_from(p);
    const Status s = batcher_submit(house->batcher, &p->work.unit);
    /* When OK the passage may be gone already. */
    if (coming) batcher_coming(house->batcher, -1);
    if (status_ok(s)) return;
    passage_done(&p->work.unit, s);
}

/* "application/json", with parameters or without. A page of a foreign origin can make a browser
 * post other types without asking us first. */
static bool is_json(const HttpRequest *http)
{
    static const char wanted[] = "application/json";
    const Span type = http_request_header(http, "Content-Type");
    const size_t size = sizeof(wanted) - 1;
    if (http_request_header_count(http, "Content-Type") != 1 || type.size < size) return false;
    for (size_t i = 0; i < size; i++) {
        const uint8_t c = type.data[i];
        const uint8_t lower = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
        if (lower != (uint8_t)wanted[i]) return false;
    }
    return type.size == size || type.data[size] == ';' || type.data[size] == ' ';
}

bool passage_has_json(Passage *p)
{
    if (p->gateway != NULL || is_json(p->http)) return true;
    passage_refuse(p, REFUSE(REFUSED_CONTENT_TYPE), NULL);
    return false;
}

static bool ends_with(Span text, Span lower)
{
    if (text.size < lower.size) return false;
    const uint8_t *tail = text.data + text.size - lower.size;
    for (size_t i = 0; i < lower.size; i++) {
        const uint8_t c = tail[i] >= 'A' && tail[i] <= 'Z' ? (uint8_t)(tail[i] | 0x20) : tail[i];
        if (c != lower.data[i]) return false;
    }
    return true;
}

/* What a page calls a password that it forgot to put into a box (TP-6). No field of ours is called
 * so, so it comes as one that is unknown. */
static bool is_password_name(const char *field)
{
    static const char *const ends[] = { "password", "passwd", "pwd", "passcode", "passphrase",
        "pin", "mima", "secret", "\xE5\xAF\x86\xE7\xA0\x81" /* 密码 */ };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ends_with(span_of_text(field), span_of_text(ends[i]))) return true;
    return false;
}

PayerDoor passage_payer_door(const Passage *p)
{
    PayerDoor door = { .by_device = p->comes.by_device,
        .place = p->comes.place,
        .needed = p->house->payer_devices_needed };
    memcpy(door.device, p->comes.sender.name, sizeof(door.device));
    return door;
}

bool passage_read_json(Passage *p, const JsonField *fields, size_t count, void *ret_struct,
        JsonDocument **ret_document)
{
    JsonProblem problem = { 0 };
    if (!passage_has_json(p)) return false;
    Status s = json_parse(passage_body(p), ret_document, &problem);
    if (status_ok(s))
        s = json_read_request(
                *ret_document, json_root(*ret_document), fields, count, ret_struct, &problem);
    if (status_ok(s)) return true;
    if (status_is(s, REFUSED_JSON_UNKNOWN_KEY) && is_password_name(problem.field))
        s = REFUSE(REFUSED_PASSWORD_IN_CLEAR);
    json_free(ret_document);
    passage_refuse(p, s, &problem);
    return false;
}
