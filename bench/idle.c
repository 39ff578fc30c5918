/*
 * idle: how much memory an idle keep-alive TLS connection costs hufud, while orders go on. Prints
 * one JSON line.
 *
 *   idle [--connections N] [--orders N]
 *
 * Opens N connections (10,000), makes one request over each and leaves it. kb_each is what hufud's
 * resident memory grew by, for each; the kernel's own buffers are not in it. bare_kb_each is the
 * same of a bare libevent HTTP server with the same TLS settings, in the same run. Native orders
 * are made as fast as they go before and while the connections are held; at the end each of these
 * is asked once more: answered_again must be all of them.
 */
#include "idle/bare.h"
#include "payments/orders.h"
#include "processor.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    ORDER_CONNECTIONS = 8,
    OWN_DESCRIPTORS = 256,
    WARM_UP = 200,
    WARM_CONNECTIONS = 20,
    ANSWER_BYTES_MAX = 4096
};

typedef struct Held {
    int fd;
    SSL *ssl;
} Held;

static Stand stand;
static MerchantApp merchant;
static Bare bare;

static void end(const char *why)
{
    fprintf(stderr, "idle: %s\n", why);
    bare_close(&bare);
    stand_close(&stand);
    exit(1);
}

static long resident_kb(pid_t pid)
{
    char path[64];
    char line[256];
    long kb = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0) kb = strtol(line + 6, NULL, 10);
    if (file != NULL) fclose(file);
    return kb;
}

/* --- connections that are held --- */

static bool ask(const Held *held)
{
    static const char request[] = "GET /v3/pay HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char answer[ANSWER_BYTES_MAX];
    if (SSL_write(held->ssl, request, sizeof(request) - 1) <= 0) return false;
    return SSL_read(held->ssl, answer, sizeof(answer)) > 0; /* head and body are one record */
}

static bool hold(uint16_t port, SSL_CTX *tls, Held *ret)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ret->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1; /* else the request waits for an acknowledgement of the handshake */
    setsockopt(ret->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (ret->fd < 0 || connect(ret->fd, (struct sockaddr *)&to, sizeof(to)) != 0) return false;
    ret->ssl = SSL_new(tls);
    SSL_set_fd(ret->ssl, ret->fd);
    return SSL_connect(ret->ssl) == 1 && ask(ret);
}

static void release(Held *held, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        SSL_free(held[i].ssl);
        close(held[i].fd);
    }
    free(held);
}

/* All of them, or none of this counts. */
static Held *hold_all(uint16_t port, SSL_CTX *tls, size_t count)
{
    Held *held = calloc(count, sizeof(*held));
    if (held == NULL) end("no memory");
    for (size_t i = 0; i < count; i++)
        if (!hold(port, tls, &held[i])) end("a connection was not opened");
    return held;
}

static size_t ask_all(const Held *held, size_t count)
{
    size_t answered = 0;
    for (size_t i = 0; i < count; i++)
        answered += ask(&held[i]) ? 1 : 0;
    return answered;
}

/* --- orders beside them --- */

static LoadResult make_orders(const char *prefix, size_t count)
{
    LoadResult result = { 0 };
    LoadRequest *requests = calloc(count, sizeof(*requests));
    const OrderPlan plan = { .stand = &stand, .merchant = &merchant, .prefix = prefix };
    if (requests == NULL || !status_ok(orders_native(&plan, count, requests))) end("no orders");
    if (!status_ok(load_run(&stand, requests, count, ORDER_CONNECTIONS, 0, &result)))
        end("orders were not made");
    if (result.failed > 0) end("orders failed");
    orders_free(requests, count);
    free(requests);
    return result;
}

static void print_orders(const char *name, const LoadResult *r)
{
    printf("\"%s\":{\"orders_per_s\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f},", name, r->per_s,
            r->p50_ms, r->p99_ms);
}

static double measure_bare(size_t connections)
{
    release(hold_all(bare.port, bare.client_tls, WARM_CONNECTIONS), WARM_CONNECTIONS);
    const long before = resident_kb(bare.pid);
    Held *held = hold_all(bare.port, bare.client_tls, connections);
    const long after = resident_kb(bare.pid);
    release(held, connections);
    return (double)(after - before) / (double)connections;
}

/* Ours and, by inheritance, hufud's. */
static void want_descriptors(size_t connections)
{
    struct rlimit limit = { 0 };
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < connections + OWN_DESCRIPTORS)
        end("too few descriptors: raise `ulimit -Hn`");
}

static void measure(size_t connections, size_t orders)
{
    (void)make_orders("IDLE-W", WARM_UP);
    release(hold_all(stand.port, stand.tls, WARM_CONNECTIONS), WARM_CONNECTIONS);
    const LoadResult alone = make_orders("IDLE-A", orders);
    const long before = resident_kb(stand.pids[STAND_HUFUD]);
    const double from_s = load_now_s();
    Held *held = hold_all(stand.port, stand.tls, connections);
    const double opened_s = load_now_s() - from_s;
    const long after = resident_kb(stand.pids[STAND_HUFUD]);
    const LoadResult beside = make_orders("IDLE-B", orders);
    const long loaded = resident_kb(stand.pids[STAND_HUFUD]);
    const size_t answered = ask_all(held, connections);
    release(held, connections);

    printf("{\"bench\":\"idle\",\"connections\":%zu,\"kb_each\":%.1f,\"bare_kb_each\":%.1f,"
           "\"loaded_kb_each\":%.1f,\"opened_per_s\":%.0f,\"answered_again\":%zu,",
            connections, (double)(after - before) / (double)connections, measure_bare(connections),
            (double)(loaded - before) / (double)connections, (double)connections / opened_s,
            answered);
    print_orders("alone", &alone);
    print_orders("beside", &beside);
    printf("\"hufud_kb\":%ld}\n", before);
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "connections", required_argument, NULL, 'c' },
        { "orders", required_argument, NULL, 'o' }, { NULL, 0, NULL, 0 } };
    size_t connections = 10000;
    size_t orders = 4000;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'c') connections = strtoul(optarg, NULL, 10);
        if (c == 'o') orders = strtoul(optarg, NULL, 10);
        if (c == '?') return 2;
    }
    want_descriptors(connections);
    /* First of all: a child's memory would begin with what we have used. */
    if (!bare_open(&bare)) end("the bare server did not open");
    if (!status_ok(stand_open(&(StandOptions) { 0 }, &stand))) end("the house did not open");
    if (!status_ok(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant))) end("no merchant");
    measure(connections, orders);
    stand_close(&stand);
    bare_close(&bare);
    return 0;
}
