/*
 * steady: a house that is asked for something once a second at each of its doors, and says how long
 * it took, while tools/harden has strangers do their worst to it. Prints one JSON line that names
 * the doors, then one a second; ends when standard input does.
 *
 *   {"merchants":PORT,"service":PORT,"console":PORT,"hufud":PID,"authority":"FILE"}
 *   {"at_s":1.0,"order_ms":6.2,"kept_order_ms":2.1,"console_ms":4.0,"service_ms":5.5}
 *
 * order_ms is a new connection with its handshake, a signed native order and its answer;
 * kept_order_ms the same over a connection that stays; console_ms and service_ms a new connection
 * and a GET. -1: no answer, or another one.
 */
#include "callers.h"
#include "merchant_steps.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static Stand stand;
static MerchantApp merchant;
static StandCaller caller;
static HttpClient *kept;
static unsigned order_number;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static Status order(HttpClient *http)
{
    char number[32];
    Answered answered = { 0 };
    snprintf(number, sizeof(number), "STEADY-%08u", ++order_number);
    TRY(step_native(&merchant, http, number, 100, &answered));
    REQUIRE(answered.status == 200, REFUSED_HTTP_ANSWER_INVALID);
    return OK;
}

static Status order_anew(void)
{
    CLEANUP(http_client_close) HttpClient *http = NULL;
    TRY(stand_connect(&stand, &http));
    return order(http);
}

static Status order_kept(void) { return order(kept); }

static Status look_in(uint16_t port, struct ssl_ctx_st *tls, Span target, int wanted)
{
    CLEANUP(http_client_close) HttpClient *http = NULL;
    HttpAnswer answer = { 0 };
    const HttpClientConfig config = {
        .address = "127.0.0.1", .port = port, .tls = tls, .server_name = "localhost"
    };
    const HttpCall call = { .method = "GET", .target = target };
    TRY(http_client_open(&config, &http));
    TRY(http_client_call(http, &call, &answer));
    REQUIRE(answer.status == wanted, REFUSED_HTTP_ANSWER_INVALID);
    return OK;
}

/* Nobody is logged in there. */
static Status look_at_console(void)
{
    return look_in(stand.console_port, stand.tls, SPAN("/console/v1/sessions"), 401);
}

static Status look_at_service(void)
{
    return look_in(stand.service_port, caller.tls, SPAN("/vault/v1/box-key"), 200);
}

static double took_ms(Status (*step)(void))
{
    const double from = now_s();
    const Status s = step();
    return status_ok(s) ? (now_s() - from) * 1e3 : -1;
}

static Status open_house(void)
{
    TRY(stand_open(&(StandOptions) { 0 }, &stand));
    TRY(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    TRY(stand_caller(&stand, "core", "bank-a", "protect", &caller));
    return stand_connect(&stand, &kept);
}

static bool told_to_end(double until_s)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    const double left = until_s - now_s();
    return poll(&input, 1, left > 0 ? (int)(left * 1e3) : 0) != 0;
}

static void ask_steadily(void)
{
    const double began = now_s();
    for (double due = began; !told_to_end(due); due += 1) {
        const double at = now_s() - began;
        const double anew = took_ms(order_anew);
        const double again = took_ms(order_kept);
        const double console = took_ms(look_at_console);
        printf("{\"at_s\":%.1f,\"order_ms\":%.1f,\"kept_order_ms\":%.1f,\"console_ms\":%.1f,"
               "\"service_ms\":%.1f}\n",
                at, anew, again, console, took_ms(look_at_service));
        fflush(stdout);
    }
}

int main(void)
{
    const Status s = open_house();
    if (status_ok(s)) {
        printf("{\"merchants\":%u,\"service\":%u,\"console\":%u,\"hufud\":%d,"
               "\"authority\":\"%s\"}\n",
                stand.port, stand.service_port, stand.console_port, (int)stand.pids[STAND_HUFUD],
                stand_path(&stand, "run/hufud/ca.pem"));
        fflush(stdout);
        ask_steadily();
    } else {
        fprintf(stderr, "steady: %s\n", status_name(s));
    }
    http_client_close(&kept);
    stand_caller_done(&caller);
    stand_close(&stand);
    return status_ok(s) ? 0 : 1;
}
