#include "http/inside.h"

#include "base/heap.h"
#include "http/list.h"
#include "text/json.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <strings.h>

/* An answer on its way to the loop: one allocation that holds everything. */
typedef struct HttpAnswerKept {
    int status;
    size_t header_count;
    Span body;
    HttpHeader headers[];
} HttpAnswerKept;

#define FORWARDED "X-Forwarded-For"

/* --- methods --- */

typedef struct Method {
    enum evhttp_cmd_type wire;
    HttpMethod method;
    const char *text;
} Method;

static const Method methods[] = {
    { EVHTTP_REQ_GET, HTTP_GET, "GET" },
    { EVHTTP_REQ_POST, HTTP_POST, "POST" },
    { EVHTTP_REQ_PUT, HTTP_PUT, "PUT" },
    { EVHTTP_REQ_DELETE, HTTP_DELETE, "DELETE" },
    { EVHTTP_REQ_PATCH, HTTP_PATCH, "PATCH" },
};
enum { METHODS = sizeof(methods) / sizeof(methods[0]) };

static const Method *method_of(const Loop *loop, const struct evhttp_request *wire)
{
    for (size_t i = 0; i < METHODS; i++) {
        const bool served = (loop->server->config.methods & methods[i].method) != 0;
        if (methods[i].wire == evhttp_request_get_command(wire) && served) return &methods[i];
    }
    return NULL;
}

/* --- answering on the loop --- */

static void on_complete(struct evhttp_request *wire, void *context)
{
    Connection *const connection = http_connection_of(context, wire);
    if (connection == NULL) return;
    const bool idle = http_check_idle(&connection->check);
    http_connection_phase(connection, idle ? PHASE_IDLE : PHASE_READING);
}

void reply_prepare(Loop *loop, struct evhttp_request *wire, Connection *connection, bool close)
{
    struct evkeyvalq *const headers = evhttp_request_get_output_headers(wire);
    if (close || loop->draining || atomic_load(&loop->server->draining))
        evhttp_add_header(headers, "Connection", "close");
    evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    if (loop->server->encrypted)
        evhttp_add_header(
                headers, "Strict-Transport-Security", "max-age=63072000; includeSubDomains");
    if (wire->minor > 1) wire->minor = 1; /* libevent answers in the version that it was asked in */
    if (wire->type == EVHTTP_REQ_CONNECT) wire->type = EVHTTP_REQ_GET; /* and never ends a tunnel */
    if (connection == NULL) return;
    evhttp_request_set_on_complete_cb(wire, on_complete, loop);
    http_connection_phase(connection, PHASE_WRITING);
}

static void header_put(struct evhttp_request *wire, const HttpHeader *header)
{
    char value[HTTP_HEAD_BYTES_MAX];
    ASSERT(header->value.size < sizeof(value));
    for (size_t i = 0; i < header->value.size; i++) {
        const uint8_t c = header->value.data[i];
        ASSERT((c >= 0x20 && c < 0x7F) || c == '\t'); /* a line end here would be a second answer */
    }
    if (header->value.size > 0) memcpy(value, header->value.data, header->value.size);
    value[header->value.size] = 0;
    const int added =
            evhttp_add_header(evhttp_request_get_output_headers(wire), header->name, value);
    ASSERT(added == 0);
}

/* Head and body of a small answer in one piece: one TLS record, one system call. */
static void reply_join(struct evhttp_request *wire)
{
    enum { RECORD_BYTES = 16 * 1024 };
    struct evhttp_connection *const to = evhttp_request_get_connection(wire);
    struct evbuffer *const output = bufferevent_get_output(evhttp_connection_get_bufferevent(to));
    if (evbuffer_get_length(output) <= RECORD_BYTES) evbuffer_pullup(output, -1);
}

static void reply(Loop *loop, struct evhttp_request *wire, int status, const HttpHeader *headers,
        size_t count, Span body, bool close)
{
    Connection *const connection =
            http_connection_of(loop, wire); /* NULL: evhttp drops the answer */
    reply_prepare(loop, wire, connection, close);
    for (size_t i = 0; i < count; i++)
        header_put(wire, &headers[i]);
    evbuffer_add(loop->body, body.data, body.size);
    evhttp_send_reply(wire, status, NULL, loop->body);
    if (connection != NULL) reply_join(wire);
    evbuffer_drain(loop->body, evbuffer_get_length(loop->body)); /* when nobody took it */
}

/* --- refusing before the handler --- */

static int status_of(Status refusal)
{
    if (status_is(refusal, REFUSED_HTTP_LENGTH_REQUIRED)) return 411;
    if (status_is(refusal, REFUSED_HTTP_TOO_LARGE)) return 413;
    if (status_is(refusal, REFUSED_HTTP_HEAD_TOO_LARGE)) return 431;
    return 400;
}

static void refuse(
        Loop *loop, struct evhttp_request *wire, int status, const char *code, const char *message)
{
    uint8_t memory[512];
    Buffer body = BUFFER_OF(memory);
    JsonWriter w = json_writer(&body);
    json_open_object(&w);
    json_key_text(&w, "code", span_of_text(code));
    json_key_text(&w, "message", span_of_text(message));
    json_close(&w);
    ASSERT(status_ok(json_finish(&w)));
    atomic_fetch_add(&loop->count_refused, 1);
    const HttpHeader headers[] = { { "Content-Type", SPAN("application/json") },
        { "Allow", SPAN("GET, POST") } };
    reply(loop, wire, status, headers, status == 405 ? 2 : 1, span_of_buffer(&body), true);
}

static void refuse_status(Loop *loop, struct evhttp_request *wire, Status refusal)
{
    refuse(loop, wire, status_of(refusal), status_name(refusal), status_advice(refusal));
}

/* --- copying: the connection may go while the handler still reads --- */

static void take(uint8_t **at, const char *text, size_t size, Span *ret_copy)
{
    if (size > 0) memcpy(*at, text, size);
    *ret_copy = (Span) { *at, size };
    *at += size;
}

static HttpRequest *request_copy(Loop *loop, struct evhttp_request *wire)
{
    struct evkeyvalq *const headers = evhttp_request_get_input_headers(wire);
    struct evbuffer *const input = evhttp_request_get_input_buffer(wire);
    const char *const target = evhttp_request_get_uri(wire);
    const size_t body_size = evbuffer_get_length(input);
    size_t bytes = strlen(target) + body_size;
    size_t count = 0;
    for (const struct evkeyval *h = headers->tqh_first; h != NULL; h = h->next.tqe_next) {
        bytes += strlen(h->key) + strlen(h->value);
        count++;
    }
    if (count > HTTP_HEADERS_MAX) return NULL; /* the check has counted them: cannot be */
    const size_t fields = count * sizeof(struct HttpField);
    HttpRequest *const request = malloc(sizeof(*request) + fields + bytes);
    if (request == NULL) return NULL;
    *request = (HttpRequest) { .loop = loop, .wire = wire, .header_count = count };
    uint8_t *at = (uint8_t *)request + sizeof(*request) + fields;
    take(&at, target, strlen(target), &request->target);
    count = 0;
    for (const struct evkeyval *h = headers->tqh_first; h != NULL; h = h->next.tqe_next) {
        take(&at, h->key, strlen(h->key), &request->headers[count].name);
        take(&at, h->value, strlen(h->value), &request->headers[count].value);
        count++;
    }
    request->body = (Span) { at, body_size };
    if (body_size > 0) evbuffer_copyout(input, at, body_size);
    return request;
}

static bool named(const struct HttpField *field, const char *name)
{
    const size_t size = strlen(name);
    return field->name.size == size && strncasecmp((const char *)field->name.data, name, size) == 0;
}

/* RFC 9112 section 9.6: `close` may be one of several options, which libevent does not look for. */
static bool says_close(const HttpRequest *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct HttpField *field = &request->headers[i];
        if (named(field, "Connection") && http_list_has(field->value, "close")) return true;
    }
    return false;
}

/* A peer that is a proxy of ours says for whom it asks. */
static void keep_client(HttpRequest *request)
{
    const HttpProxies *proxies = &request->loop->server->proxies;
    Span lists[HTTP_HEADERS_MAX];
    char client[HTTP_PEER_TEXT_MAX];
    size_t count = 0;
    if (proxies->count == 0) return;
    for (size_t i = 0; i < request->header_count && count < HTTP_HEADERS_MAX; i++)
        if (named(&request->headers[i], FORWARDED)) lists[count++] = request->headers[i].value;
    http_proxies_client(proxies, request->peer, lists, count, client);
    memcpy(request->peer, client, sizeof(client));
}

static void keep_peer(HttpRequest *request, struct evhttp_request *wire, Connection *connection)
{
    char *address = NULL;
    ev_uint16_t port = 0;
    evhttp_connection_get_peer(evhttp_request_get_connection(wire), &address, &port);
    const size_t size = address == NULL ? 0 : strlen(address);
    if (size < sizeof(request->peer)) memcpy(request->peer, address == NULL ? "" : address, size);
    keep_client(request);
    request->certificate = http_connection_certificate(connection, wire);
    if (request->certificate != NULL) atomic_fetch_add(&request->certificate->references, 1);
}

/* evhttp calls this with a request that it finds complete. */
void request_arrived(struct evhttp_request *wire, void *context)
{
    Loop *const loop = context;
    Connection *const connection = http_connection_of(loop, wire);
    if (connection == NULL) {
        refuse(loop, wire, 500, "HTTP", "The connection was not prepared; try again.");
        return;
    }
    http_connection_phase(connection, PHASE_HANDLING);
    connection->handled++;
    const bool checked = connection->handled <= connection->check.requests;
    if (!checked) {
        const Status refusal = connection->check.refusal;
        /* What evhttp finds complete and we do not is what smuggling is made of. */
        refuse_status(
                loop, wire, status_ok(refusal) ? REFUSE(REFUSED_HTTP_REQUEST_INVALID) : refusal);
        return;
    }
    const Method *const method = method_of(loop, wire);
    if (method == NULL) {
        refuse(loop, wire, 405, "HTTP_METHOD", "This method is not served; see Allow.");
        return;
    }
    HttpRequest *const request = request_copy(loop, wire);
    if (request == NULL) {
        refuse(loop, wire, 503, "MEMORY", "Too busy; try again shortly.");
        return;
    }
    request->method = method->method;
    request->method_text = method->text;
    request->closes = says_close(request);
    keep_peer(request, wire, connection);
    atomic_fetch_add(&loop->count_requests, 1);
    atomic_fetch_add(&loop->count_unanswered, 1);
    loop->server->config.handler(loop->server->config.context, request);
}

void request_free(HttpRequest *request)
{
    atomic_fetch_sub(&request->loop->count_unanswered, 1);
    certificate_release(request->certificate);
    heap_free(request->answer);
    heap_free(request);
}

/* --- answering from anywhere --- */

static void answer_run(Loop *loop, Job *job)
{
    HttpRequest *const request = (HttpRequest *)job; /* its first member */
    const HttpAnswerKept *const kept = request->answer;
    reply(loop, request->wire, kept->status, kept->headers, kept->header_count, kept->body,
            request->closes);
    request_free(request);
}

static HttpAnswerKept *answer_keep(int status, const HttpHeader *headers, size_t count, Span body)
{
    size_t bytes = body.size;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(headers[i].name) + 1 + headers[i].value.size;
    const size_t table = count * sizeof(HttpHeader);
    HttpAnswerKept *const kept = malloc(sizeof(*kept) + table + bytes);
    ASSERT(kept != NULL); /* an answer that is lost would be worse than a restart */
    kept->status = status;
    kept->header_count = count;
    uint8_t *at = (uint8_t *)kept + sizeof(*kept) + table;
    for (size_t i = 0; i < count; i++) {
        Span name = { 0 };
        take(&at, headers[i].name, strlen(headers[i].name) + 1, &name);
        kept->headers[i].name = (const char *)name.data;
        take(&at, (const char *)headers[i].value.data, headers[i].value.size,
                &kept->headers[i].value);
    }
    take(&at, (const char *)body.data, body.size, &kept->body);
    return kept;
}

void http_answer(
        HttpRequest *request, int status, const HttpHeader *headers, size_t count, Span body)
{
    ASSERT(status >= 200 && status <= 599);
    ASSERT(count <= HTTP_HEADERS_MAX && body.size <= HTTP_ANSWER_BYTES_MAX);
    Loop *const loop = request->loop;
    if (pthread_equal(loop->self, pthread_self()) != 0) {
        reply(loop, request->wire, status, headers, count, body, request->closes);
        request_free(request);
        return;
    }
    request->answer = answer_keep(status, headers, count, body);
    request->job.run = answer_run;
    loop_push(loop, &request->job); /* transferred */
}

/* --- views --- */

HttpMethod http_request_method(const HttpRequest *request) { return request->method; }
const char *http_request_method_text(const HttpRequest *request) { return request->method_text; }
Span http_request_target(const HttpRequest *request) { return request->target; }
Span http_request_body(const HttpRequest *request) { return request->body; }
const char *http_request_peer(const HttpRequest *request) { return request->peer; }
void http_request_set_note(HttpRequest *request, void *note) { request->note = note; }
void *http_request_note(const HttpRequest *request) { return request->note; }

Span http_request_path(const HttpRequest *request)
{
    Cursor cursor = cursor_of(request->target);
    Span path = request->target;
    IGNORE(cursor_until(&cursor, '?', &path), "without '?' the whole target is the path");
    return path;
}

Span http_request_query(const HttpRequest *request)
{
    Cursor cursor = cursor_of(request->target);
    Span path = { 0 };
    if (!status_ok(cursor_until(&cursor, '?', &path))) return (Span) { 0 };
    return cursor.rest;
}

Span http_request_header(const HttpRequest *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (named(&request->headers[i], name)) return request->headers[i].value;
    return (Span) { 0 };
}

size_t http_request_header_count(const HttpRequest *request, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        count += named(&request->headers[i], name) ? 1 : 0;
    return count;
}

Span http_request_peer_certificate(const HttpRequest *request)
{
    if (request->certificate == NULL) return (Span) { 0 };
    return (Span) { request->certificate->der, request->certificate->size };
}
