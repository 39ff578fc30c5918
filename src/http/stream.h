#pragma once
/*
 * stream: server-sent events (text/event-stream, WHATWG HTML section 9.2) over a request of
 * http/server.h.
 *
 * The owner sends from any thread and closes the stream once. A client that does not read is
 * dropped when HTTP_STREAM_QUEUE_BYTES_MAX wait for it; it then reconnects by itself. The loop
 * sends a comment into silent streams, which is also how a client that left is noticed. Floor 2.
 */
#include "http/server.h"

enum { HTTP_STREAM_QUEUE_BYTES_MAX = 256 * 1024, HTTP_STREAM_EVENT_BYTES_MAX = 64 * 1024 };

typedef struct HttpStream HttpStream;

/* Answer `request` with an endless 200; the request is ended as with http_answer(). Any thread.
 * Faults: FAULT_MEMORY, and then the request is still to be answered. */
MUST_USE Status http_stream_begin(HttpRequest *request, HttpStream **ret_stream);

/* Send one event. `event`: its name, a literal of ours. `data`: UTF-8; each line becomes a data
 * line. Refuses: REFUSED_HTTP_CLOSED (the client left, was dropped, or the server stops: close the
 * stream), REFUSED_HTTP_TOO_LARGE (one event), REFUSED_TEXT_NOT_UTF8 (a NUL too). Faults:
 * FAULT_MEMORY. */
MUST_USE Status http_stream_send(HttpStream *stream, const char *event, Span data);

/* End it and give up the pointer. Every stream that was begun is closed, also after
 * REFUSED_HTTP_CLOSED and before http_server_free(). */
void http_stream_close(HttpStream **stream);
