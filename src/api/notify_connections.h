#pragma once
/*
 * notify_connections: kept connections to receivers, so that a thousand notifications to one do not
 * cost a thousand handshakes. One is used by one thread at a time and kept
 * NOTIFY_KEPT_US at most: then the name is resolved and judged anew. Thread-safe.
 */
#include "http/client.h"
#include "http/outside_url.h"

#include <pthread.h>

enum { NOTIFY_KEPT_MAX = 64, NOTIFY_DEADLINE_MS = 5000 };
#define NOTIFY_KEPT_US INT64_C(30000000)

typedef struct NotifyConnection {
    HttpClient *http;
    char host[OUTSIDE_HOST_BYTES_MAX + 1];
    uint16_t port;
    int64_t opened_us;
    bool used; /* answered once already: it may have been closed since */
} NotifyConnection;

typedef struct NotifyConnections {
    pthread_mutex_t lock;
    struct ssl_ctx_st *tls; /* whom we believe; the owner's */
    OutsideRules rules;
    size_t count;
    NotifyConnection kept[NOTIFY_KEPT_MAX]; /* the oldest first */
} NotifyConnections;

void notify_connections_open(
        NotifyConnections *connections, struct ssl_ctx_st *tls, const OutsideRules *rules);
void notify_connections_close(NotifyConnections *connections);

/*
 * POST `body` to `url`, over a kept connection or a new one, and wait for the status;
 * NOTIFY_DEADLINE_MS after the name is known it is over, whichever of its addresses were tried. A
 * kept connection that turns out to be closed is replaced once.
 *
 * Refuses NOTIFY_PORT, NOTIFY_NAME, NOTIFY_ADDRESS, NOTIFY_ANSWER (any status but 200 and 204; no
 * redirect is followed), HTTP_CONNECT, HTTP_TIMEOUT, HTTP_CLOSED, HTTP_ANSWER_INVALID,
 * HTTP_TOO_LARGE. Faults FAULT_MEMORY, FAULT_SYSTEM.
 */
MUST_USE Status notify_connections_post(NotifyConnections *connections, const OutsideUrl *url,
        const HttpHeader *headers, size_t header_count, Span body, int64_t now_us);
