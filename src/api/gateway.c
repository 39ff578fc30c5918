#include "api/gateway.h"

#include "api/routes.h"
#include "base/secret.h"

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

/* Who signed? False: refused, and the passage is gone. */
static bool verify(Passage *p)
{
    static _Thread_local uint8_t scratch_bytes[MESSAGE_CANONICAL_BYTES_MAX];
    Buffer scratch = BUFFER_OF(scratch_bytes);
    Buffer memory = BUFFER_OF(p->gateway->bytes);
    Envelope envelope = { 0 };
    MessageSender sender = { 0 };
    Status s = envelope_parse(http_request_body(p->http), &memory, &envelope);
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

void merchant_gateway(Passage *p, Span rest)
{
    p->gateway = calloc(1, sizeof(*p->gateway));
    if (p->gateway == NULL) {
        passage_refuse(p, BROKEN(FAULT_MEMORY), NULL);
        return;
    }
    if (!verify(p)) return;
    SigningUse *work = &p->work.signing_use;
    memset(work, 0, sizeof(*work));
    passage_text(work->mchid, sizeof(work->mchid), span_of_text(p->mchid));
    work->number = p->profile->number;
    work->nonce_digest = p->nonce_digest;
    signing_use_unit(work, was_given);
    passage_submit(p, write_refused);
}
