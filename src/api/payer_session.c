#include "api/payer_session.h"

#include "api/routes.h"
#include "base/encoding.h"
#include "base/time.h"

static void key_hex(JsonWriter *w, const char *key, Span bytes)
{
    uint8_t text_bytes[2 * SESSION_TOKEN_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    ASSERT(status_ok(hex_encode(bytes, &text)));
    json_key_text(w, key, span_of_buffer(&text));
}

/* --- begin --- */

static Status answer(Passage *p, const PayerAct *act, const Secret *token, uint64_t number)
{
    JsonWriter w = json_writer(&p->body);
    const int64_t cools_until_us = payer_cools_until(act);
    json_open_object(&w);
    json_key_text(&w, "payer_id", span_of_text(act->payer));
    key_hex(&w, "session_token", secret_span(token));
    json_key_int(&w, "session_number", (int64_t)number);
    key_hex(&w, "device", SPAN_OF(act->device.id));
    if (cools_until_us > clock_now_us(&p->house->clock))
        json_key_int(&w, "cools_until_us", cools_until_us);
    json_close(&w);
    return json_finish(&w);
}

Status payer_session_begin(Passage *p, const PayerAct *act)
{
    CLEANUP(secret_wipe) Secret token = { 0 };
    uint64_t number = 0;
    const SessionOwner owner = payer_owner(act->payer);
    const Span from = span_of_text(http_request_peer(p->http));
    TRY(session_begin(p->house->sessions, &owner, SESSION_PROVED_BY_SECRETS, act->device.id, from,
            act->place, &token, &number));
    return answer(p, act, &token, number);
}

/* --- end --- */

void payer_sessions_end_others(Passage *p, const char *payer)
{
    const SessionOwner owner = payer_owner(payer);
    session_end_all_of(p->house->sessions, &owner, p->comes.session);
}

void payer_sessions_end_device(
        Passage *p, const char *payer, const uint8_t device[PAYER_DEVICE_ID_BYTES])
{
    const SessionOwner owner = payer_owner(payer);
    Session all[SESSIONS_EACH_MAX];
    const size_t count = session_list_of(p->house->sessions, &owner, all);
    for (size_t i = 0; i < count; i++) {
        if (!bytes_equal_ct(all[i].device, device, PAYER_DEVICE_ID_BYTES)) continue;
        IGNORE(session_end_number(p->house->sessions, &owner, all[i].number),
                "it ended by itself meanwhile");
    }
}

/* --- logout --- */

typedef struct LogoutJson {
    bool everywhere;
} LogoutJson;

static const JsonField logout_fields[] = {
    { "everywhere", JSON_BOOL, false, 0, 0, offsetof(LogoutJson, everywhere) },
};

static Status log_out(Passage *p, bool everywhere)
{
    PayerAct act;
    const SessionOwner owner = payer_owner(p->comes.payer);
    if (everywhere) payer_sessions_end_others(p, p->comes.payer);
    IGNORE(session_end_number(p->house->sessions, &owner, p->comes.session),
            "it ended by itself meanwhile");
    payer_act_begin(p, PAYER_LOGS_OUT, owner.principal, &act);
    TRY(payer_act_do(p, &act));
    return payer_say(p, SPAN("ended"), 0);
}

static void open_and_log_out(Job *job)
{
    Passage *p = passage_of_job(job);
    LogoutJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, logout_fields, 1, &json, &document)) return;
    passage_finish(p, log_out(p, json.everywhere), payer_write_made);
}

void payer_logout(Passage *p, Span rest)
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_log_out);
}

/* --- his sessions --- */

static void write_session(JsonWriter *w, const Passage *p, const Session *session)
{
    json_open_object(w);
    json_key_int(w, "session_number", (int64_t)session->number);
    key_hex(w, "device", SPAN_OF(session->device));
    json_key_text(w, "seen_from", span_of_text(session->from));
    json_key_int(w, "age_s", session->age_us / TIME_SECOND_US);
    json_key_int(w, "unused_s", session->unused_us / TIME_SECOND_US);
    json_key_bool(w, "current", session->number == p->comes.session);
    json_close(w);
}

static int write_sessions(Passage *p, Buffer *ret_body)
{
    const SessionOwner owner = payer_owner(p->comes.payer);
    Session all[SESSIONS_EACH_MAX];
    const size_t count = session_list_of(p->house->sessions, &owner, all);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_array(&w, "sessions");
    for (size_t i = 0; i < count; i++)
        write_session(&w, p, &all[i]);
    json_close(&w);
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

void payer_sessions(Passage *p, Span rest)
{
    if (payer_comes(p)) passage_finish(p, OK, write_sessions);
}

static Status read_number(Span text, uint64_t *ret_number)
{
    REQUIRE(text.size > 0 && text.size <= 16, REFUSED_NUMBER_INVALID);
    uint64_t number = 0;
    for (size_t i = 0; i < text.size; i++) {
        REQUIRE(text.data[i] >= '0' && text.data[i] <= '9', REFUSED_NUMBER_INVALID);
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    *ret_number = number;
    return OK;
}

/* The number came in the path, which lives as long as the request. */
static Status end_session(Passage *p)
{
    PayerAct act;
    Span text = { 0 };
    uint64_t number = 0;
    const SessionOwner owner = payer_owner(p->comes.payer);
    ASSERT(route_matches("/payer/v1/sessions/*/end", http_request_path(p->http), &text));
    TRY(read_number(text, &number));
    payer_act_begin(p, PAYER_ENDS_SESSION, owner.principal, &act);
    const Status s = session_end_number(p->house->sessions, &owner, number);
    if (!status_ok(s)) return payer_act_failed(p, &act, s);
    TRY(payer_act_do(p, &act));
    return payer_say(p, SPAN("ended"), 0);
}

static void open_and_end(Job *job)
{
    Passage *p = passage_of_job(job);
    passage_finish(p, end_session(p), payer_write_made);
}

void payer_session_end(Passage *p, Span number)
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_end);
}
