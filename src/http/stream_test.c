#include "http/stream.h"

#include "http/peer_for_tests.h"

#include <pthread.h>

/* Pitfall 7: streams. Leaks are ASan's to find: each test leaves some streams in every way there
 * is. */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t begun = PTHREAD_COND_INITIALIZER;
static HttpStream *waiting;

static void handler(void *context, HttpRequest *request)
{
    (void)context;
    HttpStream *stream = NULL;
    const Status s = http_stream_begin(request, &stream);
    ASSERT(status_ok(s));
    pthread_mutex_lock(&lock);
    waiting = stream;
    pthread_cond_signal(&begun);
    pthread_mutex_unlock(&lock);
}

static HttpServer *serve(unsigned heartbeat_ms)
{
    HttpServer *server = NULL;
    const HttpServerConfig config = {
        .handler = handler, .loops = 1, .heartbeat_ms = heartbeat_ms
    };
    const Status s = http_server_start(&config, &server);
    ASSERT(status_ok(s));
    return server;
}

static void unserve(HttpServer **server)
{
    const Status s = http_server_stop(*server, 5000);
    ASSERT(status_ok(s));
    http_server_free(server);
}

static HttpStream *open_stream(HttpServer *server, Peer *ret_peer)
{
    *ret_peer = peer_open(http_server_port(server), NULL);
    peer_say(ret_peer, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    pthread_mutex_lock(&lock);
    while (waiting == NULL)
        pthread_cond_wait(&begun, &lock);
    HttpStream *const stream = waiting;
    waiting = NULL;
    pthread_mutex_unlock(&lock);
    return stream;
}

static void pause_ms(long ms)
{
    const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

static void test_events_arrive_in_order(void)
{
    CLEANUP(unserve) HttpServer *server = serve(0);
    CLEANUP(peer_close) Peer peer = { 0 };
    HttpStream *stream = open_stream(server, &peer);
    EXPECT_OK(http_stream_send(stream, "alert", SPAN("one\ntwo\r\n三")));
    EXPECT_OK(http_stream_send(stream, "tick", SPAN("")));
    EXPECT_REFUSED(http_stream_send(stream, "x", SPAN("\xFF")), REFUSED_TEXT_NOT_UTF8);
    EXPECT_REFUSED(http_stream_send(stream, "x", SPAN("a\0b")), REFUSED_TEXT_NOT_UTF8);
    http_stream_close(&stream);
    EXPECT(stream == NULL && peer_receive_all(&peer));
    EXPECT(strstr(peer.answer, "\r\nContent-Type: text/event-stream\r\n") != NULL);
    const char *const first =
            strstr(peer.answer, "event: alert\ndata: one\ndata: two\ndata: 三\n\n");
    const char *const second = strstr(peer.answer, "event: tick\ndata: \n\n");
    EXPECT(first != NULL && second != NULL && first < second);
}

static void test_clients_that_leave_are_noticed(void)
{
    CLEANUP(unserve) HttpServer *server = serve(100); /* the comment notices them */
    for (int i = 0; i < 30; i++) {
        Peer peer = { 0 };
        HttpStream *stream = open_stream(server, &peer);
        if (i % 3 == 0) EXPECT_OK(http_stream_send(stream, "a", SPAN("x")));
        const struct linger reset = { 1, 0 };
        if (i % 2 == 0) setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        peer_close(&peer);
        Status s = OK;
        for (int k = 0; k < 400 && status_ok(s) && i < 6; k++) {
            pause_ms(25);
            s = http_stream_send(stream, "a", SPAN("y"));
        }
        EXPECT(i >= 6 || status_is(s, REFUSED_HTTP_CLOSED));
        http_stream_close(&stream);
    }
    for (int i = 0; i < 400 && http_server_counts(server).connections > 0; i++)
        pause_ms(25);
    EXPECT(http_server_counts(server).streams == 0 && http_server_counts(server).connections == 0);
}

static void test_clients_that_do_not_read_are_dropped(void)
{
    CLEANUP(unserve) HttpServer *server = serve(0);
    CLEANUP(peer_close) Peer peer = { 0 };
    HttpStream *stream = open_stream(server, &peer);
    static uint8_t text[32 * 1024];
    memset(text, 'x', sizeof(text));
    Status s = OK;
    int sent = 0;
    for (; sent < 4000 && status_ok(s); sent++) { /* the kernel's buffers take some megabytes */
        s = http_stream_send(stream, "flood", SPAN_OF(text));
        pause_ms(1); /* so that they wait in the connection, not on the loop's list */
    }
    EXPECT_REFUSED(s, REFUSED_HTTP_CLOSED);
    EXPECT_REFUSED(http_stream_send(stream, "x", SPAN("x")), REFUSED_HTTP_CLOSED);
    http_stream_close(&stream);
    for (int i = 0; i < 400 && http_server_counts(server).connections > 0; i++)
        pause_ms(25);
    EXPECT(http_server_counts(server).streams == 0);
}

static void test_silent_streams_get_comments(void)
{
    CLEANUP(unserve) HttpServer *server = serve(50);
    CLEANUP(peer_close) Peer peer = { 0 };
    HttpStream *stream = open_stream(server, &peer);
    EXPECT(peer_receive_until(&peer, "\n:\n\n"));
    http_stream_close(&stream);
}

static void test_stop_ends_streams(void)
{
    HttpServer *server = serve(0);
    CLEANUP(peer_close) Peer peer = { 0 };
    HttpStream *stream = open_stream(server, &peer);
    EXPECT_OK(http_stream_send(stream, "last", SPAN("word")));
    EXPECT_OK(http_server_stop(server, 5000));
    EXPECT_REFUSED(http_stream_send(stream, "x", SPAN("x")), REFUSED_HTTP_CLOSED);
    EXPECT(peer_receive_all(&peer) && strstr(peer.answer, "data: word\n\n") != NULL);
    http_stream_close(&stream);
    http_server_free(&server);
}

static void test_oversize_events_are_refused(void)
{
    CLEANUP(unserve) HttpServer *server = serve(0);
    CLEANUP(peer_close) Peer peer = { 0 };
    HttpStream *stream = open_stream(server, &peer);
    static uint8_t text[HTTP_STREAM_EVENT_BYTES_MAX + 1];
    memset(text, '\n', sizeof(text));
    EXPECT_REFUSED(http_stream_send(stream, "x", SPAN_OF(text)), REFUSED_HTTP_TOO_LARGE);
    const Span lines = { text, sizeof(text) - 1 }; /* each line end costs six bytes more */
    EXPECT_REFUSED(http_stream_send(stream, "x", lines), REFUSED_HTTP_TOO_LARGE);
    http_stream_close(&stream);
}

TESTS(TEST(test_events_arrive_in_order), TEST(test_clients_that_leave_are_noticed),
        TEST(test_clients_that_do_not_read_are_dropped), TEST(test_silent_streams_get_comments),
        TEST(test_stop_ends_streams), TEST(test_oversize_events_are_refused))
