/* One request at the console's door: which page sent it, whose session it is, and its answer. */
#include "api/console_inside.h"

#include "access/staff.h"
#include "api/cookie.h"
#include "base/encoding.h"
#include "base/heap.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>

#define SESSION_COOKIE "__Host-hufu"
#define DEVICE_COOKIE "__Host-hufu-device"
#define CSRF_HEADER "Hufu-CSRF"
/* Sent back by the browser over TLS alone, to no script, from no other site (RFC 6265bis). */
#define COOKIE_RULES "; Path=/; Secure; HttpOnly; SameSite=Strict"

enum {
    COOKIE_TEXT_MAX = 160,
    HEX_BYTES = 2 * 32,
    DEVICE_LIFE_S = 400 * 86400, /* what browsers keep at most */
    HEADERS_MAX = 10,
};

/* --- cookies --- */

static void read_secret(Span header, Span name, Secret *ret)
{
    uint8_t bytes[SESSION_TOKEN_BYTES];
    Buffer plain = BUFFER_OF(bytes);
    const Span text = cookie_named(header, name);
    if (text.size != HEX_BYTES || !status_ok(hex_decode(text, &plain))) return;
    ASSERT(status_ok(secret_set(ret, span_of_buffer(&plain))));
    bytes_wipe(bytes, sizeof(bytes));
}

void console_call_read(ConsoleCall *call)
{
    const bool one = http_request_header_count(call->http, "Cookie") == 1;
    const Span header = http_request_header(call->http, "Cookie");
    if (one) read_secret(header, SPAN(SESSION_COOKIE), &call->token);
    if (one) read_secret(header, SPAN(DEVICE_COOKIE), &call->device);
    sha256(secret_span(&call->device), call->device_digest);
    device_name(call->device_digest, call->device_name);
    snprintf(call->from, sizeof(call->from), "console/%.45s", http_request_peer(call->http));
}

/* --- which page --- */

/* A page of another origin can send other types without asking us first; this one it cannot. */
static bool is_json(const HttpRequest *http)
{
    const Span type = http_request_header(http, "Content-Type");
    return http_request_header_count(http, "Content-Type") == 1
            && span_equal(type, SPAN("application/json"));
}

static bool is_own_origin(const ConsoleCall *call)
{
    const Span origin = http_request_header(call->http, "Origin");
    const size_t count = atomic_load(&call->console->origin_count);
    if (http_request_header_count(call->http, "Origin") != 1) return false;
    for (size_t i = 0; i < count; i++) {
        if (span_equal(origin, span_of_text(call->console->origins[i]))) return true;
    }
    return false;
}

/* Browsers say where a request comes from; programs say nothing. */
static bool is_own_site(const ConsoleCall *call)
{
    const Span site = http_request_header(call->http, "Sec-Fetch-Site");
    return site.data == NULL || span_equal(site, SPAN("same-origin"))
            || span_equal(site, SPAN("none"));
}

Status console_call_origin(const ConsoleCall *call)
{
    if (http_request_method(call->http) == HTTP_GET) return OK;
    REQUIRE(is_own_origin(call) && is_own_site(call), REFUSED_REQUEST_FORGED);
    REQUIRE(is_json(call->http), REFUSED_CONTENT_TYPE);
    return OK;
}

/* --- whose session --- */

static bool shows_csrf(const ConsoleCall *call)
{
    uint8_t wanted[SESSION_CSRF_BYTES];
    uint8_t bytes[SESSION_CSRF_BYTES];
    Buffer shown = BUFFER_OF(bytes);
    const Span text = http_request_header(call->http, CSRF_HEADER);
    if (http_request_header_count(call->http, CSRF_HEADER) != 1) return false;
    if (!status_ok(hex_decode(text, &shown)) || shown.size != sizeof(wanted)) return false;
    session_csrf(call->house->sessions, secret_span(&call->token), wanted);
    return bytes_equal_ct(wanted, bytes, sizeof(wanted));
}

static void fill_asker(ConsoleCall *call)
{
    const House *house = call->house;
    const int64_t now_us = clock_now_us(&house->clock);
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    const AccessSession *limits = &table->sessions[call->session.kind];
    Asker *asker = &call->asker;
    staff_asker(&call->principal, asker);
    asker->proved_us = now_us - call->session.proof_age_us;
    asker->proof_lasts_us = limits->reauthenticate_s * TIME_SECOND_US;
    asker->door = DOOR_CONSOLE;
    asker->session = call->session.number;
    grant_book_fill(house->grants, table, call->principal.changed_us, now_us, asker);
    snprintf(asker->from, sizeof(asker->from), "%.*s", ASKER_FROM_BYTES_MAX, call->from);
}

/* A stolen session is ended, and its owner's name is told to those who watch. */
static Status stolen(ConsoleCall *call)
{
    const Status theft = REFUSE(REFUSED_SESSION_DEVICE);
    TRY(console_alert(
            call->house, ALERT_SESSION_STOLEN, span_of_text(call->session.principal), theft));
    return theft;
}

Status console_call_session(ConsoleCall *call)
{
    House *house = call->house;
    REQUIRE(call->token.size > 0, REFUSED_LOGIN_NEEDED);
    REQUIRE(is_own_site(call), REFUSED_REQUEST_FORGED);
    const Status s = session_find(
            house->sessions, secret_span(&call->token), call->device_digest, &call->session);
    if (status_is(s, REFUSED_SESSION_DEVICE)) return stolen(call);
    TRY(s);
    if (http_request_method(call->http) != HTTP_GET)
        REQUIRE(shows_csrf(call), REFUSED_REQUEST_FORGED);
    const Span name = span_of_text(call->session.principal);
    const bool lives = status_ok(principal_book_find(house->principals, name, &call->principal));
    if (!lives || call->principal.changed_us != call->session.stamp) {
        /* He left, or his rights are others now: what he had is over. */
        session_end(house->sessions, secret_span(&call->token));
        return REFUSE(REFUSED_LOGIN_NEEDED);
    }
    fill_asker(call);
    return OK;
}

/* --- the answer --- */

static Span cookie_text(
        const char *name, CookieChange change, const Secret *value, int life_s, Buffer *ret_text)
{
    const size_t before = ret_text->size;
    ASSERT(status_ok(buffer_print(ret_text, "%s=", name)));
    if (change == COOKIE_SET) ASSERT(status_ok(hex_encode(secret_span(value), ret_text)));
    ASSERT(status_ok(buffer_put(ret_text, SPAN(COOKIE_RULES))));
    if (change == COOKIE_CLEARED) life_s = 0;
    if (life_s >= 0) ASSERT(status_ok(buffer_print(ret_text, "; Max-Age=%d", life_s)));
    return (Span) { ret_text->data + before, ret_text->size - before };
}

/* The session's own value goes with every answer that its page gets. */
static Span csrf_text(const ConsoleCall *call, Buffer *ret_text)
{
    uint8_t csrf[SESSION_CSRF_BYTES];
    const size_t before = ret_text->size;
    session_csrf(call->house->sessions, secret_span(&call->token), csrf);
    ASSERT(status_ok(hex_encode(SPAN_OF(csrf), ret_text)));
    return (Span) { ret_text->data + before, ret_text->size - before };
}

static void send_answer(ConsoleCall *call, int status)
{
    uint8_t text_bytes[4 * COOKIE_TEXT_MAX];
    Buffer text = BUFFER_OF(text_bytes);
    size_t count = 0;
    HttpHeader headers[HEADERS_MAX] = {
        [0] = { "Content-Type", SPAN("application/json") },
        [1] = { "Cache-Control", SPAN("no-store") },
        [2] = { "Content-Security-Policy", SPAN("default-src 'none'; frame-ancestors 'none'") },
        [3] = { "X-Frame-Options", SPAN("DENY") },
        [4] = { "Referrer-Policy", SPAN("no-referrer") },
        [5] = { "Cross-Origin-Resource-Policy", SPAN("same-origin") },
        [6] = { "Cross-Origin-Opener-Policy", SPAN("same-origin") },
    };
    count = 7;
    if (call->session_cookie != COOKIE_LEFT)
        headers[count++] = (HttpHeader) { "Set-Cookie",
            cookie_text(SESSION_COOKIE, call->session_cookie, &call->token, -1, &text) };
    if (call->device_cookie != COOKIE_LEFT)
        headers[count++] = (HttpHeader) { "Set-Cookie",
            cookie_text(DEVICE_COOKIE, call->device_cookie, &call->device, DEVICE_LIFE_S, &text) };
    const bool inside = call->session.number != 0 && call->session_cookie != COOKIE_CLEARED;
    if (inside) headers[count++] = (HttpHeader) { CSRF_HEADER, csrf_text(call, &text) };
    http_answer(call->http, status, headers, count, span_of_buffer(&call->answer));
    bytes_wipe(text_bytes, sizeof(text_bytes));
    bytes_wipe(call, sizeof(*call));
    heap_free(call);
}

/* What is refused before any unit is counted for the audit log (api/door.h). */
static void note_refusal(const ConsoleCall *call, Status refusal)
{
    House *house = call->house;
    char actor[CONSOLE_ACTOR_BYTES_MAX + 1] = "stranger";
    const bool inside = call->principal.id[0] != 0;
    /* What an operation refuses, its own unit or admin_run() tells. */
    if (inside && call->route != NULL && call->route->handler == console_operation) return;
    if (call->told) return;
    if (inside) console_actor(&call->principal, actor);
    const DoorRefusal told = { refusal, span_of_text(actor), span_of_text(call->named),
        span_of_text(call->from) };
    door_refused(&house->door, &told, clock_now_us(&house->clock));
}

/* What an operation of ours refuses is told as at the command line: its name, and what to do. */
static Status name_refusal(Status s, Buffer *ret_body)
{
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "code", span_of_text(status_name(s)));
    json_key_text(&w, "message", span_of_text(status_advice(s)));
    json_close(&w);
    return json_finish(&w);
}

void console_call_answer(ConsoleCall *call, Status s)
{
    uint8_t refusal_bytes[ERROR_BODY_BYTES_MAX];
    if (status_ok(s)) {
        send_answer(call, 200);
        return;
    }
    const Span language = http_request_header(call->http, "Accept-Language");
    const ErrorContext context = { .language = message_language(language),
        .field = call->problem.field };
    note_refusal(call, s);
    const bool over = status_is(s, REFUSED_LOGIN_NEEDED) || status_is(s, REFUSED_SESSION_DEVICE);
    if (over) call->session.number = 0;
    if (over && call->token.size > 0) call->session_cookie = COOKIE_CLEARED;
    call->answer = BUFFER_OF(refusal_bytes);
    const bool own = call->principal.id[0] != 0 && status_refused(s)
            && !status_is(s, message_error(s)->status);
    const Status put =
            own ? name_refusal(s, &call->answer) : message_error_body(s, &context, &call->answer);
    if (!status_ok(put)) call->answer.size = 0;
    send_answer(call, own ? 400 : message_error(s)->http);
}

Status console_call_json(ConsoleCall *call, const JsonField *fields, size_t count, void *ret_struct,
        JsonDocument **ret_document)
{
    TRY(json_parse(call->body, ret_document, &call->problem));
    return json_read_request(
            *ret_document, json_root(*ret_document), fields, count, ret_struct, &call->problem);
}
