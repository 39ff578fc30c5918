#pragma once
/*
 * inside: what the files of this room share and nobody else sees.
 *
 * libevent is not thread-safe here on purpose (no locks): a Loop, its connections and every
 * evhttp_request are touched by the loop's own thread alone. Other threads push a Job on the loop's
 * lock-free list and write its eventfd.
 */
#include "http/check.h"
#include "http/server.h"
#include "http/stream.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    HTTP_FD_MAX = 1 << 16,
    HTTP_TICK_MS = 250,
    HTTP_TICKS_PER_S = 1000 / HTTP_TICK_MS,
    HTTP_DRAIN_TICK_MS = 10,
    HTTP_DRAIN_IDLE_MS = 200, /* so long a kept connection may send its last request */
    HTTP_CROWDED_IDLE_MS = 2000, /* so long one may be idle while every place is taken */
    HTTP_REFUSED_MS_MAX = 1000, /* so long a peer that broke HTTP may finish its request */
    HTTP_FRESH_MAX = 64,
};

typedef struct Loop Loop;

typedef struct Job {
    struct Job *next;
    void (*run)(Loop *loop, struct Job *job);
} Job;

/* A client's certificate, shared by the requests of its connection. */
typedef struct Certificate {
    atomic_uint references;
    size_t size;
    uint8_t der[];
} Certificate;

typedef enum Phase {
    PHASE_FREE = 0,
    PHASE_IDLE, /* between two requests */
    PHASE_READING, /* the handshake, or a request has begun */
    PHASE_HANDLING, /* the handler has it: no deadline of ours */
    PHASE_WRITING, /* answered, not yet written out */
    PHASE_STREAMING,
} Phase;

/*
 * libevent does not tell when a connection of a server ends, so we remember which socket it was:
 * the kernel's cookie is never reused, and a descriptor whose cookie differs is no longer ours.
 */
typedef struct Connection {
    Phase phase;
    int fd;
    uint64_t cookie;
    int64_t deadline_ms; /* 0: none */
    int64_t since_ms; /* when the phase began */
    uint64_t handled; /* requests that reached us */
    HttpCheck check;
    Certificate *certificate;
    bool certificate_known;
    Loop *loop;
    int32_t next_free;
} Connection;

struct Loop {
    HttpServer *server;
    pthread_t thread;
    pthread_t self; /* as the thread itself sees it */
    bool started;
    struct event_base *base;
    struct evhttp *http;
    struct evhttp_bound_socket *bound;
    struct evconnlistener *listener;
    struct event *wake;
    struct event *tick;
    struct event *settle;
    struct evbuffer *body; /* empty between two answers */
    int wake_fd;
    _Atomic(Job *) jobs;
    Connection *connections;
    int32_t free_connection;
    int32_t *by_fd; /* index of the connection, or -1 */
    struct Fresh {
        struct bufferevent *bev;
        Connection *connection;
    } fresh[HTTP_FRESH_MAX];
    size_t fresh_count;
    int64_t now_ms;
    unsigned ticks;
    unsigned accepted; /* in this tick */
    unsigned connection_count;
    bool draining;
    int64_t drain_since_ms;
    HttpStream *streams;
    atomic_bool finished;
    _Atomic uint64_t count_connections, count_streams, count_requests, count_unanswered,
            count_refused, count_overdue;
};

struct HttpServer {
    HttpServerConfig config; /* with its defaults filled in */
    HttpProxies proxies;
    uint16_t port;
    bool encrypted;
    pthread_mutex_t lock; /* of tls */
    SSL_CTX *tls;
    atomic_bool draining;
    atomic_bool cut;
    unsigned loop_count;
    Loop loops[];
};

struct HttpField {
    Span name;
    Span value;
};

struct HttpRequest {
    Job job;
    Loop *loop;
    struct evhttp_request *wire;
    HttpMethod method;
    const char *method_text;
    Span target;
    Span body;
    Certificate *certificate;
    bool closes; /* its sender wants no other answer on this connection */
    void *note;
    struct HttpAnswerKept *answer; /* while it travels to the loop */
    char peer[HTTP_PEER_TEXT_MAX];
    size_t header_count;
    struct HttpField headers[];
};

/* loop.c */
MUST_USE Status loop_open(Loop *loop, HttpServer *server, uint16_t port);
MUST_USE Status loop_run(Loop *loop);
void loop_close(Loop *loop);
void loop_push(Loop *loop, Job *job);
void loop_wake(Loop *loop);
void loop_run_jobs(Loop *loop);
int64_t loop_clock_ms(void);

/* connection.c */
struct bufferevent *http_connection_accept(struct event_base *base, void *context);
void http_connection_settle(Loop *loop);
Connection *http_connection_of(Loop *loop, struct evhttp_request *wire);
void http_connection_phase(Connection *connection, Phase phase);
void http_connection_sweep(Loop *loop, bool all);
void http_connection_end(Connection *connection);
void certificate_release(Certificate *certificate);
Certificate *http_connection_certificate(Connection *connection, struct evhttp_request *wire);

/* request.c */
void request_arrived(struct evhttp_request *wire, void *context);
/* Headers that every reply of ours has; `close`: the connection ends after it. */
void reply_prepare(Loop *loop, struct evhttp_request *wire, Connection *connection, bool close);
void request_free(HttpRequest *request);

/* stream.c */
void streams_beat(Loop *loop);
void streams_end(Loop *loop);
