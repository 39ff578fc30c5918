#include "http/peer_for_tests.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* The pitfalls of libevent's HTTP server, each provoked over a plain socket. tls_test.c has those
 * of TLS, stream_test.c those of streams. Waits are for events, with a limit; no test measures
 * time. */

enum { KEPT_MAX = 64 };

/* A worker that answers from another thread. */
typedef struct Desk {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    HttpRequest *kept[KEPT_MAX];
    size_t count;
    atomic_uint handled;
} Desk;

static Desk desk = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER };

static void echo(HttpRequest *request)
{
    uint8_t memory[8192];
    Buffer out = BUFFER_OF(memory);
    const Span body = http_request_body(request);
    const Span tag = http_request_header(request, "x-tag");
    IGNORE(buffer_print(&out, "%s %.*s|%.*s|%.*s|%zu|%.*s", http_request_method_text(request),
                   (int)http_request_target(request).size,
                   (const char *)http_request_target(request).data,
                   (int)http_request_query(request).size,
                   (const char *)http_request_query(request).data, (int)tag.size,
                   (const char *)tag.data, http_request_header_count(request, "X-TAG"),
                   (int)(body.size < 1000 ? body.size : 0), (const char *)body.data),
            "cut is fine");
    const HttpHeader header = { "X-Peer", span_of_text(http_request_peer(request)) };
    http_answer(request, 200, &header, 1, span_of_buffer(&out));
}

static void handler(void *context, HttpRequest *request)
{
    (void)context;
    atomic_fetch_add(&desk.handled, 1);
    if (!span_equal(http_request_path(request), SPAN("/keep"))) {
        echo(request);
        return;
    }
    pthread_mutex_lock(&desk.lock);
    desk.kept[desk.count++] = request;
    pthread_cond_signal(&desk.arrived);
    pthread_mutex_unlock(&desk.lock);
}

static HttpRequest *desk_take(void)
{
    pthread_mutex_lock(&desk.lock);
    while (desk.count == 0)
        pthread_cond_wait(&desk.arrived, &desk.lock);
    HttpRequest *const request = desk.kept[--desk.count];
    pthread_mutex_unlock(&desk.lock);
    return request;
}

static HttpServer *serve(HttpServerConfig config)
{
    HttpServer *server = NULL;
    config.handler = handler;
    if (config.loops == 0) config.loops = 1;
    const Status s = http_server_start(&config, &server);
    ASSERT(status_ok(s));
    return server;
}

static void unserve(HttpServer **server)
{
    if (*server == NULL) return;
    const Status s = http_server_stop(*server, 5000);
    ASSERT(status_ok(s));
    http_server_free(server);
}

/* Send `bytes` on a fresh connection and return all that came back until the server closed. */
static bool exchange(HttpServer *server, const char *bytes, size_t size, Peer *ret_peer)
{
    *ret_peer = peer_open(http_server_port(server), NULL);
    return peer_send(ret_peer, bytes, size) && peer_receive_all(ret_peer);
}

#define CLOSE "Connection: close\r\n"

static void test_request_is_seen_exactly_as_sent(void)
{
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { 0 });
    CLEANUP(peer_close) Peer peer = { 0 };
    static const char text[] = "POST /a%2Fb/../c?x=%41&y=+ HTTP/1.1\r\nHost: a\r\nX-Tag: one\r\n"
                               "x-tag: two\r\nContent-Length: 4\r\n" CLOSE "\r\nbo\0y";
    EXPECT(exchange(server, text, sizeof(text) - 1, &peer));
    EXPECT(strncmp(peer.answer, "HTTP/1.1 200 ", 13) == 0);
    EXPECT(strstr(peer.answer, "\r\nX-Peer: 127.0.0.1\r\n") != NULL);
    EXPECT(strstr(peer.answer, "\r\n\r\nPOST /a%2Fb/../c?x=%41&y=+|x=%41&y=+|one|2|bo") != NULL);
    EXPECT(strstr(peer.answer, "\nContent-Type:") == NULL); /* libevent's default is text/html */
}

/* Pitfall 5: what libevent lets through. Nothing of it reaches the handler. */
static void test_broken_http_is_refused_before_the_handler(void)
{
    static const struct {
        const char *text;
        size_t size;
        int status;
    } cases[] = {
#define CASE(text, status) { text, sizeof(text) - 1, status }
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
        CASE(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        CASE(POST "Content-Length: +3\r\n\r\nabc", 400),
        CASE("GET / HTTP/1.1\r\n\r\n", 400),
        CASE("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        CASE("GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", 400),
        CASE("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400),
        CASE("GET / HTTP/1.1\nHost: a\n\n", 400),
        CASE("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        CASE(POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 411),
        /* This one the patched libevent refuses itself, before it asks us. */
        CASE(POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        CASE("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        CASE("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
#undef CASE
    };
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { 0 });
    const unsigned before = atomic_load(&desk.handled);
    size_t ours = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(peer_close) Peer peer = { 0 };
        char wanted[32];
        snprintf(wanted, sizeof(wanted), "HTTP/1.1 %d ", cases[i].status);
        EXPECT(exchange(server, cases[i].text, cases[i].size, &peer));
        if (strncmp(peer.answer, wanted, strlen(wanted)) != 0)
            fprintf(stderr, "case %zu: %s\n", i, peer.answer);
        EXPECT(strncmp(peer.answer, wanted, strlen(wanted)) == 0);
        ours += peer_count(&peer, "{\"code\":\"HTTP_");
        EXPECT(peer_count(&peer, "HTTP/1.1 ") == 1);
    }
    EXPECT(atomic_load(&desk.handled) == before);
    EXPECT(ours == sizeof(cases) / sizeof(cases[0]) - 1);
    EXPECT(http_server_counts(server).refused == ours);
}

/* A good request before the bad one is still answered; one hidden behind it is not. */
static void test_pipelined_smuggling_stops_at_the_bad_one(void)
{
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { 0 });
    CLEANUP(peer_close) Peer peer = { 0 };
    static const char text[] = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                               "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde"
                               "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n";
    const unsigned before = atomic_load(&desk.handled);
    EXPECT(exchange(server, text, sizeof(text) - 1, &peer));
    EXPECT(peer_count(&peer, "HTTP/1.1 200 ") == 1 && peer_count(&peer, "HTTP/1.1 400 ") == 1);
    EXPECT(atomic_load(&desk.handled) == before + 1);
}

/* Pitfall 3: libevent's limits are unlimited by default. */
static void test_oversize_is_refused(void)
{
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { .body_bytes_max = 1000 });
    static char text[1 << 20];
    const unsigned before = atomic_load(&desk.handled);
    for (int kind = 0; kind < 4; kind++) {
        const size_t size = kind % 2 == 0 ? 9000 : sizeof(text) / 2;
        const bool head = kind < 2;
        size_t n = (size_t)snprintf(text, sizeof(text), "POST / HTTP/1.1\r\nHost: a\r\n%s%zu\r\n%s",
                head ? "X: " : "Content-Length: ", head ? (size_t)1 : (size_t)1001 + size,
                head ? "Y: " : "\r\n");
        memset(text + n, 'y', size + 1001);
        n += head ? size : size + 1001;
        memcpy(text + n, head ? "\r\n\r\n" : "", head ? 4 : 0);
        n += head ? 4 : 0;
        CLEANUP(peer_close) Peer peer = peer_open(http_server_port(server), NULL);
        peer_send(&peer, text, n); /* may fail half-way: the server is right to close */
        peer_receive_all(&peer);
        EXPECT(peer.size == 0 || strncmp(peer.answer, "HTTP/1.1 4", 10) == 0);
    }
    EXPECT(atomic_load(&desk.handled) == before);

    CLEANUP(peer_close) Peer peer = { 0 };
    size_t n = (size_t)snprintf(
            text, sizeof(text), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
    memset(text + n, 'y', 1001);
    EXPECT(exchange(server, text, n + 1001, &peer));
    EXPECT(strncmp(peer.answer, "HTTP/1.1 413 ", 13) == 0);
    EXPECT(strstr(peer.answer, "HTTP_TOO_LARGE") != NULL);
}

/* Pitfall 2: kept requests are answered from another thread, in any order, on their own
 * connections. */
static void test_answers_from_another_thread(void)
{
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { .loops = 2 });
    enum { PEERS = 16 };
    Peer peers[PEERS];
    for (int i = 0; i < PEERS; i++) {
        char text[128];
        snprintf(text, sizeof(text), "GET /keep?%d HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n", i);
        peers[i] = peer_open(http_server_port(server), NULL);
        EXPECT(peer_say(&peers[i], text));
    }
    for (int i = 0; i < PEERS; i++)
        echo(desk_take());
    for (int i = 0; i < PEERS; i++) {
        char wanted[32];
        snprintf(wanted, sizeof(wanted), "\r\n\r\nGET /keep?%d|", i);
        EXPECT(peer_receive_all(&peers[i]));
        EXPECT(strstr(peers[i].answer, wanted) != NULL);
        peer_close(&peers[i]);
    }
}

/* Pitfall 2: the client left; the work stands, the answer goes nowhere, nothing leaks (ASan looks).
 */
static void test_hang_up_before_the_answer(void)
{
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { 0 });
    for (int i = 0; i < 20; i++) {
        Peer peer = peer_open(http_server_port(server), NULL);
        EXPECT(peer_say(&peer, "GET /keep HTTP/1.1\r\nHost: a\r\nX-Tag: still here\r\n\r\n"));
        HttpRequest *const request = desk_take();
        const struct linger reset = { 1, 0 };
        if (i % 2 == 0) setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        peer_close(&peer);
        EXPECT(span_equal(http_request_header(request, "X-Tag"), SPAN("still here")));
        echo(request);
    }
    CLEANUP(peer_close) Peer peer = { 0 };
    static const char text[] = "GET /after HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n";
    EXPECT(exchange(server, text, sizeof(text) - 1, &peer));
    EXPECT(strstr(peer.answer, "GET /after") != NULL); /* SIGPIPE has not ended us either */
}

/* Pitfall 4: libevent's time-out starts anew with each byte. This peer sends one whenever it may.
 */
static void test_slow_request_meets_its_deadline(void)
{
    CLEANUP(unserve)
    HttpServer *server = serve((HttpServerConfig) { .request_ms_max = 600, .idle_ms_max = 60000 });
    CLEANUP(peer_close) Peer peer = peer_open(http_server_port(server), NULL);
    EXPECT(peer_say(&peer, "GET / HTTP/1.1\r\nHost: a\r\nX: "));
    const struct timeval beat = { 0, 50 * 1000 };
    setsockopt(peer.fd, SOL_SOCKET, SO_RCVTIMEO, &beat, sizeof(beat));
    bool open = true;
    for (int i = 0; i < 400 && open; i++) { /* 20 s of it, were there no deadline */
        open = peer_say(&peer, "x");
        char byte = 0;
        const ssize_t n = recv(peer.fd, &byte, 1, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN)) open = false;
    }
    EXPECT(!open);
    EXPECT(http_server_counts(server).overdue == 1);
}

/* Silent connections, and answered ones that send no more, end as well. */
static void test_silent_connections_end(void)
{
    CLEANUP(unserve)
    HttpServer *server = serve((HttpServerConfig) { .request_ms_max = 300, .idle_ms_max = 500 });
    CLEANUP(peer_close) Peer silent = peer_open(http_server_port(server), NULL);
    CLEANUP(peer_close) Peer kept = peer_open(http_server_port(server), NULL);
    EXPECT(peer_say(&kept, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT(peer_receive_all(&silent) && silent.size == 0);
    EXPECT(peer_receive_all(&kept) && peer_count(&kept, "HTTP/1.1 200 ") == 1);
}

/* A handler that takes its time is no slow client. */
static void test_deadline_spares_the_handler(void)
{
    CLEANUP(unserve)
    HttpServer *server = serve((HttpServerConfig) { .request_ms_max = 300, .idle_ms_max = 300 });
    CLEANUP(peer_close) Peer peer = peer_open(http_server_port(server), NULL);
    CLEANUP(peer_close) Peer clock = peer_open(http_server_port(server), NULL);
    EXPECT(peer_say(&peer, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n"));
    HttpRequest *const request = desk_take();
    EXPECT(peer_receive_all(&clock)); /* a silent peer was cut: the deadline has passed */
    echo(request);
    EXPECT(peer_receive_until(&peer, "GET /keep"));
}

/* Pitfall 4: the cap leaves further connections in the kernel's queue, and takes them up later. */
static void test_connection_cap_defers(void)
{
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { .connections_max = 2 });
    Peer first = peer_open(http_server_port(server), NULL);
    CLEANUP(peer_close) Peer second = peer_open(http_server_port(server), NULL);
    EXPECT(peer_say(&first, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
            && peer_receive_until(&first, "/1"));
    EXPECT(peer_say(&second, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
            && peer_receive_until(&second, "/2"));
    CLEANUP(peer_close) Peer third = peer_open(http_server_port(server), NULL);
    EXPECT(peer_say(&third, "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT(peer_say(&second, "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n")
            && peer_receive_until(&second, "/4"));
    EXPECT(recv(third.fd, third.answer, 1, MSG_DONTWAIT) < 0
            && http_server_counts(server).connections == 2);
    peer_close(&first);
    EXPECT(peer_receive_until(&third, "/3"));
}

/* --- pitfall 10: stop under load --- */

typedef struct Client {
    uint16_t port;
    unsigned answered, lost;
} Client;

static void *client_main(void *context)
{
    Client *const client = context;
    Peer peer = peer_open(client->port, NULL);
    static const char text[] = "POST /keep HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
    for (;;) {
        peer.size = 0;
        peer.answer[0] = 0;
        if (!peer_send(&peer, text, sizeof(text) - 1)) break;
        if (!peer_receive_until(&peer, "|hi")) {
            client->lost++;
            break;
        }
        client->answered++;
        if (strstr(peer.answer, "Connection: close") != NULL) break;
    }
    peer_close(&peer);
    return NULL;
}

static void *worker_main(void *context)
{
    (void)context;
    for (;;) {
        HttpRequest *const request = desk_take();
        if (request == NULL) return NULL;
        echo(request);
    }
}

static void test_stop_under_load_loses_nothing(void)
{
    enum { CLIENTS = 16, REQUESTS_BEFORE = 2000 };
    HttpServer *server = serve((HttpServerConfig) { .loops = 2 });
    const unsigned before = atomic_load(&desk.handled);
    pthread_t worker;
    pthread_t threads[CLIENTS];
    Client clients[CLIENTS] = { 0 };
    pthread_create(&worker, NULL, worker_main, NULL);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].port = http_server_port(server);
        pthread_create(&threads[i], NULL, client_main, &clients[i]);
    }
    while (atomic_load(&desk.handled) - before < REQUESTS_BEFORE)
        sched_yield();
    const Status stopped = http_server_stop(server, 10000);
    unsigned answered = 0;
    unsigned lost = 0;
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
        answered += clients[i].answered;
        lost += clients[i].lost;
    }
    pthread_mutex_lock(&desk.lock);
    desk.kept[desk.count++] = NULL; /* the worker goes home */
    pthread_cond_signal(&desk.arrived);
    pthread_mutex_unlock(&desk.lock);
    pthread_join(worker, NULL);
    EXPECT_OK(stopped);
    EXPECT(lost == 0 && answered == atomic_load(&desk.handled) - before);
    EXPECT(peer_connect(http_server_port(server)) < 0);
    http_server_free(&server);
}

static void test_stop_waits_for_what_is_unanswered(void)
{
    HttpServer *server = serve((HttpServerConfig) { 0 });
    CLEANUP(peer_close) Peer peer = peer_open(http_server_port(server), NULL);
    EXPECT(peer_say(&peer, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n"));
    HttpRequest *const request = desk_take();
    EXPECT_REFUSED(http_server_stop(server, 20), REFUSED_HTTP_TIMEOUT);
    echo(request);
    EXPECT_OK(http_server_stop(server, 5000));
    EXPECT(peer_receive_all(&peer) && strstr(peer.answer, "Connection: close") != NULL);
    http_server_free(&server);
}

TESTS(TEST(test_request_is_seen_exactly_as_sent),
        TEST(test_broken_http_is_refused_before_the_handler),
        TEST(test_pipelined_smuggling_stops_at_the_bad_one), TEST(test_oversize_is_refused),
        TEST(test_answers_from_another_thread), TEST(test_hang_up_before_the_answer),
        TEST(test_slow_request_meets_its_deadline), TEST(test_silent_connections_end),
        TEST(test_deadline_spares_the_handler), TEST(test_connection_cap_defers),
        TEST(test_stop_under_load_loses_nothing), TEST(test_stop_waits_for_what_is_unanswered))
