/*
 * Goal: clients that are slow in every way lose their own connection, and nobody else waits:
 * slowloris, slow bodies, answers that nobody reads, silent handshakes, idle connections. Method:
 * hundreds of each at once at the merchants' door of the real programs, kept slow by hand, while
 * orders go on; tools/harden does the same with a thousand of somebody else's clients.
 */
#include "base/expect.h"
#include "http/peer_for_tests.h"
#include "merchant_steps.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>

enum {
    EACH = 60,
    ROUNDS = 14, /* a second each: longer than a request may take */
    ORDER_MS_MAX = 5000, /* under a sanitizer, on a busy machine */
};

/* How each of them is slow. */
typedef enum Way { HEADERS, BODY, READ, SILENT, WAYS } Way;

typedef struct Slow {
    Way way;
    Peer peer;
} Slow;

static Stand stand;
static MerchantApp merchant;
static HttpClient *http;
static Slow slow[WAYS * EACH];
static unsigned order_number;

#define POST "POST /v3/pay/transactions/native HTTP/1.1\r\n"
#define LONG "Host: localhost\r\nContent-Length: 4096\r\n\r\n"
static const char *const begins[WAYS] = {
    [HEADERS] = "GET /v3/pay HTTP/1.1\r\nHost: localhost\r\n",
    [BODY] = POST LONG,
    [READ] = "GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n",
    [SILENT] = "",
};
static const char *const goes_on[WAYS] = { "X: a\r\n", "a", "", "" };

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_connect(&stand, &http));
}

static bool order_is_made(HttpClient *over)
{
    char number[32];
    Answered answered = { 0 };
    const int64_t from = now_ms();
    snprintf(number, sizeof(number), "SLOW-%06u", ++order_number);
    const Status s = step_native(&merchant, over, number, 100, &answered);
    const int64_t took = now_ms() - from;
    if (!status_ok(s) || answered.status != 200 || took > ORDER_MS_MAX)
        fprintf(stderr, "order %s: %s, HTTP %d, %lld ms\n", number, status_name(s), answered.status,
                (long long)took);
    return status_ok(s) && answered.status == 200 && took <= ORDER_MS_MAX;
}

/* Over the connection that stays, and over a new one. */
static bool orders_are_made(void)
{
    CLEANUP(http_client_close) HttpClient *fresh = NULL;
    return order_is_made(http) && status_ok(stand_connect(&stand, &fresh)) && order_is_made(fresh);
}

static void test_slow_ones_come(void)
{
    for (size_t i = 0; i < WAYS * EACH; i++) {
        slow[i].way = (Way)(i % WAYS);
        slow[i].peer = peer_open(stand.port, slow[i].way == SILENT ? NULL : stand.tls);
        EXPECT(slow[i].peer.fd >= 0);
        if (slow[i].way != SILENT) EXPECT(peer_say(&slow[i].peer, begins[slow[i].way]));
    }
    EXPECT(orders_are_made());
}

/* Each goes on a little every second, which a time-out for silence alone would never end. */
static void test_orders_go_on(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t until = now_ms() + 1000;
        for (size_t i = 0; i < WAYS * EACH; i++)
            if (goes_on[slow[i].way][0] != 0) (void)peer_say(&slow[i].peer, goes_on[slow[i].way]);
        EXPECT(orders_are_made());
        const int64_t left = until - now_ms();
        if (left <= 0) continue;
        const struct timespec pause = { left / 1000, left % 1000 * 1000000 };
        nanosleep(&pause, NULL);
    }
}

/* The other side has hung up; what it said before does not count. */
static bool has_ended(const Slow *one)
{
    char bytes[4096];
    ssize_t n = 0;
    while ((n = recv(one->peer.fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) { }
    return n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

/* Who reads nothing of a small answer has it in his kernel, and is idle: he may stay a minute. */
static void test_the_slow_ones_are_gone(void)
{
    size_t left = 0;
    for (size_t i = 0; i < WAYS * EACH; i++)
        left += slow[i].way != READ && !has_ended(&slow[i]) ? 1 : 0;
    if (left > 0) fprintf(stderr, "%zu are still there\n", left);
    EXPECT(left == 0);
    for (size_t i = 0; i < WAYS * EACH; i++)
        peer_close(&slow[i].peer);
    EXPECT(orders_are_made());
}

static void test_house_closes(void)
{
    http_client_close(&http);
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_slow_ones_come), TEST(test_orders_go_on),
        TEST(test_the_slow_ones_are_gone), TEST(test_house_closes))
