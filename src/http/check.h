#pragma once
/*
 * check: the strict reader that stands before libevent's HTTP parser.
 *
 * It sees every byte of a connection first and follows RFC 9112 to the letter where evhttp is
 * lenient: CRLF only, no NUL or other control byte, no folded line, no blank around a name, one
 * Host, at most one Content-Length of digits only, no Transfer-Encoding, an origin-form target,
 * HTTP/1.1 or 1.0. It allocates nothing.
 *
 * Once it refuses, it refuses everything after: the connection is closed after the requests before.
 */
#include "base/bytes.h"

typedef struct HttpCheckLimits {
    size_t head_bytes_max;
    size_t body_bytes_max;
    size_t headers_max;
} HttpCheckLimits;

enum { HTTP_CHECK_NAME_MAX = 32 };

typedef struct HttpCheck {
    HttpCheckLimits limits;
    uint8_t state;
    uint8_t name_size;
    uint8_t means; /* what the header being read means to the framing */
    bool target_begun;
    char name[HTTP_CHECK_NAME_MAX]; /* of the header being read, lower case, cut */
    size_t head_bytes;
    size_t headers;
    unsigned hosts;
    unsigned lengths;
    bool digits; /* Content-Length has a digit */
    bool http_1_0; /* no Host needed */
    uint8_t version_at; /* bytes of "HTTP/1.x" read */
    uint64_t body_bytes; /* left to read */
    uint64_t requests; /* read to their end so far */
    Status refusal; /* OK until it refuses */
} HttpCheck;

HttpCheck http_check_new(HttpCheckLimits limits);

/*
 * Read on. Any split of the same bytes gives the same result.
 *
 * Refuses: REFUSED_HTTP_REQUEST_INVALID, REFUSED_HTTP_LENGTH_REQUIRED (Transfer-Encoding),
 *          REFUSED_HTTP_TOO_LARGE (body), REFUSED_HTTP_HEAD_TOO_LARGE.
 */
MUST_USE Status http_check_feed(HttpCheck *check, Span bytes);

/* Between two requests: no byte of the next one was read. */
bool http_check_idle(const HttpCheck *check);
