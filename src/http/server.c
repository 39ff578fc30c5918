#include "http/inside.h"

#include "base/heap.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value == 0 ? fallback : value;
}

static unsigned cores(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    if (n < 1) return 1;
    return n > HTTP_LOOPS_MAX ? HTTP_LOOPS_MAX : (unsigned)n;
}

static HttpServerConfig with_defaults(const HttpServerConfig *given)
{
    HttpServerConfig c = *given;
    if (c.address == NULL) c.address = "127.0.0.1";
    c.loops = or_default(c.loops, cores());
    c.methods = or_default(c.methods, HTTP_GET | HTTP_POST);
    if (c.head_bytes_max == 0) c.head_bytes_max = HTTP_HEAD_BYTES_MAX;
    if (c.body_bytes_max == 0) c.body_bytes_max = HTTP_BODY_BYTES_MAX;
    c.connections_max = or_default(c.connections_max, 4096);
    c.accepts_per_s_max = or_default(c.accepts_per_s_max, 2000);
    c.request_ms_max = or_default(c.request_ms_max, 10000);
    c.idle_ms_max = or_default(c.idle_ms_max, 60000);
    c.heartbeat_ms = or_default(c.heartbeat_ms, 15000);
    ASSERT(c.handler != NULL && c.loops <= HTTP_LOOPS_MAX);
    ASSERT(c.head_bytes_max <= HTTP_HEAD_BYTES_MAX && c.connections_max <= HTTP_CONNECTIONS_MAX);
    return c;
}

static Status port_of(const Loop *loop, uint16_t *ret_port)
{
    struct sockaddr_storage at = { 0 };
    socklen_t size = sizeof(at);
    const int fd = evconnlistener_get_fd(loop->listener);
    CHECK(getsockname(fd, (struct sockaddr *)&at, &size) == 0, FAULT_SYSTEM);
    *ret_port = at.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&at)->sin6_port)
                                         : ntohs(((struct sockaddr_in *)&at)->sin_port);
    return OK;
}

static void loops_join(HttpServer *server)
{
    for (unsigned i = 0; i < server->loop_count; i++) {
        Loop *const loop = &server->loops[i];
        if (loop->started) pthread_join(loop->thread, NULL);
        loop->started = false;
    }
}

/* Wake each loop that still runs. */
static void loops_wake(HttpServer *server)
{
    for (unsigned i = 0; i < server->loop_count; i++)
        if (server->loops[i].started) loop_wake(&server->loops[i]);
}

static void server_abandon(HttpServer **server)
{
    if (*server == NULL) return;
    atomic_store(&(*server)->draining, true);
    atomic_store(&(*server)->cut, true);
    loops_wake(*server);
    loops_join(*server);
    http_server_free(server);
}

Status http_server_start(const HttpServerConfig *config, HttpServer **ret_server)
{
    const HttpServerConfig filled = with_defaults(config);
    /* Bodies and heads in libevent's buffers are wiped with them (TP-5). */
    event_set_mem_functions(heap_allocate, heap_resize, heap_free);
    signal(SIGPIPE, SIG_IGN); /* libevent and libssl write to sockets that the peer has closed */

    const size_t size = sizeof(HttpServer) + filled.loops * sizeof(Loop);
    CLEANUP(server_abandon) HttpServer *server = calloc(1, size);
    CHECK(server != NULL, FAULT_MEMORY);
    server->config = filled;
    if (filled.proxies != NULL) server->proxies = *filled.proxies;
    server->config.proxies = &server->proxies;
    server->tls = filled.tls;
    server->encrypted = server->tls != NULL;
    if (server->encrypted) SSL_CTX_up_ref(server->tls);
    pthread_mutex_init(&server->lock, NULL);
    server->port = filled.port;
    for (unsigned i = 0; i < filled.loops; i++) {
        server->loop_count = i + 1;
        TRY(loop_open(&server->loops[i], server, server->port));
        if (i == 0) TRY(port_of(&server->loops[0], &server->port));
    }
    for (unsigned i = 0; i < filled.loops; i++)
        TRY(loop_run(&server->loops[i]));
    *ret_server = server;
    server = NULL; /* transferred */
    return OK;
}

uint16_t http_server_port(const HttpServer *server) { return server->port; }

void http_server_set_tls(HttpServer *server, struct ssl_ctx_st *tls)
{
    ASSERT(server->encrypted && tls != NULL); /* plain stays plain */
    SSL_CTX_up_ref(tls);
    pthread_mutex_lock(&server->lock);
    SSL_CTX *const before = server->tls;
    server->tls = tls;
    pthread_mutex_unlock(&server->lock);
    SSL_CTX_free(before);
}

static bool all_finished(const HttpServer *server)
{
    for (unsigned i = 0; i < server->loop_count; i++)
        if (!atomic_load(&server->loops[i].finished)) return false;
    return true;
}

static void wait_finished(HttpServer *server, unsigned ms_max)
{
    const struct timespec pause = { 0, 2 * 1000 * 1000 };
    for (unsigned waited = 0; waited < ms_max && !all_finished(server); waited += 2)
        nanosleep(&pause, NULL);
}

Status http_server_stop(HttpServer *server, unsigned drain_ms_max)
{
    atomic_store(&server->draining, true);
    loops_wake(server);
    wait_finished(server, drain_ms_max);
    REQUIRE(http_server_counts(server).unanswered == 0, REFUSED_HTTP_TIMEOUT);
    atomic_store(&server->cut, true); /* what is left are peers that do not finish a request */
    loops_wake(server);
    loops_join(server);
    return OK;
}

void http_server_free(HttpServer **server)
{
    if (*server == NULL) return;
    for (unsigned i = 0; i < (*server)->loop_count; i++) {
        ASSERT(!(*server)->loops[i].started);
        loop_close(&(*server)->loops[i]);
    }
    SSL_CTX_free((*server)->tls);
    pthread_mutex_destroy(&(*server)->lock);
    free(*server);
    *server = NULL;
}

HttpServerCounts http_server_counts(const HttpServer *server)
{
    HttpServerCounts sum = { 0 };
    for (unsigned i = 0; i < server->loop_count; i++) {
        const Loop *const loop = &server->loops[i];
        sum.connections += atomic_load(&loop->count_connections);
        sum.streams += atomic_load(&loop->count_streams);
        sum.requests += atomic_load(&loop->count_requests);
        sum.unanswered += atomic_load(&loop->count_unanswered);
        sum.refused += atomic_load(&loop->count_refused);
        sum.overdue += atomic_load(&loop->count_overdue);
    }
    return sum;
}
