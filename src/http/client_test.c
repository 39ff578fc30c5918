#include "http/client.h"

#include "http/peer_for_tests.h"

#include <pthread.h>

/* The client against a peer that answers whatever the test says, and against our own server. */

typedef struct Liar {
    int listener;
    uint16_t port;
    const char *answer;
    size_t size;
    bool close_after;
    pthread_t thread;
} Liar;

/* Take one connection, wait for the end of a request's head, answer, and close. */
static void *liar_main(void *context)
{
    Liar *const liar = context;
    Peer peer = { .fd = accept(liar->listener, NULL, NULL),
        .answer = calloc(1, PEER_ANSWER_MAX + 1) };
    if (peer_receive_until(&peer, "\r\n\r\n")) peer_send(&peer, liar->answer, liar->size);
    if (!liar->close_after) peer_receive(&peer); /* until the client hangs up */
    peer_close(&peer);
    return NULL;
}

static Liar liar_start(const char *answer, size_t size, bool close_after)
{
    Liar liar = { socket(AF_INET, SOCK_STREAM, 0), 0, answer, size, close_after, 0 };
    struct sockaddr_in at = { .sin_family = AF_INET };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(at);
    const int made = bind(liar.listener, (struct sockaddr *)&at, sizeof(at))
            | listen(liar.listener, 1)
            | getsockname(liar.listener, (struct sockaddr *)&at, &length);
    ASSERT(made == 0);
    liar.port = ntohs(at.sin_port);
    return liar;
}

static Status ask(const char *answer, size_t size, bool close_after, int *ret_status)
{
    Liar liar = liar_start(answer, size, close_after);
    pthread_create(&liar.thread, NULL, liar_main, &liar);
    const HttpClientConfig config = { "127.0.0.1", liar.port, NULL, NULL,
        close_after ? 5000 : 300 };
    HttpClient *client = NULL;
    Status s = http_client_open(&config, &client);
    HttpAnswer got = { 0 };
    const HttpCall get = { .method = "GET", .target = SPAN("/") };
    if (status_ok(s)) s = http_client_call(client, &get, &got);
    *ret_status = got.status;
    http_client_close(&client);
    pthread_join(liar.thread, NULL);
    close(liar.listener);
    return s;
}

static void test_malformed_answers_are_refused(void)
{
    static const struct {
        const char *text;
        size_t size;
        int code;
    } cases[] = {
#define CASE(text, code) { text, sizeof(text) - 1, code }
#define GOOD "HTTP/1.1 200 OK\r\n"
        CASE(GOOD "Content-Length: 2\r\n\r\nok", 0),
        CASE("HTTP/1.1 204 No Content\r\n\r\n", 0),
        CASE("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 0),
        CASE(GOOD "\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE(GOOD "Content-Length: 2\r\n\r\nokay", REFUSED_HTTP_ANSWER_INVALID),
        CASE(GOOD "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", REFUSED_HTTP_ANSWER_INVALID),
        CASE(GOOD "Content-Length: +2\r\n\r\nok", REFUSED_HTTP_ANSWER_INVALID),
        CASE(GOOD "Content-Length: \r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE(GOOD "Content-Length: 99999999999999999999\r\n\r\n", REFUSED_HTTP_TOO_LARGE),
        CASE(GOOD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE(GOOD "X: a\r\n b\r\nContent-Length: 0\r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE(GOOD "X: a\nContent-Length: 0\r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE(GOOD "X: a\0\r\nContent-Length: 0\r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE(GOOD "no colon\r\nContent-Length: 0\r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE("HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE("HTTP/1.1 2000\r\nContent-Length: 0\r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE("HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE("HTTP/1.1 100 Continue\r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE("SSH-2.0-x\r\n\r\n", REFUSED_HTTP_ANSWER_INVALID),
        CASE(GOOD "Content-Length: 3\r\n\r\nok", REFUSED_HTTP_CLOSED),
        CASE(GOOD "Content-Le", REFUSED_HTTP_CLOSED),
        CASE("", REFUSED_HTTP_CLOSED),
#undef CASE
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int status = 0;
        const Status s = ask(cases[i].text, cases[i].size, true, &status);
        if (s.code != cases[i].code) fprintf(stderr, "case %zu: %s\n", i, status_name(s));
        EXPECT_STATUS(s, cases[i].code);
        EXPECT(status_ok(s) == (status != 0));
    }
}

static void test_silence_times_out(void)
{
    int status = 0;
    EXPECT_REFUSED(ask("", 0, false, &status), REFUSED_HTTP_TIMEOUT);
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab";
    EXPECT_REFUSED(ask(half, sizeof(half) - 1, false, &status), REFUSED_HTTP_TIMEOUT);
}

static void test_endless_heads_are_refused(void)
{
    static char text[64 * 1024] = "HTTP/1.1 200 OK\r\nX: ";
    memset(text + 20, 'x', sizeof(text) - 20);
    int status = 0;
    EXPECT_REFUSED(ask(text, sizeof(text), true, &status), REFUSED_HTTP_TOO_LARGE);
}

static void test_nobody_there(void)
{
    const Liar liar = liar_start("", 0, true);
    close(liar.listener);
    const HttpClientConfig config = { "127.0.0.1", liar.port, NULL, NULL, 1000 };
    HttpClient *client = NULL;
    EXPECT_REFUSED(http_client_open(&config, &client), REFUSED_HTTP_CONNECT);
    EXPECT(client == NULL);
}

static void say_peer(void *context, HttpRequest *request)
{
    (void)context;
    http_answer(request, 200, NULL, 0, span_of_text(http_request_peer(request)));
}

static void test_an_address_of_ours_can_be_chosen(void)
{
    HttpServer *server = NULL;
    const HttpServerConfig serving = { .handler = say_peer, .loops = 1 };
    EXPECT_OK(http_server_start(&serving, &server));
    HttpClientConfig config = { "127.0.0.1", http_server_port(server), NULL, NULL, 5000,
        .from = "127.0.0.9" };
    CLEANUP(http_client_close) HttpClient *client = NULL;
    HttpAnswer answer = { 0 };
    EXPECT_OK(http_client_open(&config, &client));
    EXPECT_OK(
            http_client_call(client, &(HttpCall) { "GET", SPAN("/"), NULL, 0, SPAN("") }, &answer));
    EXPECT(span_equal(answer.body, SPAN("127.0.0.9")));
    config.from = "203.0.113.9"; /* not ours */
    HttpClient *other = NULL;
    EXPECT_REFUSED(http_client_open(&config, &other), REFUSED_HTTP_CONNECT);
    http_client_close(&client);
    EXPECT_OK(http_server_stop(server, 5000));
    http_server_free(&server);
}

/* --- against our own server --- */

static void handler(void *context, HttpRequest *request)
{
    (void)context;
    const HttpHeader header = { "X-Echo", http_request_header(request, "X-Tag") };
    http_answer(request, 201, &header, 1, http_request_body(request));
}

static void test_calls_and_reconnects(void)
{
    HttpServer *server = NULL;
    const HttpServerConfig serving = { .handler = handler, .loops = 1, .idle_ms_max = 300 };
    EXPECT_OK(http_server_start(&serving, &server));
    const HttpClientConfig config = { "127.0.0.1", http_server_port(server), NULL, NULL, 5000 };
    CLEANUP(http_client_close) HttpClient *client = NULL;
    EXPECT_OK(http_client_open(&config, &client));
    static uint8_t body[HTTP_BODY_BYTES_MAX];
    memset(body, 'b', sizeof(body));
    const HttpHeader header = { "X-Tag", SPAN("tag 1") };
    HttpCall call = { "POST", SPAN("/x?y"), &header, 1, SPAN("hello") };
    HttpAnswer answer = { 0 };
    for (size_t size = 0; size <= sizeof(body); size = size * 4 + 1) {
        call.body = (Span) { body, size };
        EXPECT_OK(http_client_call(client, &call, &answer));
        EXPECT(answer.status == 201 && span_equal(answer.body, call.body));
        EXPECT(span_equal(http_answer_header(&answer, "x-echo"), SPAN("tag 1")));
        EXPECT(http_answer_header(&answer, "x-none").data == NULL);
    }
    EXPECT(http_server_counts(server).connections == 1); /* all over one connection */

    /* Refused and closed by the server; the next call connects anew by itself. */
    const HttpCall odd = { .method = "PUT", .target = SPAN("/") };
    EXPECT_OK(http_client_call(client, &odd, &answer));
    EXPECT(answer.status == 405
            && span_equal(http_answer_header(&answer, "connection"), SPAN("close")));
    EXPECT_OK(http_client_call(client, &call, &answer));
    EXPECT(answer.status == 201);
    http_client_close(&client);
    EXPECT_OK(http_server_stop(server, 5000));
    http_server_free(&server);
}

TESTS(TEST(test_malformed_answers_are_refused), TEST(test_silence_times_out),
        TEST(test_endless_heads_are_refused), TEST(test_nobody_there),
        TEST(test_an_address_of_ours_can_be_chosen), TEST(test_calls_and_reconnects))
