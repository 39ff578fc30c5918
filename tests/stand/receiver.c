#define _GNU_SOURCE /* memmem */
#include "receiver.h"

#include "base/seams.h"
#include "base/time.h"
#include "command.h"
#include "crypto/certificate.h"
#include "crypto/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BACKLOG = 512,
    REQUEST_BYTES_MAX = 32 * 1024,
    FLOOD_BYTES = 10 << 20,
    TRICKLE_MS = 100,
    SLOW_MS = 1500,
    AWAIT_S = 30,
};

struct Receiver {
    char folder[64];
    char ca[96];
    struct ssl_ctx_st *tls;
    int listener;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t came;
    atomic_bool stopping;
    atomic_bool switched_on;
    atomic_int connections;
    size_t total;
    size_t count;
    Received kept[RECEIVER_KEPT_MAX];
};

typedef struct Connection {
    Receiver *receiver;
    SSL *ssl;
    int fd;
    char bytes[REQUEST_BYTES_MAX];
    size_t size;
} Connection;

static void pause_ms(long ms)
{
    const struct timespec wait = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&wait, NULL);
}

/* --- a request --- */

static void take_header(const char *head, const char *name, char ret[RECEIVED_HEADER_MAX])
{
    const char *found = strcasestr(head, name);
    ret[0] = 0;
    if (found == NULL) return;
    found += strlen(name);
    const size_t size = strcspn(found, "\r\n");
    if (size >= RECEIVED_HEADER_MAX) return;
    memcpy(ret, found, size);
    ret[size] = 0;
}

static void take_path(const char *head, char ret[RECEIVED_PATH_MAX])
{
    static const char method[] = "POST ";
    const char *path = head + sizeof(method) - 1;
    ret[0] = 0;
    if (strncmp(head, method, sizeof(method) - 1) != 0) return;
    const size_t size = strcspn(path, " \r");
    if (size >= RECEIVED_PATH_MAX) return;
    memcpy(ret, path, size);
    ret[size] = 0;
}

static void keep(Receiver *r, const char *head, const char *body, size_t body_size)
{
    pthread_mutex_lock(&r->lock);
    r->total++;
    if (r->count < RECEIVER_KEPT_MAX && body_size < RECEIVED_BODY_MAX) {
        Received *one = &r->kept[r->count++];
        *one = (Received) { .body_size = body_size };
        take_path(head, one->path);
        take_header(head, "\r\nHost: ", one->host);
        take_header(head, "\r\nWechatpay-Timestamp: ", one->timestamp);
        take_header(head, "\r\nWechatpay-Nonce: ", one->nonce);
        take_header(head, "\r\nWechatpay-Serial: ", one->serial);
        take_header(head, "\r\nWechatpay-Signature: ", one->signature);
        memcpy(one->body, body, body_size);
    }
    pthread_cond_broadcast(&r->came);
    pthread_mutex_unlock(&r->lock);
}

/* Read one request whole; false: the connection is over. */
static bool read_request(Connection *c, char ret_path[RECEIVED_PATH_MAX])
{
    char length[RECEIVED_HEADER_MAX];
    c->size = 0;
    for (;;) {
        const int n = SSL_read(c->ssl, c->bytes + c->size, (int)(sizeof(c->bytes) - 1 - c->size));
        if (n <= 0) return false;
        c->size += (size_t)n;
        c->bytes[c->size] = 0;
        char *end = memmem(c->bytes, c->size, "\r\n\r\n", 4);
        if (end == NULL) continue;
        take_header(c->bytes, "\r\nContent-Length: ", length);
        const size_t body_size = strtoul(length, NULL, 10);
        const size_t head_size = (size_t)(end - c->bytes) + 4;
        if (c->size < head_size + body_size) continue;
        end[2] = 0; /* so that no header is looked for in the body */
        take_path(c->bytes, ret_path);
        keep(c->receiver, c->bytes, c->bytes + head_size, body_size);
        return true;
    }
}

/* --- what it does --- */

/* False: nobody listens any more. */
static bool say(Connection *c, const char *text)
{
    return SSL_write(c->ssl, text, (int)strlen(text)) > 0;
}

static bool begins(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

#define OK_ANSWER                                                           \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " \
    "18\r\n\r\n{\"code\":\"SU"                                              \
    "CCESS\"}"
#define FAIL_ANSWER                                                         \
    "HTTP/1.1 500 No\r\nContent-Type: application/json\r\nContent-Length: " \
    "32\r\n\r\n{\"code\":\"FA"                                              \
    "IL\",\"message\":\"no\"}  "

static bool trickle(Connection *c)
{
    static const char answer[] = OK_ANSWER;
    for (size_t i = 0; answer[i] != 0 && !c->receiver->stopping; i++) {
        if (SSL_write(c->ssl, answer + i, 1) <= 0) return false;
        pause_ms(TRICKLE_MS);
    }
    return false;
}

static bool flood(Connection *c)
{
    static const char block[64 * 1024];
    char head[128];
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", FLOOD_BYTES);
    bool goes = say(c, head);
    for (int sent = 0; goes && sent < FLOOD_BYTES; sent += (int)sizeof(block))
        goes = SSL_write(c->ssl, block, (int)sizeof(block)) > 0;
    return false;
}

/* Until the other side gives up. */
static bool hang(Connection *c)
{
    char byte = 0;
    while (SSL_read(c->ssl, &byte, 1) > 0) { }
    return false;
}

static bool lie(Connection *c)
{
    if (!say(c, "220 smtp.merchant.example\r\n\r\n"))
        fprintf(stderr, "  closed before it was lied to\n");
    return false;
}

/* Whether the connection goes on. */
static bool answer(Connection *c, const char *path)
{
    if (begins(path, "/204")) return say(c, "HTTP/1.1 204 No Content\r\n\r\n");
    if (begins(path, "/500")) return say(c, FAIL_ANSWER);
    if (begins(path, "/302"))
        return say(
                c, "HTTP/1.1 302 Found\r\nLocation: /ok/redirected\r\nContent-Length: 0\r\n\r\n");
    if (begins(path, "/hang")) return hang(c);
    if (begins(path, "/trickle")) return trickle(c);
    if (begins(path, "/flood")) return flood(c);
    if (begins(path, "/close")) return false;
    if (begins(path, "/lies")) return lie(c);
    if (begins(path, "/slow")) pause_ms(SLOW_MS);
    if (begins(path, "/switch") && !c->receiver->switched_on) return say(c, FAIL_ANSWER);
    return say(c, OK_ANSWER);
}

static void *serve(void *context)
{
    Connection *c = context;
    Receiver *r = c->receiver;
    char path[RECEIVED_PATH_MAX] = "";
    c->ssl = SSL_new(r->tls);
    if (c->ssl != NULL && SSL_set_fd(c->ssl, c->fd) == 1 && SSL_accept(c->ssl) == 1)
        while (!r->stopping && read_request(c, path) && answer(c, path)) { }
    SSL_free(c->ssl);
    close(c->fd);
    free(c);
    atomic_fetch_sub(&r->connections, 1);
    return NULL;
}

static void begin(Receiver *r, int fd)
{
    pthread_t thread;
    Connection *c = calloc(1, sizeof(*c));
    ASSERT(c != NULL);
    c->receiver = r;
    c->fd = fd;
    const struct timeval wait = { .tv_sec = 1 };
    const struct timeval long_wait = { .tv_sec = AWAIT_S };
    const bool stops_soon = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &long_wait, sizeof(wait)) == 0;
    ASSERT(stops_soon);
    atomic_fetch_add(&r->connections, 1);
    ASSERT(pthread_create(&thread, NULL, serve, c) == 0);
    pthread_detach(thread);
}

static void *listen_on(void *context)
{
    Receiver *r = context;
    for (;;) {
        const int fd = accept(r->listener, NULL, NULL);
        if (r->stopping) return NULL;
        if (fd >= 0) begin(r, fd);
    }
}

/* --- opening and closing --- */

static Status write_ca(const Receiver *r, const Certificate *authority)
{
    uint8_t bytes[CERTIFICATE_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(bytes);
    TRY(certificate_to_pem(authority, &pem));
    return file_write(r->ca, 0644, span_of_buffer(&pem));
}

static Status make_tls(Receiver *r)
{
    static const char *const names[] = { "localhost", NULL };
    static const char *const addresses[] = { "127.0.0.1", NULL };
    const Clock clock = clock_system();
    const int64_t now_us = clock_now_us(&clock);
    uint8_t pem_bytes[CERTIFICATE_PEM_BYTES_MAX];
    uint8_t key_bytes[4096];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer key_pem = BUFFER_OF(key_bytes);
    CLEANUP(private_key_free) PrivateKey *authority_key = NULL;
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(certificate_free) Certificate *authority = NULL;
    CLEANUP(certificate_free) Certificate *leaf = NULL;
    CertificateSubject subject = { .serial = SPAN("\x11\x11\x11\x11"),
        .common_name = SPAN("a merchant's authority"),
        .not_before_us = now_us - TIME_DAY_US,
        .not_after_us = now_us + 300 * TIME_DAY_US,
        .authority = true };
    TRY(private_key_generate(KEY_P256, &authority_key));
    TRY(private_key_generate(KEY_P256, &key));
    TRY(certificate_make_self_signed(authority_key, &subject, &authority));
    subject.serial = SPAN("\x22\x22\x22\x22");
    subject.common_name = SPAN("localhost");
    subject.dns_names = names;
    subject.ip_addresses = addresses;
    subject.authority = false;
    TRY(certificate_issue(authority, authority_key, private_key_public(key), &subject, &leaf));
    TRY(certificate_to_pem(leaf, &pem));
    TRY(private_key_to_pem(key, &key_pem));
    TRY(write_ca(r, authority));
    const TlsIdentity identity = { span_of_buffer(&pem), span_of_buffer(&key_pem) };
    return tls_server_context(&identity, (Span) { 0 }, &r->tls);
}

static Status listen_here(Receiver *r)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(r->listener >= 0, FAULT_SYSTEM);
    CHECK(bind(r->listener, (const struct sockaddr *)&address, size) == 0, FAULT_SYSTEM);
    CHECK(listen(r->listener, BACKLOG) == 0, FAULT_SYSTEM);
    CHECK(getsockname(r->listener, (struct sockaddr *)&address, &size) == 0, FAULT_SYSTEM);
    r->port = ntohs(address.sin_port);
    CHECK(pthread_create(&r->thread, NULL, listen_on, r) == 0, FAULT_THREAD);
    return OK;
}

Status receiver_open(Receiver **ret_receiver)
{
    Receiver *r = calloc(1, sizeof(*r));
    CHECK(r != NULL, FAULT_MEMORY);
    signal(SIGPIPE, SIG_IGN);
    snprintf(r->folder, sizeof(r->folder), "/tmp/hufu-receiver-XXXXXX");
    CHECK(mkdtemp(r->folder) != NULL, FAULT_DISK);
    snprintf(r->ca, sizeof(r->ca), "%s/ca.pem", r->folder);
    ASSERT(pthread_mutex_init(&r->lock, NULL) == 0 && pthread_cond_init(&r->came, NULL) == 0);
    TRY(make_tls(r));
    TRY(listen_here(r));
    *ret_receiver = r;
    return OK;
}

void receiver_close(Receiver *r)
{
    r->stopping = true;
    shutdown(r->listener, SHUT_RDWR);
    pthread_join(r->thread, NULL);
    close(r->listener);
    for (int waited = 0; r->connections > 0 && waited < AWAIT_S * 100; waited++)
        pause_ms(10);
    unlink(r->ca);
    rmdir(r->folder);
    ASSERT(r->connections == 0); /* whoever was told of things is gone by now */
    tls_context_free(&r->tls);
    pthread_cond_destroy(&r->came);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

uint16_t receiver_port(const Receiver *r) { return r->port; }
const char *receiver_ca(const Receiver *r) { return r->ca; }
void receiver_switch(Receiver *r, bool on) { r->switched_on = on; }

/* --- what came --- */

static const Received *find_locked(const Receiver *r, const char *prefix, size_t at)
{
    for (size_t i = 0; i < r->count; i++)
        if (begins(r->kept[i].path, prefix) && at-- == 0) return &r->kept[i];
    return NULL;
}

static size_t count_locked(const Receiver *r, const char *prefix)
{
    size_t count = 0;
    if (strcmp(prefix, "/") == 0) return r->total;
    for (size_t i = 0; i < r->count; i++)
        count += begins(r->kept[i].path, prefix) ? 1 : 0;
    return count;
}

size_t receiver_count(Receiver *r, const char *prefix)
{
    pthread_mutex_lock(&r->lock);
    const size_t count = count_locked(r, prefix);
    pthread_mutex_unlock(&r->lock);
    return count;
}

bool receiver_await(Receiver *r, const char *prefix, size_t count)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += AWAIT_S;
    pthread_mutex_lock(&r->lock);
    int rc = 0;
    while (count_locked(r, prefix) < count && rc == 0)
        rc = pthread_cond_timedwait(&r->came, &r->lock, &until);
    const size_t came = count_locked(r, prefix);
    pthread_mutex_unlock(&r->lock);
    if (came < count) fprintf(stderr, "  %s: %zu of %zu came\n", prefix, came, count);
    return came >= count;
}

bool receiver_get(Receiver *r, const char *prefix, size_t at, Received *ret)
{
    pthread_mutex_lock(&r->lock);
    const Received *found = find_locked(r, prefix, at);
    if (found != NULL) *ret = *found;
    pthread_mutex_unlock(&r->lock);
    return found != NULL;
}
