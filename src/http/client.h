#pragma once
/*
 * client: one blocking keep-alive connection, for our command line, notifications, drivers and
 * tests.
 *
 * Strict: an answer that breaks HTTP/1.1 is refused and the connection closed. Transfer codings are
 * not accepted. One thread at a time; as many clients as wanted. Source: RFC 9112. Floor 2.
 */
#include "http/server.h"

enum {
    HTTP_CLIENT_HEAD_BYTES_MAX = 16 * 1024, /* the head of a call or an answer */
    HTTP_CLIENT_BODY_BYTES_MAX = 4 << 20,
    HTTP_CLIENT_SHORT_BYTES_MAX = 8 * 1024,
};

typedef struct HttpClient HttpClient;

typedef struct HttpClientConfig {
    const char *address; /* numeric IPv4 or IPv6 */
    uint16_t port;
    struct ssl_ctx_st *tls; /* a reference is taken; NULL = plain */
    const char
            *server_name; /* SNI, Host and the name the certificate must have; NULL: Host = address,
                             and the certificate's chain alone is checked, as `tls` says */
    unsigned timeout_ms; /* for each wait on the peer; 0 = 10000 */
    bool names_port; /* Host is "name:port" */
    const char *from; /* numeric address of ours to connect from; NULL: any */
    unsigned deadline_ms; /* for connecting as a whole, and for each call; 0: none */
    bool status_alone; /* all that counts is the status: the body is taken when its length is said
                          and at most HTTP_CLIENT_SHORT_BYTES_MAX, else the connection is closed
                          without it; HTTP/1.0 is an answer, too */
} HttpClientConfig;

typedef struct HttpCall {
    const char *method;
    Span target; /* with the raw query */
    const HttpHeader *headers; /* without Host and Content-Length */
    size_t header_count;
    Span body;
} HttpCall;

/* Borrowed from the client until its next call. */
typedef struct HttpAnswer {
    int status;
    Span head; /* the header lines, each with its CRLF */
    Span body;
} HttpAnswer;

/* Connect (and shake hands). Refuses: REFUSED_HTTP_CONNECT, REFUSED_HTTP_TIMEOUT. Faults:
 * FAULT_MEMORY, FAULT_SYSTEM. */
MUST_USE Status http_client_open(const HttpClientConfig *config, HttpClient **ret_client);
void http_client_close(HttpClient **client);
/* From the next call on, instead of what it was opened with (which must not be 0); at least 1. */
void http_client_set_deadline(HttpClient *client, unsigned deadline_ms);
/* The next call goes over the connection that there is. */
bool http_client_is_connected(const HttpClient *client);

/*
 * Send one call and wait for its answer. When the connection was closed by an earlier answer or
 * refusal, connects anew first; a call is never sent twice.
 *
 * Refuses: REFUSED_HTTP_CLOSED (no answer: the peer may or may not have acted),
 * REFUSED_HTTP_TIMEOUT (same), REFUSED_HTTP_ANSWER_INVALID, REFUSED_HTTP_TOO_LARGE,
 * REFUSED_HTTP_CONNECT (nothing was sent).
 */
MUST_USE Status http_client_call(HttpClient *client, const HttpCall *call, HttpAnswer *ret_answer);

/* The value of the first header called `name` (case-insensitive); data is NULL when absent. */
Span http_answer_header(const HttpAnswer *answer, const char *name);
