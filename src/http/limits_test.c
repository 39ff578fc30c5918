#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "http/client.h"
#include "http/peer_for_tests.h"

#include <dlfcn.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <signal.h>

/* Limits and options that a client can feel: slow readers, bursts of connections, socket options.
 */

static uint8_t big[HTTP_ANSWER_BYTES_MAX];

static void handler(void *context, HttpRequest *request)
{
    (void)context;
    const bool wants_big = span_equal(http_request_path(request), SPAN("/big"));
    const Span body = wants_big ? SPAN_OF(big) : http_request_body(request);
    http_answer(request, 200, NULL, 0, body);
}

static HttpServer *serve(HttpServerConfig config)
{
    HttpServer *server = NULL;
    config.handler = handler;
    config.loops = 1;
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

static void pause_ms(long ms)
{
    const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

/* An answer that nobody reads holds memory: the deadline counts while it is written, too. */
static void test_clients_that_do_not_read_are_ended(void)
{
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { .request_ms_max = 300 });
    CLEANUP(peer_close) Peer peer = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
    const int small = 4096; /* before connecting, or the window is large already */
    setsockopt(peer.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    struct sockaddr_in to = { .sin_family = AF_INET };
    to.sin_port = htons(http_server_port(server));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT(connect(peer.fd, (struct sockaddr *)&to, sizeof(to)) == 0);
    static const char text[] = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT(peer_send(&peer, text, sizeof(text) - 1));
    for (int i = 0; i < 800 && http_server_counts(server).overdue == 0; i++)
        pause_ms(25);
    EXPECT(http_server_counts(server).overdue == 1);
    for (int i = 0; i < 800 && http_server_counts(server).connections > 0; i++)
        pause_ms(25);
    EXPECT(http_server_counts(server).connections == 0);
}

static void test_large_answers_arrive_whole(void)
{
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { 0 });
    Peer peer = peer_open(http_server_port(server), NULL);
    EXPECT(peer_say(&peer, "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    size_t total = 0;
    while (peer_receive(&peer)) {
        total += peer.size;
        peer.size = 0;
    }
    EXPECT(total > sizeof(big) && total < sizeof(big) + 300);
    peer_close(&peer);
}

/* Pitfall 8: a burst of connections is spread over time, and all of it is served in the end. */
static void test_bursts_of_connections_are_spread(void)
{
    enum { PEERS = 6, ATTEMPTS = 5 };
    bool spread = false;
    for (int attempt = 0; attempt < ATTEMPTS && !spread; attempt++) {
        CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { .accepts_per_s_max = 4 });
        Peer peers[PEERS];
        for (int i = 0; i < PEERS; i++)
            peers[i] = peer_open(http_server_port(server), NULL);
        for (int i = 0; i < PEERS; i++) {
            EXPECT(peer_say(&peers[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
            EXPECT(peer_receive_until(&peers[i], " 200 "));
            spread = spread || http_server_counts(server).connections < PEERS;
        }
        for (int i = 0; i < PEERS; i++)
            peer_close(&peers[i]);
    }
    EXPECT(spread);
}

/* Who holds every place and does nothing with it keeps nobody out for long. */
static void test_idle_connections_make_room_when_all_places_are_taken(void)
{
    enum { PLACES = 4 };
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { .connections_max = PLACES });
    Peer idle[PLACES];
    for (int i = 0; i < PLACES; i++) {
        idle[i] = peer_open(http_server_port(server), NULL);
        EXPECT(peer_say(&idle[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        EXPECT(peer_receive_until(&idle[i], " 200 "));
    }
    CLEANUP(peer_close) Peer late = peer_open(http_server_port(server), NULL);
    EXPECT(peer_say(&late, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT(peer_receive_until(&late, " 200 ")); /* idle_ms_max alone is 60 s, and we wait for 20 */
    for (int i = 0; i < PLACES; i++)
        peer_close(&idle[i]);
}

static void test_expect_continue(void)
{
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { 0 });
    CLEANUP(peer_close) Peer peer = peer_open(http_server_port(server), NULL);
    EXPECT(peer_say(&peer,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    EXPECT(peer_receive_until(&peer, "HTTP/1.1 100 Continue\r\n\r\n"));
    EXPECT(peer_say(&peer, "hi") && peer_receive_until(&peer, "\r\n\r\nhi"));
}

/* However the bytes are cut, one request is one request. */
static void test_requests_in_single_bytes(void)
{
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { 0 });
    CLEANUP(peer_close) Peer peer = peer_open(http_server_port(server), NULL);
    const int on = 1;
    setsockopt(peer.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    static const char text[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
                               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo";
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        EXPECT(peer_send(&peer, text + i, 1));
    EXPECT(peer_receive_until(&peer, "\r\n\r\ntwo"));
    EXPECT(peer_count(&peer, " 200 ") == 2 && strstr(peer.answer, "\r\n\r\none") != NULL);
    EXPECT(http_server_counts(server).requests == 2);
}

/* Pitfall 9. The server's end of our connection lives in this process, so we can ask it. */
static void test_socket_options(void)
{
    CLEANUP(unserve) HttpServer *server = serve((HttpServerConfig) { 0 });
    CLEANUP(peer_close) Peer peer = peer_open(http_server_port(server), NULL);
    EXPECT(peer_say(&peer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            && peer_receive_until(&peer, " 200 "));
    struct sockaddr_in ours = { 0 };
    socklen_t size = sizeof(ours);
    EXPECT(getsockname(peer.fd, (struct sockaddr *)&ours, &size) == 0);
    int found = -1;
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_in other = { 0 };
        size = sizeof(other);
        const bool connected = getpeername(fd, (struct sockaddr *)&other, &size) == 0;
        if (connected && fd != peer.fd && other.sin_port == ours.sin_port) found = fd;
    }
    EXPECT(found >= 0);
    int no_delay = 0;
    size = sizeof(no_delay);
    EXPECT(getsockopt(found, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size) == 0 && no_delay != 0);
    struct sigaction pipe_action = { 0 };
    EXPECT(sigaction(SIGPIPE, NULL, &pipe_action) == 0 && pipe_action.sa_handler == SIG_IGN);
}

/* Pitfall 1: 2.1.12-stable-8+deb12u1 closes nine advisories and still calls itself 2.1.12. What
 * tells it apart is a function that its patches brought (Debian's symbols file names that version
 * for it). */
static void test_libevent_is_the_patched_one(void)
{
    const bool upstream = event_get_version_number() >= 0x02010d00; /* 2.1.13 */
    EXPECT(upstream || dlsym(RTLD_DEFAULT, "evhttp_check_transfer_encoding_") != NULL);
}

/* The same over IPv6, where the kernel has it. */
static void test_ipv6(void)
{
    HttpServer *server = NULL;
    const HttpServerConfig config = { .handler = handler, .loops = 1, .address = "::1" };
    const Status s = http_server_start(&config, &server);
    if (status_is(s, REFUSED_HTTP_ADDRESS)) return;
    EXPECT_OK(s);
    const HttpClientConfig calling = { "::1", http_server_port(server), NULL, NULL, 5000 };
    HttpClient *client = NULL;
    EXPECT_OK(http_client_open(&calling, &client));
    const HttpCall call = { "POST", SPAN("/"), NULL, 0, SPAN("six") };
    HttpAnswer answer = { 0 };
    EXPECT_OK(http_client_call(client, &call, &answer));
    EXPECT(answer.status == 200 && span_equal(answer.body, SPAN("six")));
    http_client_close(&client);
    unserve(&server);
}

static void test_bad_addresses_are_refused(void)
{
    HttpServer *server = NULL;
    HttpServerConfig config = { .address = "no.address", .handler = handler, .loops = 1 };
    EXPECT_REFUSED(http_server_start(&config, &server), REFUSED_HTTP_ADDRESS);
    config.address = "192.0.2.1"; /* TEST-NET-1: nobody's */
    EXPECT_REFUSED(http_server_start(&config, &server), REFUSED_HTTP_ADDRESS);
    EXPECT(server == NULL);
}

TESTS(TEST(test_clients_that_do_not_read_are_ended), TEST(test_large_answers_arrive_whole),
        TEST(test_bursts_of_connections_are_spread),
        TEST(test_idle_connections_make_room_when_all_places_are_taken), TEST(test_expect_continue),
        TEST(test_requests_in_single_bytes), TEST(test_socket_options),
        TEST(test_libevent_is_the_patched_one), TEST(test_ipv6),
        TEST(test_bad_addresses_are_refused))
