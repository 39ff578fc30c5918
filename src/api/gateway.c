#include "api/gateway.h"

#include "api/routes.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "base/time.h"
#include "message/signed_body.h"

#include <stdlib.h>

struct Gateway {
    HttpMethod method;
    Span path;
    Span content;
    uint8_t bytes[ENVELOPE_BYTES_MAX]; /* the spans borrow from here */
};

void gateway_free(Gateway **gateway)
{
    if (*gateway == NULL) return;
    bytes_wipe(*gateway, sizeof(**gateway));
    free(*gateway);
    *gateway = NULL;
}

Span gateway_body(const Gateway *gateway)
{
    return gateway->method == HTTP_POST ? gateway->content : (Span) { NULL, 0 };
}

Span gateway_query(const Gateway *gateway)
{
    return gateway->method == HTTP_GET ? gateway->content : (Span) { NULL, 0 };
}

/* "POST /v3/…" or "GET /v3/…": a merchant's call; the gateway is none. */
static Status read_call(Span call, Gateway *gateway)
{
    static const Span under = { (const uint8_t *)"/v3/", 4 };
    Cursor c = cursor_of(call);
    Span method = { 0 };
    REQUIRE(status_ok(cursor_until(&c, ' ', &method)), REFUSED_ENVELOPE_METHOD);
    const bool post = span_equal(method, SPAN("POST"));
    REQUIRE(post || span_equal(method, SPAN("GET")), REFUSED_ENVELOPE_METHOD);
    REQUIRE(c.rest.size > under.size, REFUSED_ENVELOPE_METHOD);
    REQUIRE(span_equal((Span) { c.rest.data, under.size }, under), REFUSED_ENVELOPE_METHOD);
    gateway->method = post ? HTTP_POST : HTTP_GET;
    gateway->path = c.rest;
    return OK;
}

static int write_refused(Passage *p, Buffer *ret_body)
{
    return passage_write_refusal(p, p->outcome, NULL, ret_body);
}

static void serve(Job *job)
{
    Passage *p = passage_of_job(job);
    Span rest = { 0 };
    const Route *route = route_find(p->gateway->method, p->gateway->path, &rest);
    if (route == NULL)
        passage_finish(p, REFUSE(REFUSED_ENVELOPE_METHOD), write_refused);
    else
        route->handler(p, rest);
}

/* The batch's thread must not serve: a handler submits its own unit. */
static void was_given(Unit *unit, Status outcome)
{
    Passage *p = (Passage *)(void *)((uint8_t *)unit - offsetof(Passage, work));
    Status s = outcome;
    p->job.run = serve;
    if (status_ok(s)) s = workers_submit(p->house->openers, &p->job);
    if (!status_ok(s)) passage_done(unit, s); /* the unit has told it */
}

Status gateway_admits(const House *house, const SigningProfile *profile)
{
    const bool named = (house->legacy_profiles >> profile->number & 1) != 0;
    REQUIRE(!profile->legacy || named, REFUSED_PROFILE_LEGACY_OFF);
    return OK;
}

typedef Status (*EnvelopeReader)(const HttpRequest *http, Buffer *memory, Envelope *ret_envelope);

static Status read_form(const HttpRequest *http, Buffer *memory, Envelope *ret_envelope)
{
    return envelope_parse(http_request_body(http), memory, ret_envelope);
}

static Status read_signed_body(const HttpRequest *http, Buffer *memory, Envelope *ret_envelope)
{
    const SignedBody request = { .body = http_request_body(http),
        .scheme = http_request_header(http, "Signature-Type"),
        .signature = http_request_header(http, "Signature-Data"),
        .scheme_count = http_request_header_count(http, "Signature-Type"),
        .signature_count = http_request_header_count(http, "Signature-Data") };
    return signed_body_parse(&request, memory, ret_envelope);
}

/* Who signed? False: refused, and the passage is gone. */
static bool verify(Passage *p, EnvelopeReader read)
{
    static _Thread_local uint8_t scratch_bytes[MESSAGE_CANONICAL_BYTES_MAX];
    Buffer scratch = BUFFER_OF(scratch_bytes);
    Buffer memory = BUFFER_OF(p->gateway->bytes);
    Envelope envelope = { 0 };
    MessageSender sender = { 0 };
    Status s = read(p->http, &memory, &envelope);
    if (status_ok(s)) s = gateway_admits(p->house, envelope.who.profile);
    if (status_ok(s))
        s = message_verify_envelope(
                p->house->verifier, &envelope, clock_now_us(&p->house->clock), &scratch, &sender);
    if (!status_ok(s))
        passage_refuse_stranger(p, envelope.who.profile, s, span_of_buffer(&scratch));
    bytes_wipe(scratch_bytes, scratch.size);
    if (!status_ok(s)) return false;
    if (!passage_admit(p, &sender)) return false;
    p->gateway->content = envelope.content;
    s = read_call(envelope.call, p->gateway);
    if (!status_ok(s)) passage_refuse(p, s, NULL);
    return status_ok(s);
}

static void come_in(Passage *p, EnvelopeReader read)
{
    p->gateway = calloc(1, sizeof(*p->gateway));
    if (p->gateway == NULL) {
        passage_refuse(p, BROKEN(FAULT_MEMORY), NULL);
        return;
    }
    if (!verify(p, read)) return;
    if (p->profile->legacy) atomic_fetch_add(&p->house->legacy_signatures, 1);
    SigningUse *work = &p->work.signing_use;
    memset(work, 0, sizeof(*work));
    passage_text(work->mchid, sizeof(work->mchid), span_of_text(p->mchid));
    work->profile = p->profile;
    work->nonce_digest = p->nonce_digest;
    signing_use_unit(work, was_given);
    passage_submit(p, write_refused);
}

void merchant_gateway(Passage *p, Span rest) { come_in(p, read_form); }

void merchant_gateway_json(Passage *p, Span rest) { come_in(p, read_signed_body); }

static Status wrap(
        const House *house, const HttpRequest *http, int status, Span content, Buffer *ret_body)
{
    uint8_t sha[DIGEST_SHA256_BYTES];
    uint8_t digest_bytes[2 * DIGEST_SHA256_BYTES];
    uint8_t time_bytes[TIME_TEXT_BYTES];
    Buffer digest = BUFFER_OF(digest_bytes);
    Buffer time = BUFFER_OF(time_bytes);
    sha256(http_request_body(http), sha);
    TRY(hex_encode(SPAN_OF(sha), &digest));
    TRY(signed_body_time(clock_now_us(&house->clock), &time));
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    if (content.size > 0) json_key_raw(&w, "biz_content", content);
    json_key_text(&w, "request_digest", span_of_buffer(&digest));
    json_key_int(&w, "status", status);
    json_key_text(&w, "timestamp", span_of_buffer(&time));
    json_close(&w);
    return json_finish(&w);
}

Status gateway_wrap(const House *house, const HttpRequest *http, int *status, Buffer *body)
{
    uint8_t bytes[PASSAGE_BODY_BYTES_MAX];
    Buffer whole = BUFFER_OF(bytes);
    Status s = wrap(house, http, *status, span_of_buffer(body), &whole);
    if (status_ok(s) && whole.size > body->capacity) s = REFUSE(REFUSED_BUFFER_FULL);
    if (status_ok(s)) {
        memcpy(body->data, bytes, whole.size);
        body->size = whole.size;
        if (*status == 204) *status = 200; /* that one has no body */
    }
    bytes_wipe(bytes, whole.size);
    return s;
}
