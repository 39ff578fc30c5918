#include "http/inside.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>

/* A stream belongs to two: its owner and, while the request lives, the loop. Each message on the
 * way holds it too, so the last one to let go frees it. */
struct HttpStream {
    Job begin;
    Job end;
    atomic_uint references;
    atomic_bool closed; /* nothing more will reach the client */
    atomic_size_t waiting; /* bytes on the loop's list */
    Loop *loop;
    HttpRequest *request; /* until it begins */
    struct evhttp_request *wire; /* the loop's; NULL when over */
    int64_t sent_ms;
    HttpStream *next, **link; /* in the loop's list */
};

typedef struct Message {
    Job job;
    HttpStream *stream;
    Buffer text;
    uint8_t memory[];
} Message;

static void stream_release(HttpStream *stream)
{
    if (atomic_fetch_sub(&stream->references, 1) == 1) free(stream);
}

static void list_leave(HttpStream *stream)
{
    if (stream->link == NULL) return;
    *stream->link = stream->next;
    if (stream->next != NULL) stream->next->link = stream->link;
    stream->link = NULL;
    atomic_fetch_sub(&stream->loop->count_streams, 1);
}

/* The loop's part is over: tell evhttp that we are done with the request, or it would leak. */
static void loop_part_end(HttpStream *stream)
{
    struct evhttp_request *const wire = stream->wire;
    if (wire == NULL) return;
    stream->wire = NULL;
    atomic_store(&stream->closed, true);
    list_leave(stream);
    struct evhttp_connection *const evcon = evhttp_request_get_connection(wire);
    Connection *const connection = http_connection_of(stream->loop, wire);
    if (evcon != NULL) evhttp_connection_set_closecb(evcon, NULL, NULL);
    if (connection != NULL) http_connection_phase(connection, PHASE_WRITING);
    evhttp_send_reply_end(wire); /* without a connection it frees the request */
    stream_release(stream);
}

static void on_closed(struct evhttp_connection *evcon, void *context)
{
    (void)evcon;
    HttpStream *const stream = context;
    /* evhttp has cut the request from a connection that failed; then it is ours to end. */
    if (stream->wire != NULL && evhttp_request_get_connection(stream->wire) == NULL) {
        loop_part_end(stream);
        return;
    }
    if (stream->wire == NULL) return;
    stream->wire = NULL; /* evhttp frees it with the connection */
    atomic_store(&stream->closed, true);
    list_leave(stream);
    stream_release(stream);
}

static void begin_run(Loop *loop, Job *job)
{
    HttpStream *const stream = (HttpStream *)job; /* its first member */
    struct evhttp_request *const wire = stream->request->wire;
    request_free(stream->request);
    stream->request = NULL;
    stream->wire = wire;
    stream->sent_ms = loop->now_ms;
    Connection *const connection = http_connection_of(loop, wire);
    if (connection == NULL || loop->draining) {
        stream->wire = NULL;
        atomic_store(&stream->closed, true);
        reply_prepare(loop, wire, connection, true);
        evhttp_send_reply(wire, 503, NULL, NULL); /* without a connection it frees the request */
        stream_release(stream);
        return;
    }
    struct evkeyvalq *const headers = evhttp_request_get_output_headers(wire);
    evhttp_add_header(headers, "Content-Type", "text/event-stream");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    reply_prepare(loop, wire, connection, true);
    http_connection_phase(connection, PHASE_STREAMING);
    evhttp_connection_set_closecb(evhttp_request_get_connection(wire), on_closed, stream);
    stream->next = loop->streams;
    stream->link = &loop->streams;
    if (stream->next != NULL) stream->next->link = &stream->next;
    loop->streams = stream;
    atomic_fetch_add(&loop->count_streams, 1);
    evhttp_send_reply_start(wire, 200, NULL);
}

static size_t queued(const HttpStream *stream)
{
    struct evhttp_connection *const evcon = evhttp_request_get_connection(stream->wire);
    if (evcon == NULL) return 0;
    return evbuffer_get_length(bufferevent_get_output(evhttp_connection_get_bufferevent(evcon)));
}

static void put_chunk(HttpStream *stream, Span text)
{
    if (stream->wire == NULL || atomic_load(&stream->closed)) return;
    if (queued(stream) + text.size > HTTP_STREAM_QUEUE_BYTES_MAX) {
        atomic_store(&stream->closed, true);
        Connection *const connection = http_connection_of(stream->loop, stream->wire);
        if (connection != NULL) http_connection_end(connection);
        return;
    }
    struct evbuffer *const body = stream->loop->body;
    evbuffer_add(body, text.data, text.size);
    stream->sent_ms = stream->loop->now_ms;
    evhttp_send_reply_chunk(stream->wire, body);
    evbuffer_drain(body, evbuffer_get_length(body));
}

static void message_run(Loop *loop, Job *job)
{
    (void)loop;
    Message *const message = (Message *)job; /* its first member */
    HttpStream *const stream = message->stream;
    atomic_fetch_sub(&stream->waiting, message->text.size);
    put_chunk(stream, span_of_buffer(&message->text));
    stream_release(stream);
    free(message);
}

static void end_run(Loop *loop, Job *job)
{
    (void)loop;
    HttpStream *const stream = (HttpStream *)((uint8_t *)job - offsetof(HttpStream, end));
    loop_part_end(stream);
    stream_release(stream); /* the owner's part */
}

void streams_beat(Loop *loop)
{
    HttpStream *next = NULL;
    for (HttpStream *stream = loop->streams; stream != NULL; stream = next) {
        next = stream->next;
        if (loop->now_ms - stream->sent_ms < loop->server->config.heartbeat_ms) continue;
        put_chunk(stream, SPAN(":\n\n"));
    }
}

void streams_end(Loop *loop)
{
    while (loop->streams != NULL)
        loop_part_end(loop->streams);
}

Status http_stream_begin(HttpRequest *request, HttpStream **ret_stream)
{
    HttpStream *const stream = calloc(1, sizeof(*stream));
    CHECK(stream != NULL, FAULT_MEMORY);
    atomic_init(&stream->references, 2);
    stream->loop = request->loop;
    stream->request = request; /* transferred */
    stream->begin.run = begin_run;
    stream->end.run = end_run;
    *ret_stream = stream;
    loop_push(stream->loop, &stream->begin);
    return OK;
}

/* event: NAME, then one data line for each line of the text, then the empty line. */
static Status put_event(Buffer *out, const char *event, Span data)
{
    TRY(buffer_put(out, SPAN("event: ")));
    TRY(buffer_put(out, span_of_text(event)));
    Cursor rest = cursor_of(data);
    bool more = true;
    while (more) {
        Span line = rest.rest;
        more = status_ok(cursor_until(&rest, '\n', &line));
        if (line.size > 0 && line.data[line.size - 1] == '\r') line.size--;
        TRY(buffer_put(out, SPAN("\ndata: ")));
        TRY(buffer_put(out, line));
    }
    return buffer_put(out, SPAN("\n\n"));
}

static size_t lines_of(Span data)
{
    size_t lines = 1;
    for (size_t i = 0; i < data.size; i++) {
        if (data.data[i] == '\n') lines++;
    }
    return lines;
}

Status http_stream_send(HttpStream *stream, const char *event, Span data)
{
    REQUIRE(data.size <= HTTP_STREAM_EVENT_BYTES_MAX, REFUSED_HTTP_TOO_LARGE);
    REQUIRE(span_is_utf8(data), REFUSED_TEXT_NOT_UTF8);
    REQUIRE(data.size == 0 || memchr(data.data, 0, data.size) == NULL, REFUSED_TEXT_NOT_UTF8);
    const size_t capacity = strlen(event) + data.size + 8 * lines_of(data) + 16;
    REQUIRE(capacity <= HTTP_STREAM_QUEUE_BYTES_MAX, REFUSED_HTTP_TOO_LARGE);
    REQUIRE(!atomic_load(&stream->closed), REFUSED_HTTP_CLOSED);

    Message *const message = malloc(sizeof(*message) + capacity);
    CHECK(message != NULL, FAULT_MEMORY);
    message->job.run = message_run;
    message->stream = stream;
    message->text = (Buffer) { message->memory, 0, capacity };
    const Status put = put_event(&message->text, event, data);
    ASSERT(status_ok(put)); /* the capacity was counted for it */
    const size_t size = message->text.size;
    if (atomic_fetch_add(&stream->waiting, size) + size > HTTP_STREAM_QUEUE_BYTES_MAX) {
        atomic_fetch_sub(&stream->waiting, size);
        free(message);
        atomic_store(&stream->closed, true); /* a stream with a hole in it would mislead */
        return REFUSE(REFUSED_HTTP_CLOSED);
    }
    atomic_fetch_add(&stream->references, 1);
    loop_push(stream->loop, &message->job); /* transferred */
    return OK;
}

void http_stream_close(HttpStream **stream)
{
    if (*stream == NULL) return;
    loop_push((*stream)->loop, &(*stream)->end); /* transferred */
    *stream = NULL;
}
