#include "api/payer_door.h"

#include "base/secret.h"
#include "base/time.h"

static Status verify(Passage *p, DeviceSender *ret_sender)
{
    const DeviceRequest request = { .method = span_of_text(http_request_method_text(p->http)),
        .target = http_request_target(p->http),
        .body = http_request_body(p->http),
        .authorization = http_request_header(p->http, "Authorization"),
        .authorization_count = http_request_header_count(p->http, "Authorization") };
    return device_verify(&request, clock_now_us(&p->house->clock), ret_sender);
}

/* What its sender is told: which part of the header is wrong is nobody's business but his, yet he
 * has no other header to confuse it with. */
static bool refused(Passage *p, Status s)
{
    bytes_wipe(p->comes.sender.session, sizeof(p->comes.sender.session));
    passage_refuse(p, s, NULL);
    return false;
}

bool payer_shows_device(Passage *p)
{
    const Status s = verify(p, &p->comes.sender);
    return status_ok(s) ? true : refused(p, s);
}

SessionOwner payer_owner(const char *payer)
{
    return (SessionOwner) { SESSION_PAYER, SPAN("hufu"), span_of_text(payer) };
}

/* The nonce is remembered only now: a stranger's are not worth room. */
static Status find_session(Passage *p)
{
    PayerComes *comes = &p->comes;
    House *house = p->house;
    const int64_t now_s = clock_now_us(&house->clock) / TIME_SECOND_US;
    Session session = { 0 };
    REQUIRE(comes->sender.has_session, REFUSED_LOGIN_NEEDED);
    const Status s = session_find(
            house->sessions, SPAN_OF(comes->sender.session), comes->sender.name, &session);
    const bool told = status_ok(s) || status_is(s, REFUSED_SESSION_DEVICE);
    if (told && session.kind == SESSION_PAYER)
        passage_text(comes->payer, sizeof(comes->payer), span_of_text(session.principal));
    TRY(s);
    REQUIRE(session.kind == SESSION_PAYER, REFUSED_LOGIN_NEEDED);
    TRY(nonce_remember(
            house->device_nonces, comes->sender.nonce_digest, comes->sender.expires_s, now_s));
    comes->session = session.number;
    comes->place = session.stamp;
    comes->by_device = true;
    return OK;
}

bool payer_comes(Passage *p)
{
    Status s = verify(p, &p->comes.sender);
    if (status_ok(s)) s = find_session(p);
    return status_ok(s) ? true : refused(p, s);
}

bool payer_may_come(Passage *p, Span payer)
{
    if (http_request_header_count(p->http, "Authorization") > 0) {
        if (!payer_comes(p)) return false;
        if (payer.size == 0 || span_equal(payer, span_of_text(p->comes.payer))) return true;
        return refused(p, REFUSE(REFUSED_PAYER_OTHER));
    }
    const bool needed = p->house->payer_devices_needed || payer_book_has(p->house->payers, payer);
    return needed ? refused(p, REFUSE(REFUSED_PAYER_DEVICE_NEEDED)) : true;
}
