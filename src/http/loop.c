#include "http/inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

int64_t loop_clock_ms(void)
{
    struct timespec now = { 0 };
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now); /* its 4 ms are enough for deadlines of seconds */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the list that other threads push on --- */

void loop_wake(Loop *loop)
{
    const uint64_t one = 1;
    const ssize_t n = write(loop->wake_fd, &one, sizeof(one));
    ASSERT(n == (ssize_t)sizeof(one) || errno == EAGAIN); /* full counter: it wakes anyway */
}

void loop_push(Loop *loop, Job *job)
{
    Job *head = atomic_load(&loop->jobs);
    do {
        job->next = head;
    } while (!atomic_compare_exchange_weak(&loop->jobs, &head, job));
    if (head == NULL) loop_wake(loop); /* who finds it empty wakes; the others ride along */
}

void loop_run_jobs(Loop *loop)
{
    Job *job = atomic_exchange(&loop->jobs, NULL);
    Job *first = NULL; /* pushed last in front; we want them in order */
    while (job != NULL) {
        Job *const next = job->next;
        job->next = first;
        first = job;
        job = next;
    }
    while (first != NULL) {
        Job *const next = first->next;
        first->run(loop, first);
        first = next;
    }
}

/* --- stopping --- */

static bool busy(const Loop *loop)
{
    if (atomic_load(&loop->count_unanswered) > 0) return true;
    return loop->connection_count > 0 && !atomic_load(&loop->server->cut);
}

static void drain_begin(Loop *loop)
{
    loop_run_jobs(loop); /* what was pushed before the stop is done before it */
    loop->draining = true;
    loop->drain_since_ms = loop->now_ms;
    evhttp_del_accept_socket(loop->http, loop->bound); /* closes it */
    loop->bound = NULL;
    loop->listener = NULL;
    streams_end(loop);
    const struct timeval often = { 0, HTTP_DRAIN_TICK_MS * 1000 };
    event_add(loop->tick, &often);
}

static void drain_step(Loop *loop)
{
    if (!atomic_load(&loop->server->draining)) return;
    if (!loop->draining) drain_begin(loop);
    if (!busy(loop)) event_base_loopbreak(loop->base);
}

/* --- events --- */

static void on_wake(evutil_socket_t fd, short what, void *context)
{
    Loop *const loop = context;
    uint64_t count = 0;
    const ssize_t n = read(fd, &count, sizeof(count));
    (void)n; /* nothing to read: somebody was faster, and the list tells the truth */
    (void)what;
    loop->now_ms = loop_clock_ms();
    loop_run_jobs(loop);
    drain_step(loop);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    Loop *const loop = context;
    loop->now_ms = loop_clock_ms();
    loop->ticks++;
    const bool full = loop->connection_count >= loop->server->config.connections_max;
    http_connection_sweep(loop, full || loop->draining || loop->ticks % HTTP_TICKS_PER_S == 0);
    streams_beat(loop);
    drain_step(loop);
}

static void on_settle(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    http_connection_settle(context);
}

/* --- making and ending a loop --- */

static Status socket_bind(int fd, const char *address, uint16_t port)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    const bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
    if (!is_v4) REQUIRE(inet_pton(AF_INET6, address, &v6.sin6_addr) == 1, REFUSED_HTTP_ADDRESS);
    const struct sockaddr *const at = is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    const socklen_t size = is_v4 ? sizeof(v4) : sizeof(v6);
    REQUIRE(bind(fd, at, size) == 0, REFUSED_HTTP_ADDRESS);
    REQUIRE(listen(fd, BACKLOG) == 0, REFUSED_HTTP_ADDRESS);
    return OK;
}

static void fd_close(int *fd)
{
    if (*fd >= 0) close(*fd);
}

/* Accepted sockets inherit TCP_NODELAY. SO_REUSEPORT lets each loop have a listener of its own. */
static Status listener_open(Loop *loop, uint16_t port)
{
    const char *const address = loop->server->config.address;
    const int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
    CLEANUP(fd_close) int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0, FAULT_SYSTEM);
    const int on = 1;
    CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0, FAULT_SYSTEM);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0, FAULT_SYSTEM);
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0, FAULT_SYSTEM);
    TRY(socket_bind(fd, address, port));
    loop->listener = evconnlistener_new(
            loop->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    CHECK(loop->listener != NULL, FAULT_HTTP);
    fd = -1; /* transferred */
    loop->bound = evhttp_bind_listener(loop->http, loop->listener);
    CHECK(loop->bound != NULL, FAULT_HTTP);
    return OK;
}

/* No locks in libevent: one thread. The changelist saves system calls (we never dup() its sockets).
 */
static Status base_open(Loop *loop)
{
    struct event_config *const config = event_config_new();
    CHECK(config != NULL, FAULT_MEMORY);
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    CHECK(loop->base != NULL, FAULT_HTTP);
    return OK;
}

static Status http_open(Loop *loop)
{
    const HttpServerConfig *const config = &loop->server->config;
    loop->http = evhttp_new(loop->base);
    CHECK(loop->http != NULL, FAULT_HTTP);
    /* A little over our own limits, so that it is we who refuse, in our own words. */
    evhttp_set_max_headers_size(loop->http, (ev_ssize_t)(config->head_bytes_max + 4096));
    evhttp_set_max_body_size(loop->http, (ev_ssize_t)(2 * config->body_bytes_max));
    /* It would leave a connection open whose method it refuses itself. */
    evhttp_set_allowed_methods(loop->http,
            EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE
                    | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT
                    | EVHTTP_REQ_PATCH);
    evhttp_set_default_content_type(loop->http, NULL);
    evhttp_set_bevcb(loop->http, http_connection_accept, loop);
    evhttp_set_gencb(loop->http, request_arrived, loop);
    return OK;
}

static Status events_open(Loop *loop)
{
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(loop->wake_fd >= 0, FAULT_SYSTEM);
    loop->wake = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
    loop->tick = event_new(loop->base, -1, EV_PERSIST, on_tick, loop);
    loop->settle = event_new(loop->base, -1, 0, on_settle, loop);
    loop->body = evbuffer_new();
    CHECK(loop->wake != NULL && loop->tick != NULL && loop->settle != NULL, FAULT_MEMORY);
    CHECK(loop->body != NULL, FAULT_MEMORY);
    const struct timeval tick = { 0, HTTP_TICK_MS * 1000 };
    CHECK(event_add(loop->wake, NULL) == 0 && event_add(loop->tick, &tick) == 0, FAULT_HTTP);
    return OK;
}

static Status tables_open(Loop *loop)
{
    const unsigned most = loop->server->config.connections_max;
    loop->connections = calloc(most, sizeof(Connection));
    loop->by_fd = malloc(HTTP_FD_MAX * sizeof(int32_t));
    CHECK(loop->connections != NULL && loop->by_fd != NULL, FAULT_MEMORY);
    for (size_t i = 0; i < HTTP_FD_MAX; i++)
        loop->by_fd[i] = -1;
    for (unsigned i = 0; i < most; i++)
        loop->connections[i].next_free = i + 1 < most ? (int32_t)(i + 1) : -1;
    return OK;
}

Status loop_open(Loop *loop, HttpServer *server, uint16_t port)
{
    loop->server = server;
    loop->wake_fd = -1;
    loop->now_ms = loop_clock_ms();
    TRY(tables_open(loop));
    TRY(base_open(loop));
    TRY(http_open(loop));
    TRY(events_open(loop));
    return listener_open(loop, port);
}

static void *loop_main(void *context)
{
    Loop *const loop = context;
    loop->self = pthread_self();
    event_base_dispatch(loop->base);
    atomic_store(&loop->finished, true);
    return NULL;
}

Status loop_run(Loop *loop)
{
    CHECK(pthread_create(&loop->thread, NULL, loop_main, loop) == 0, FAULT_THREAD);
    loop->started = true;
    return OK;
}

/* The thread is gone. What was pushed after its end is run here, and finds no connection. */
void loop_close(Loop *loop)
{
    if (loop->base != NULL) {
        loop_run_jobs(loop);
        if (loop->http != NULL) evhttp_free(loop->http);
        event_base_loop(loop->base, EVLOOP_NONBLOCK); /* libevent frees connections in here */
    }
    if (loop->wake != NULL) event_free(loop->wake);
    if (loop->tick != NULL) event_free(loop->tick);
    if (loop->settle != NULL) event_free(loop->settle);
    if (loop->body != NULL) evbuffer_free(loop->body);
    if (loop->base != NULL) event_base_free(loop->base);
    if (loop->wake_fd >= 0) close(loop->wake_fd);
    const unsigned most = loop->server == NULL ? 0 : loop->server->config.connections_max;
    for (unsigned i = 0; loop->connections != NULL && i < most; i++)
        certificate_release(loop->connections[i].certificate);
    free(loop->connections);
    free(loop->by_fd);
}
