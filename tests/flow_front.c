/*
 * Goal: nginx as deploy/nginx has it and hufud read the same requests: what nginx sends on is one
 * request to hufud for each, no answer goes astray between people, and no hidden order is made that
 * nobody was answered for. Method: the shapes of doors/shapes.h through a real nginx; hufud's own
 * count of requests beside nginx's; an order and a question of its own over the same proxy after
 * each. Skipped where there is no nginx.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "chromium.h"
#include "front.h"
#include "smuggler.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TRIES_MAX = 200, TRY_MS = 20 };

static Stand stand;
static MerchantApp merchant;
static Front front;
static SSL_CTX *tls; /* of a client who does not look at nginx's certificate */
static HttpClient *through;
static HttpClient *watcher;

static void test_house_opens(void)
{
    chromium_skip_unless(FRONT_NGINX, "Debian's package nginx-light");
    EXPECT_OK(stand_open(&(StandOptions) { .trusted_proxies = "[127.0.0.1]" }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(front_open(&stand, &front));
    tls = SSL_CTX_new(TLS_client_method());
    const HttpClientConfig to = {
        .address = "127.0.0.1", .port = front.port, .tls = tls, .server_name = "pay.example"
    };
    EXPECT_OK(http_client_open(&to, &through));
    const HttpClientConfig watch = { .address = "127.0.0.1", .port = stand.metrics_port };
    EXPECT_OK(http_client_open(&watch, &watcher));
}

/* Requests at hufud's first door: those that a route or none answered, and those that were none. */
static int64_t seen_by_hufud(void)
{
    static const char *const counters[] = { "\nhufu_http_requests_total{",
        "\nhufu_requests_refused_total{door=\"payments\"}" };
    static char text[HTTP_ANSWER_BYTES_MAX];
    double sum = 0;
    HttpAnswer answer = { 0 };
    const HttpCall call = { .method = "GET", .target = SPAN("/metrics") };
    ASSERT(status_ok(http_client_call(watcher, &call, &answer)) && answer.status == 200);
    snprintf(text, sizeof(text), "%.*s", (int)answer.body.size, (const char *)answer.body.data);
    for (size_t i = 0; i < 2; i++)
        for (const char *at = strstr(text, counters[i]); at != NULL;
                at = strstr(at + 1, counters[i]))
            sum += strtod(strchr(at, '}') + 1, NULL);
    return (int64_t)sum;
}

static int64_t orders_called(const char *number)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM payment WHERE out_trade_no = '%s'", number);
    return stand_number(&stand, sql);
}

/* The next one over nginx's kept connection is answered with what is his. */
static bool an_order_is_made(const char *number)
{
    Answered made = { 0 };
    Answered asked = { 0 };
    return status_ok(step_native(&merchant, through, number, 100, &made)) && made.status == 200
            && status_ok(step_query(&merchant, through, number, &asked)) && asked.status == 200
            && strcmp(asked.trade_state, "NOTPAY") == 0;
}

typedef struct Both {
    FrontCounts nginx;
    int64_t hufud;
} Both;

static Both both(void) { return (Both) { front_counts(&stand), seen_by_hufud() }; }

/* Each writes down a request when it has answered it: a moment later both have. */
static bool agree(const Both *before, const Came *came, Both *ret_seen)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        const Both now = both();
        ret_seen->nginx.requests = now.nginx.requests - before->nginx.requests;
        ret_seen->nginx.sent_on = now.nginx.sent_on - before->nginx.sent_on;
        ret_seen->hufud = now.hufud - before->hufud;
        if (ret_seen->hufud == ret_seen->nginx.sent_on
                && ret_seen->nginx.requests >= (int64_t)came->answers)
            return true;
        const struct timespec wait = { 0, TRY_MS * 1000000L };
        nanosleep(&wait, NULL);
    }
    return false;
}

static void try_shape(const Shape *shape, unsigned at)
{
    uint8_t bytes[SMUGGLED_ORDER_BYTES_MAX];
    Buffer hidden = BUFFER_OF(bytes);
    Both seen = { 0 };
    char number[32];
    snprintf(number, sizeof(number), "HIDDEN-%06u", at);
    EXPECT_OK(smuggler_order(&merchant, number, "Connection: close\r\n", &hidden));
    const Both before = both();
    const Came came = smuggler_try(front.port, tls, shape, span_of_buffer(&hidden));
    const bool agreed = agree(&before, &came, &seen);
    const int64_t made = orders_called(number);
    const bool right = agreed && made == (int64_t)came.good && made <= 1;
    if (!right)
        fprintf(stderr,
                "%s: nginx read %lld, sent on %lld; hufud saw %lld; %zu answers, %zu of them 200, "
                "%lld orders\n",
                shape->name, (long long)seen.nginx.requests, (long long)seen.nginx.sent_on,
                (long long)seen.hufud, came.answers, came.good, (long long)made);
    EXPECT(right);
    snprintf(number, sizeof(number), "CLEAN-%06u", at);
    const Both then = both();
    EXPECT(an_order_is_made(number));
    EXPECT(agree(&then, &(Came) { .answers = 2 }, &seen) && seen.hufud == 2);
}

static void test_both_read_the_same_requests(void)
{
    for (size_t i = 0; i < shape_count; i++)
        try_shape(&shapes[i], (unsigned)i);
    const FrontCounts counts = front_counts(&stand);
    EXPECT(counts.sent_on > (int64_t)(2 * shape_count)); /* the honest ones, at least */
    EXPECT(counts.requests > counts.sent_on); /* and some that nginx refused by itself */
}

static void test_house_closes(void)
{
    http_client_close(&through);
    http_client_close(&watcher);
    front_close(&front);
    SSL_CTX_free(tls);
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_both_read_the_same_requests), TEST(test_house_closes))
