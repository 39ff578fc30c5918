#pragma once
/*
 * server: HTTP/1.1 over TLS 1.3 (LL-4.3.8; or plain, behind a proxy on the same host), one loop a
 * core.
 *
 * The handler is called on a loop's thread with a request that is complete, checked (http/check.h)
 * and copied: everything it borrows from the request stays valid until the request is answered. The
 * handler answers at once, or keeps the request and answers it later from any thread. While it
 * blocks, its loop serves nobody else. Each request is answered exactly once (http_answer, or
 * http_stream_begin in http/stream.h); answering ends it. A client that hung up is not noticed
 * before the answer: the work stands, so callers of ours need idempotency keys.
 *
 * Refused before the handler, with {"code","message"} and `Connection: close`: whatever breaks RFC
 * 9112 (400), Transfer-Encoding (411), too much (413, 431), other methods (405). What libevent
 * itself refuses first (an unknown method 501, far too large 413, some 400) has the same status but
 * its plain HTML page.
 *
 * Linked package: libevent >= 2.1.12-stable-8+deb12u1 (nine advisories; the version number cannot
 * tell). Source: RFC 9110, RFC 9112. Floor 2. SIGPIPE must be ignored: http_server_start() does so
 * for the process.
 */
#include "http/proxies.h"

enum {
    HTTP_LOOPS_MAX = 64,
    HTTP_HEAD_BYTES_MAX = 8 * 1024,
    HTTP_BODY_BYTES_MAX = 64 * 1024,
    HTTP_ANSWER_BYTES_MAX = 4 << 20,
    HTTP_HEADERS_MAX = 64,
    HTTP_CONNECTIONS_MAX = 16384, /* in one loop */
    HTTP_PEER_TEXT_MAX = HTTP_ADDRESS_TEXT_MAX,
};

struct ssl_ctx_st; /* OpenSSL's SSL_CTX, made by crypto/tls.h */

typedef struct HttpServer HttpServer;
typedef struct HttpRequest HttpRequest;

typedef enum HttpMethod {
    HTTP_GET = 1 << 0,
    HTTP_POST = 1 << 1,
    HTTP_PUT = 1 << 2,
    HTTP_DELETE = 1 << 3,
    HTTP_PATCH = 1 << 4,
} HttpMethod;

/* One header of an answer, or of a call (http/client.h). Borrowed during the call only. */
typedef struct HttpHeader {
    const char *name;
    Span value; /* visible ASCII, space and tab; anything else is our mistake: it asserts */
} HttpHeader;

typedef void HttpHandler(void *context, HttpRequest *request);

/* Zero means the default in brackets. */
typedef struct HttpServerConfig {
    const char *address; /* numeric IPv4 or IPv6 ["127.0.0.1"] */
    uint16_t port; /* 0 = let the kernel choose; http_server_port() tells */
    unsigned loops; /* threads [one a core] */
    struct ssl_ctx_st *tls; /* a reference is taken; NULL = plain */
    unsigned methods; /* HttpMethod bits [GET and POST] */
    size_t head_bytes_max; /* [HTTP_HEAD_BYTES_MAX], which is also the most */
    size_t body_bytes_max; /* [HTTP_BODY_BYTES_MAX] */
    unsigned connections_max; /* in each loop [4096]; more wait in the kernel's queue, and who has
                                 been idle for some seconds then makes room */
    unsigned accepts_per_s_max; /* in each loop [2000]: a TLS handshake costs 23 requests */
    unsigned request_ms_max; /* from a request's first byte to its last, and for the handshake
                                [10000] */
    unsigned idle_ms_max; /* between two requests of a connection [60000] */
    unsigned heartbeat_ms; /* a comment into silent streams [15000] */
    const HttpProxies *proxies; /* whose X-Forwarded-For counts [nobody's]; copied */
    HttpHandler *handler;
    void *context; /* handed to the handler; outlives the server */
} HttpServerConfig;

/*
 * Listen and start the loops. On OK requests may arrive at once, before this returns.
 *
 * Refuses: REFUSED_HTTP_ADDRESS (bad, taken or forbidden address). Faults: FAULT_HTTP,
 * FAULT_MEMORY, FAULT_THREAD, FAULT_SYSTEM.
 */
MUST_USE Status http_server_start(const HttpServerConfig *config, HttpServer **ret_server);
uint16_t http_server_port(const HttpServer *server);

/* New connections use `tls` from now on (rotation of the leaf certificate); a reference is taken.
 * Any thread. */
void http_server_set_tls(HttpServer *server, struct ssl_ctx_st *tls);

/*
 * Stop losing nothing: no new connections, every request in flight is handled and answered with
 * `Connection: close`, streams end, idle connections are closed, then the loops end. Blocks; not
 * from a handler.
 *
 * Refuses: REFUSED_HTTP_TIMEOUT when requests are still unanswered after `drain_ms_max`: it may be
 *          called again, and http_server_free() not yet.
 */
MUST_USE Status http_server_stop(HttpServer *server, unsigned drain_ms_max);
/* After a successful stop, or on NULL. */
void http_server_free(HttpServer **server);

typedef struct HttpServerCounts {
    uint64_t connections; /* open now */
    uint64_t streams; /* open now */
    uint64_t requests; /* handed to the handler so far */
    uint64_t unanswered; /* of these, not answered yet */
    uint64_t refused; /* before the handler, so far */
    uint64_t overdue; /* connections ended by a deadline, so far */
} HttpServerCounts;
HttpServerCounts http_server_counts(const HttpServer *server); /* any thread */

/* --- the request: borrowed views, valid until it is answered; any one thread at a time --- */
HttpMethod http_request_method(const HttpRequest *request);
const char *http_request_method_text(const HttpRequest *request); /* "POST" */
/* Exactly as sent, with the raw query: what a signature covers. Begins with '/'. */
Span http_request_target(const HttpRequest *request);
Span http_request_path(const HttpRequest *request); /* the target up to '?', not decoded */
Span http_request_query(const HttpRequest *request); /* after '?', not decoded; empty when none */
/* The value of the first header called `name` (case-insensitive); data is NULL when absent. */
Span http_request_header(const HttpRequest *request, const char *name);
/* How often the header was sent: a reader of an important one refuses more than 1. */
size_t http_request_header_count(const HttpRequest *request, const char *name);
Span http_request_body(const HttpRequest *request);
/* Who asks, numeric, without port: who is connected, or for whom a trusted proxy asks. */
const char *http_request_peer(const HttpRequest *request);
/* The client's verified leaf certificate in DER; data is NULL when it showed none. */
Span http_request_peer_certificate(const HttpRequest *request);
/* A place for the handler's own pointer while it keeps the request. */
void http_request_set_note(HttpRequest *request, void *note);
void *http_request_note(const HttpRequest *request);

/*
 * Answer and end the request; any thread. Copies everything; never blocks. Content-Length, Date,
 * Connection, X-Content-Type-Options and (over TLS, RFC 6797) Strict-Transport-Security are ours:
 * do not pass them. status 200..599 (204 and 304 without body).
 */
void http_answer(
        HttpRequest *request, int status, const HttpHeader *headers, size_t count, Span body);
