#include "api/call.h"

#include "api/event.h"
#include "api/routes.h"
#include "base/encoding.h"
#include "base/heap.h"
#include "base/secret.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"

#include <stdio.h>
#include <stdlib.h>

static const CallRoute routes[] = {
    { HTTP_GET, "/vault/v1/box-key", 0, false, call_box_key },
    { HTTP_GET, "/vault/v1/challenge", 0, false, call_challenge },
    { HTTP_POST, "/vault/v1/sessions", 0, false, call_session }, /* its batches need rights */
    { HTTP_POST, "/vault/v1/fields", CALLER_MAY_PROTECT, false, call_fields },
    { HTTP_POST, "/vault/v1/lookups", CALLER_MAY_LOOK_UP, false, call_lookups },
    { HTTP_POST, "/vault/v1/reveals", CALLER_MAY_REVEAL, true, call_reveal },
    { HTTP_POST, "/vault/v1/uses", CALLER_MAY_PROTECT, true, call_use },
    { HTTP_POST, "/vault/v1/passwords/set", CALLER_MAY_CHECK_PASSWORDS, true, call_password_set },
    { HTTP_POST, "/vault/v1/passwords/check", CALLER_MAY_CHECK_PASSWORDS, true,
            call_password_check },
    { HTTP_POST, "/vault/v1/passwords/spend", CALLER_MAY_CHECK_PASSWORDS, true,
            call_password_spend },
    { HTTP_POST, "/vault/v1/keys/set", CALLER_MAY_MAC, true, call_mac_key_set },
    { HTTP_POST, "/vault/v1/keys/mac", CALLER_MAY_MAC, true, call_mac_use },
    { HTTP_POST, "/vault/v1/bindings", CALLER_MAY_BIND, true, call_binding_make },
    { HTTP_GET, "/vault/v1/bindings/*", CALLER_MAY_BIND, true, call_binding_read },
    { HTTP_POST, "/vault/v1/bindings/*/end", CALLER_MAY_BIND, true, call_binding_end },
};

size_t call_routes_count(void) { return sizeof(routes) / sizeof(routes[0]); }

const CallRoute *call_routes_at(size_t index)
{
    ASSERT(index < call_routes_count());
    return &routes[index];
}

static const CallRoute *find_route(const HttpRequest *request, Span *ret_rest)
{
    const Span path = http_request_path(request);
    for (size_t i = 0; i < call_routes_count(); i++) {
        if (routes[i].method != http_request_method(request)) continue;
        if (route_matches(routes[i].pattern, path, ret_rest)) return &routes[i];
    }
    return NULL;
}

/* The print of a certificate's key. Reading a certificate and checking its key costs twenty times
 * what the rest of a call does, and what a certificate says never changes: each loop remembers the
 * last ones by their digest. */
static Status key_of_certificate(Span der, uint8_t ret_key[CALLER_KEY_BYTES])
{
    enum { REMEMBERED = 32 };
    static _Thread_local struct {
        uint8_t certificate[DIGEST_SHA256_BYTES];
        uint8_t key[CALLER_KEY_BYTES];
        bool taken;
    } known[REMEMBERED];
    uint8_t digest[DIGEST_SHA256_BYTES];
    CLEANUP(certificate_free) Certificate *certificate = NULL;
    sha256(der, digest);
    const size_t at = digest[0] % REMEMBERED;
    if (!known[at].taken || !bytes_equal_ct(known[at].certificate, digest, sizeof(digest))) {
        TRY(certificate_from_der(der, &certificate));
        public_key_fingerprint(certificate_key(certificate), known[at].key);
        memcpy(known[at].certificate, digest, sizeof(digest));
        known[at].taken = true;
    }
    memcpy(ret_key, known[at].key, CALLER_KEY_BYTES);
    return OK;
}

/* TLS has verified the chain; which caller it is stands in our own sealed rows. */
static Status identify(House *house, const HttpRequest *request, Caller *ret_caller)
{
    const Span der = http_request_peer_certificate(request);
    uint8_t key[CALLER_KEY_BYTES];
    REQUIRE(der.data != NULL, REFUSED_CALLER_UNKNOWN);
    TRY(key_of_certificate(der, key));
    return caller_list_find(house->callers, key, clock_now_us(&house->clock), ret_caller);
}

/* By the table of now, as for everybody else: a caller has one role a right, and a role of which
 * the table took the action may no more. */
static Status may(const Call *call)
{
    CLEANUP(access_release) AccessTable *table = access_in_force(call->house->access);
    const uint32_t right = call->route->right;
    const Caller *caller = &call->caller;
    Asker asker;
    if (right == 0) return OK;
    asker.roles = access_service_roles(table, caller->rights);
    asker.emergency_roles = 0;
    asker.emergency_until_us = 0;
    asker.grant_count = 0;
    asker.approvals = 0;
    asker.door = DOOR_SERVICE;
    const int action = access_service_action(table, right);
    const int64_t now_us = clock_now_us(&call->house->clock);
    return access_status(access_decide(table, &asker, action, 0, now_us));
}

static void answer(Call *call, int status)
{
    const bool is_batch = call->is_binary && status == 200;
    const HttpHeader headers[] = {
        { "Content-Type", is_batch ? SPAN(CALL_BINARY_TYPE) : SPAN("application/json") },
        { "Cache-Control", SPAN("no-store") },
    };
    http_answer(call->http, status, headers, 2, span_of_buffer(&call->answer));
    heap_free(call);
}

/* LL-4.5.3: who is refused at this door stands in the audit log, in numbers (api/door.h). */
static void note_refusal(const Call *call, Status refusal)
{
    char actor[DOOR_ACTOR_BYTES_MAX + 1] = "stranger";
    House *house = call->house;
    if (call->caller.name[0] != 0)
        snprintf(actor, sizeof(actor), "caller/%.50s", call->caller.name);
    const DoorRefusal told = { refusal, span_of_text(actor), SPAN(""), span_of_text(call->from) };
    door_refused(&house->door, &told, clock_now_us(&house->clock));
}

static void answer_refusal(Call *call, Status refusal)
{
    const Span language = http_request_header(call->http, "Accept-Language");
    const ErrorContext context = { .language = message_language(language),
        .field = call->problem.field };
    call->answer.size = 0;
    if (!status_ok(message_error_body(refusal, &context, &call->answer))) call->answer.size = 0;
    answer(call, message_error(refusal)->http);
}

static void refuse(Call *call, Status refusal)
{
    note_refusal(call, refusal);
    answer_refusal(call, refusal);
}

static Span refused_action(const Call *call, uint8_t *memory, size_t size)
{
    Buffer text = { memory, 0, size };
    ASSERT(status_ok(buffer_put(&text, SPAN("service."))));
    ASSERT(status_ok(caller_rights_put(call->route->right, &text)));
    return span_of_buffer(&text);
}

/* What the table of rights refuses stands in the log, as what it is, before the caller hears of it
 * (LL-4.5.3): that waits for a batch. */
static void tell_and_refuse(Job *job)
{
    char actor[AUDIT_ACTOR_BYTES_MAX + 1];
    uint8_t memory[ACCESS_NAME_BYTES_MAX];
    uint8_t body[ERROR_BODY_BYTES_MAX];
    Call *call = (Call *)(void *)((uint8_t *)job - offsetof(Call, job));
    snprintf(actor, sizeof(actor), "caller/%s", call->caller.name);
    const AuditEvent event = { .kind = AUDIT_OPERATION_REFUSED,
        .outcome = call->verdict.code,
        .actor = span_of_text(actor),
        .subject = refused_action(call, memory, sizeof(memory)) };
    call->answer = BUFFER_OF(body);
    unit_asked(call->from, NULL);
    const Status told = event_write(call->house->batcher, &event);
    unit_asked(NULL, NULL);
    answer_refusal(call, status_ok(told) ? REFUSE(REFUSED_CALLER_RIGHT) : told);
}

/* A thread's answers go through one buffer of its own; it may have held what is sensitive (never in
 * clear), so it is wiped. */
static void serve(Job *job)
{
    static _Thread_local uint8_t answer_bytes[CALL_ANSWER_BYTES_MAX];
    Call *call = (Call *)(void *)((uint8_t *)job - offsetof(Call, job));
    call->answer = BUFFER_OF(answer_bytes);
    unit_asked(call->from, NULL);
    const Status s = call->route->handler(call);
    unit_asked(NULL, NULL);
    if (!status_ok(s)) stack_wipe(); /* of what was read: it may be why we refuse (TP-5) */
    const size_t used = call->answer.size;
    if (status_ok(s))
        answer(call, 200);
    else
        refuse(call, s);
    bytes_wipe(answer_bytes, used);
}

void calls_serve(void *context, HttpRequest *request)
{
    House *house = context;
    uint8_t refusal_bytes[ERROR_BODY_BYTES_MAX];
    Call *call = calloc(1, sizeof(*call));
    if (call == NULL) {
        http_answer(request, 503, NULL, 0, (Span) { NULL, 0 });
        return;
    }
    call->house = house;
    call->http = request;
    snprintf(call->from, sizeof(call->from), "service/%.45s", http_request_peer(request));
    call->body = http_request_body(request);
    call->answer = BUFFER_OF(refusal_bytes);
    call->job.run = serve;
    const Span type = http_request_header(request, "Content-Type");
    call->is_binary = span_equal(type, SPAN(CALL_BINARY_TYPE));
    call->route = find_route(request, &call->rest);
    /* Strangers learn nothing of the routes. */
    Status s = identify(house, request, &call->caller);
    if (status_ok(s) && call->route == NULL) s = REFUSE(REFUSED_ROUTE_UNKNOWN);
    if (status_ok(s)) call->verdict = may(call);
    if (status_ok(s) && !status_ok(call->verdict)) call->job.run = tell_and_refuse;
    if (status_ok(s) && status_ok(call->verdict) && !call->route->waits) {
        serve(&call->job);
        return;
    }
    if (status_ok(s)) s = workers_submit(house->call_workers, &call->job);
    if (!status_ok(s)) refuse(call, s);
}

Status call_read_json(Call *call, const JsonField *fields, size_t count, void *ret_struct,
        JsonDocument **ret_document)
{
    const Span type = http_request_header(call->http, "Content-Type");
    const Span json = SPAN("application/json");
    const bool is_json = type.size >= json.size && span_equal((Span) { type.data, json.size }, json)
            && (type.size == json.size || type.data[json.size] == ';');
    REQUIRE(is_json, REFUSED_CONTENT_TYPE);
    TRY(json_parse(call->body, ret_document, &call->problem));
    const JsonValue *root = json_root(*ret_document);
    return json_read_request(*ret_document, root, fields, count, ret_struct, &call->problem);
}

void call_key_base64(JsonWriter *w, const char *key, Span bytes)
{
    uint8_t text_bytes[16384];
    Buffer text = BUFFER_OF(text_bytes);
    ASSERT(status_ok(base64_encode(bytes, &text)));
    json_key_text(w, key, span_of_buffer(&text));
}

void call_key_hex(JsonWriter *w, const char *key, Span bytes)
{
    uint8_t text_bytes[128];
    Buffer text = BUFFER_OF(text_bytes);
    ASSERT(status_ok(hex_encode(bytes, &text)));
    json_key_text(w, key, span_of_buffer(&text));
}
