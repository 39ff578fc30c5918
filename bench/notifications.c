/*
 * notifications: how many a second hufud tells a receiver on this machine. Payments are made first,
 * while nobody is told; then hufud starts with its senders, and the time runs from the first that
 * comes to the last: rows read and verified, resource encrypted and message signed in vaultd, POST
 * over TLS, rows settled. One JSON line.
 *
 *   notifications [--count N]
 *
 * cpu_us is processor time of each program and of the receiver per notification; all share this
 * machine's cores. floor_us is what the protocol needs in the same run: one signature in bare
 * libcrypto, and one POST of as many bytes to the same receiver over a kept connection (both ends).
 */
#include "command.h"
#include "crypto/tls.h"
#include "floor.h"
#include "http/client.h"
#include "orders.h"
#include "processor.h"
#include "receiver.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 32, POSTS = 400, BODY_BYTES = 900, POLL_MS = 2, PATIENCE_S = 120 };

static const char strategy[] =
        "version: 1\nname: bench\n"
        "amount:\n  challenge_over: 100000\n  delay_over: 0\n  review_over: 0\n"
        "  refuse_over: 5000000\n"
        "velocity:\n  challenge_count_over: 900000\n  challenge_sum_over: 100000000000\n"
        "  refuse_count_over: 1000000\n  refuse_sum_over: 1000000000000\n"
        "wait:\n  challenge_s: 300\n  delay_s: 60\n  review_s: 300\n";

static Stand stand;
static Receiver *receiver;
static PayerApp *payers;
static size_t payer_count;
static char settings[512];

typedef struct Figures {
    double per_s;
    double cpu_us[STAND_PROGRAMS];
    double receiver_us;
} Figures;

static void pause_ms(long ms)
{
    const struct timespec wait = { 0, ms * 1000000L };
    nanosleep(&wait, NULL);
}

static void requests_free(LoadRequest **requests) { free(*requests); }

/* `count` payments of this merchant, each to be told at `path`. */
static Status pay(const MerchantApp *merchant, const char *prefix, const char *path, size_t count)
{
    char url[128];
    CLEANUP(requests_free) LoadRequest *orders = calloc(count, sizeof(*orders));
    CLEANUP(requests_free) LoadRequest *pins = calloc(count, sizeof(*pins));
    CHECK(orders != NULL && pins != NULL, FAULT_MEMORY);
    LoadResult result = { 0 };
    snprintf(url, sizeof(url), "https://localhost:%u%s", receiver_port(receiver), path);
    const OrderPlan plan = { &stand, merchant, payers, payer_count, prefix, url };
    TRY(orders_native(&plan, count, orders));
    TRY(load_run(&stand, orders, count, CONNECTIONS, 0, &result));
    REQUIRE(result.failed == 0, REFUSED_HTTP_ANSWER_INVALID);
    TRY(orders_pins(&plan, orders, count, pins));
    TRY(load_run(&stand, pins, count, CONNECTIONS, 0, &result));
    REQUIRE(result.failed == 0, REFUSED_HTTP_ANSWER_INVALID);
    orders_free(orders, count);
    orders_free(pins, count);
    return OK;
}

static Status restart(const char *senders)
{
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    snprintf(settings, sizeof(settings), "notifiers: %s\nnotify_ca: %s", senders,
            receiver_ca(receiver));
    TRY(stand_configure(&stand));
    return stand_launch(&stand, STAND_HUFUD);
}

static Status wait_for(size_t count)
{
    const double end_s = load_now_s() + PATIENCE_S;
    while (receiver_count(receiver, "/") < count) {
        REQUIRE(load_now_s() < end_s, REFUSED_HTTP_TIMEOUT);
        pause_ms(POLL_MS);
    }
    return OK;
}

/* From the first tenth, when all connections stand, to the last. */
static Status tell(size_t count, Figures *ret)
{
    const size_t before = receiver_count(receiver, "/");
    const size_t begun = count / 10;
    TRY(restart("32"));
    TRY(wait_for(before + begun));
    const double start_s = load_now_s();
    double cpu_s[STAND_PROGRAMS];
    for (int i = 0; i < STAND_PROGRAMS; i++)
        cpu_s[i] = processor_program_s(stand.pids[i]);
    const double own_s = processor_program_s(getpid());
    TRY(wait_for(before + count));
    const double done = (double)(count - begun);
    ret->per_s = done / (load_now_s() - start_s);
    for (int i = 0; i < STAND_PROGRAMS; i++)
        ret->cpu_us[i] = 1e6 * (processor_program_s(stand.pids[i]) - cpu_s[i]) / done;
    ret->receiver_us = 1e6 * (processor_program_s(getpid()) - own_s) / done;
    TRY(stand_await(&stand));
    TRY(restart("0"));
    return stand_await(&stand);
}

/* One POST, processor time of both ends. */
static Status measure_post(double *ret_us)
{
    static const uint8_t body[BODY_BYTES] = { '{' };
    const HttpCall call = { "POST", SPAN("/ok/floor"), NULL, 0, { body, sizeof(body) } };
    HttpClient *http = NULL;
    HttpAnswer answer = { 0 };
    uint8_t pem_bytes[8192];
    Buffer pem = BUFFER_OF(pem_bytes);
    CLEANUP(tls_context_free) struct ssl_ctx_st *tls = NULL;
    TRY(file_read(receiver_ca(receiver), &pem));
    TRY(tls_outside_context(span_of_buffer(&pem), &tls));
    const HttpClientConfig config = { .address = "127.0.0.1",
        .port = receiver_port(receiver),
        .tls = tls,
        .server_name = "localhost" };
    TRY(http_client_open(&config, &http));
    Status s = http_client_call(http, &call, &answer);
    const double start_s = processor_program_s(getpid());
    for (int i = 0; i < POSTS && status_ok(s); i++)
        s = http_client_call(http, &call, &answer);
    *ret_us = 1e6 * (processor_program_s(getpid()) - start_s) / POSTS;
    http_client_close(&http);
    return s;
}

static void print_figures(const char *name, const Figures *f, double floor_us)
{
    const double total_us = f->cpu_us[STAND_HUFUD] + f->cpu_us[STAND_VAULTD] + f->receiver_us;
    printf("\"%s\":{\"notifications_per_s\":%.0f,\"cpu_us\":{\"hufud\":%.1f,\"vaultd\":%.1f,"
           "\"receiver\":%.1f},\"floor_us\":%.1f,\"floor_ratio\":%.3f}",
            name, f->per_s, f->cpu_us[STAND_HUFUD], f->cpu_us[STAND_VAULTD], f->receiver_us,
            floor_us, floor_us / total_us);
}

static Status open_house(MerchantApp *rsa, MerchantApp *sm2)
{
    TRY(receiver_open(&receiver));
    TRY(stand_open(&(StandOptions) { .strategy = strategy, .notify = settings }, &stand));
    TRY(stand_merchant(&stand, "1900000001", KEY_RSA, rsa));
    TRY(stand_merchant(&stand, "1900000002", KEY_SM2, sm2));
    payers = calloc(payer_count, sizeof(*payers));
    CHECK(payers != NULL, FAULT_MEMORY);
    for (size_t i = 0; i < payer_count; i++) {
        char id[32];
        snprintf(id, sizeof(id), "bench-%03zu", i);
        TRY(stand_payer(&stand, id, "271828", 10000000000, &payers[i]));
    }
    return OK;
}

static Status measure(size_t count)
{
    MerchantApp rsa = { 0 };
    MerchantApp sm2 = { 0 };
    Figures figures[2] = { 0 };
    Floor floor = { 0 };
    double post_us = 0;
    snprintf(settings, sizeof(settings), "notifiers: 0");
    TRY(open_house(&rsa, &sm2));
    TRY(pay(&rsa, "R", "/ok/rsa", count));
    TRY(tell(count, &figures[0]));
    TRY(pay(&sm2, "S", "/ok/sm2", count));
    TRY(tell(count, &figures[1]));
    TRY(measure_post(&post_us));
    floor_signatures(&floor);
    floor.fsync_ms = floor_fsync_ms(stand_path(&stand, "data"));
    printf("{\"bench\":\"notifications\",\"count\":%zu,", count);
    print_figures("rsa", &figures[0], floor.rsa_sign_us + post_us);
    printf(",");
    print_figures("sm2", &figures[1], floor.sm2_sign_us + post_us);
    printf(",\"post_us\":%.1f,\"fsync_ms\":%.2f}\n", post_us, floor.fsync_ms);
    return OK;
}

int main(int argc, char **argv)
{
    size_t count = 3000;
    if (argc == 3 && strcmp(argv[1], "--count") == 0) count = strtoul(argv[2], NULL, 10);
    if (argc == 2 || argc > 3 || count < 100 || count > 100000) {
        fprintf(stderr, "notifications [--count 100..100000]\n");
        return 2;
    }
    payer_count = orders_payers(count);
    const Status s = measure(count);
    free(payers);
    if (!status_ok(s)) fprintf(stderr, "notifications: %s: %s\n", status_name(s), status_advice(s));
    stand_close(&stand);
    if (receiver != NULL) receiver_close(receiver);
    return status_ok(s) ? EXIT_SUCCESS : EXIT_FAILURE;
}
