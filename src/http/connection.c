#include "http/inside.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static uint64_t cookie_of(int fd)
{
    uint64_t cookie = 0;
    socklen_t size = sizeof(cookie);
    if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0) return 0;
    return cookie;
}

static bool still_ours(const Connection *connection)
{
    return cookie_of(connection->fd) == connection->cookie;
}

void http_connection_phase(Connection *connection, Phase phase)
{
    const HttpServerConfig *const config = &connection->loop->server->config;
    const int64_t now = connection->loop->now_ms;
    connection->phase = phase;
    connection->since_ms = now;
    connection->deadline_ms = 0;
    if (phase == PHASE_IDLE) connection->deadline_ms = now + config->idle_ms_max;
    if (phase == PHASE_READING || phase == PHASE_WRITING)
        connection->deadline_ms = now + config->request_ms_max;
}

void certificate_release(Certificate *certificate)
{
    if (certificate == NULL) return;
    if (atomic_fetch_sub(&certificate->references, 1) == 1) free(certificate);
}

static void listener_adjust(Loop *loop)
{
    const HttpServerConfig *const config = &loop->server->config;
    if (loop->listener == NULL) return;
    const unsigned per_tick = config->accepts_per_s_max / HTTP_TICKS_PER_S;
    const bool room = loop->connection_count < config->connections_max
            && loop->accepted < (per_tick == 0 ? 1 : per_tick)
            && loop->fresh_count < HTTP_FRESH_MAX;
    if (room) evconnlistener_enable(loop->listener);
    if (!room) evconnlistener_disable(loop->listener);
}

static void release(Loop *loop, Connection *connection)
{
    const int32_t index = (int32_t)(connection - loop->connections);
    if (connection->fd >= 0 && loop->by_fd[connection->fd] == index)
        loop->by_fd[connection->fd] = -1;
    certificate_release(connection->certificate);
    connection->certificate = NULL;
    connection->phase = PHASE_FREE;
    connection->next_free = loop->free_connection;
    loop->free_connection = index;
    loop->connection_count--;
    atomic_store(&loop->count_connections, loop->connection_count);
}

/* --- the strict reader sees each byte before evhttp does --- */

static void feed_check(Connection *connection, struct evbuffer *input, size_t from, size_t size)
{
    struct evbuffer_ptr at;
    if (evbuffer_ptr_set(input, &at, from, EVBUFFER_PTR_SET) != 0) return;
    struct evbuffer_iovec parts[8];
    while (size > 0) {
        const int wanted = evbuffer_peek(input, (ev_ssize_t)size, &at, parts, 8);
        const int count = wanted < 8 ? wanted : 8;
        size_t fed = 0;
        for (int i = 0; i < count && fed < size; i++) {
            const size_t left = size - fed;
            const size_t n = parts[i].iov_len < left ? parts[i].iov_len : left;
            IGNORE(http_check_feed(&connection->check, (Span) { parts[i].iov_base, n }),
                    "request_arrived() asks for the refusal");
            fed += n;
        }
        if (fed == 0) return;
        size -= fed;
        if (size > 0 && evbuffer_ptr_set(input, &at, fed, EVBUFFER_PTR_ADD) != 0) return;
    }
}

static void bytes_moved(struct evbuffer *input, const struct evbuffer_cb_info *info, void *context)
{
    Connection *const connection = context;
    if (info->n_added == 0) return;
    feed_check(connection, input, info->orig_size - info->n_deleted, info->n_added);
    if (connection->phase == PHASE_IDLE) http_connection_phase(connection, PHASE_READING);
    if (status_ok(connection->check.refusal) || connection->phase != PHASE_READING) return;
    const int64_t soon = connection->loop->now_ms + HTTP_REFUSED_MS_MAX;
    if (connection->deadline_ms > soon) connection->deadline_ms = soon;
}

/* --- accepting: libevent asks for a bufferevent and tells the descriptor only later --- */

static struct bufferevent *bufferevent_open(Loop *loop)
{
    HttpServer *const server = loop->server;
    if (!server->encrypted) return bufferevent_socket_new(loop->base, -1, BEV_OPT_CLOSE_ON_FREE);
    pthread_mutex_lock(&server->lock); /* rotation swaps the context */
    SSL *const ssl = SSL_new(server->tls);
    pthread_mutex_unlock(&server->lock);
    if (ssl == NULL) return NULL;
    struct bufferevent *const bev = bufferevent_openssl_socket_new(
            loop->base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (bev == NULL) SSL_free(ssl);
    if (bev != NULL) bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}

struct bufferevent *http_connection_accept(struct event_base *base, void *context)
{
    (void)base;
    Loop *const loop = context;
    ASSERT(loop->free_connection >= 0 && loop->fresh_count < HTTP_FRESH_MAX);
    struct bufferevent *const bev = bufferevent_open(loop);
    if (bev == NULL)
        return NULL; /* evhttp then makes a plain one: http_connection_of() knows it not */

    const HttpServerConfig *const config = &loop->server->config;
    Connection *const connection = &loop->connections[loop->free_connection];
    loop->free_connection = connection->next_free;
    *connection = (Connection) { .fd = -1, .loop = loop, .next_free = -1 };
    connection->check = http_check_new(
            (HttpCheckLimits) { config->head_bytes_max, config->body_bytes_max, HTTP_HEADERS_MAX });
    loop->now_ms = loop_clock_ms();
    http_connection_phase(connection, PHASE_READING);
    evbuffer_add_cb(bufferevent_get_input(bev), bytes_moved, connection);

    bufferevent_incref(bev);
    loop->fresh[loop->fresh_count++] = (struct Fresh) { bev, connection };
    event_active(loop->settle, EV_TIMEOUT, 0);
    loop->connection_count++;
    loop->accepted++;
    atomic_store(&loop->count_connections, loop->connection_count);
    listener_adjust(loop);
    return bev;
}

/* Runs right after the accepting, before any byte of these connections can be read. */
void http_connection_settle(Loop *loop)
{
    for (size_t i = 0; i < loop->fresh_count; i++) {
        const struct Fresh fresh = loop->fresh[i];
        const int fd = bufferevent_getfd(fresh.bev);
        Connection *const connection = fresh.connection;
        connection->fd = fd < HTTP_FD_MAX ? fd : -1;
        if (connection->fd < 0) {
            if (fd >= 0) shutdown(fd, SHUT_RDWR);
            bufferevent_decref(fresh.bev);
            continue;
        }
        connection->cookie = cookie_of(fd);
        const int32_t before = loop->by_fd[fd];
        if (before >= 0) release(loop, &loop->connections[before]); /* its descriptor was reused */
        loop->by_fd[fd] = (int32_t)(connection - loop->connections);
        bufferevent_decref(fresh.bev);
    }
    loop->fresh_count = 0;
    listener_adjust(loop);
}

Connection *http_connection_of(Loop *loop, struct evhttp_request *wire)
{
    struct evhttp_connection *const evcon = evhttp_request_get_connection(wire);
    if (evcon == NULL) return NULL; /* hung up */
    struct bufferevent *const bev = evhttp_connection_get_bufferevent(evcon);
    if (loop->server->encrypted && bufferevent_openssl_get_ssl(bev) == NULL) return NULL;
    const int fd = bufferevent_getfd(bev);
    if (fd < 0 || fd >= HTTP_FD_MAX || loop->by_fd[fd] < 0) return NULL;
    return &loop->connections[loop->by_fd[fd]];
}

Certificate *http_connection_certificate(Connection *connection, struct evhttp_request *wire)
{
    if (connection->certificate_known || !connection->loop->server->encrypted)
        return connection->certificate;
    connection->certificate_known = true;
    struct evhttp_connection *const evcon = evhttp_request_get_connection(wire);
    SSL *const ssl = bufferevent_openssl_get_ssl(evhttp_connection_get_bufferevent(evcon));
    X509 *const shown = ssl == NULL ? NULL : SSL_get0_peer_certificate(ssl);
    if (shown == NULL || SSL_get_verify_result(ssl) != X509_V_OK) return NULL;
    const int size = i2d_X509(shown, NULL);
    if (size <= 0) return NULL;
    Certificate *const certificate = malloc(sizeof(*certificate) + (size_t)size);
    if (certificate == NULL) return NULL;
    atomic_init(&certificate->references, 1);
    certificate->size = (size_t)size;
    uint8_t *to = certificate->der;
    i2d_X509(shown, &to);
    connection->certificate = certificate;
    return certificate;
}

/* --- deadlines --- */

/* The peer sees the end, and libevent notices and frees what belongs to it. */
void http_connection_end(Connection *connection)
{
    if (connection->fd >= 0 && still_ours(connection)) shutdown(connection->fd, SHUT_RDWR);
}

/* Bytes of a request that we have not read yet. */
static bool has_sent(const Connection *connection)
{
    int waiting = 0;
    return ioctl(connection->fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

static bool drained(const Loop *loop, const Connection *connection)
{
    if (!loop->draining) return false;
    if (connection->phase != PHASE_IDLE) return false;
    const int64_t since = connection->since_ms > loop->drain_since_ms ? connection->since_ms
                                                                      : loop->drain_since_ms;
    return !has_sent(connection) && loop->now_ms - since >= HTTP_DRAIN_IDLE_MS;
}

/* Every place is taken, and this one is not used: whoever waits may have it. */
static bool makes_room(const Loop *loop, const Connection *connection)
{
    return loop->connection_count >= loop->server->config.connections_max
            && connection->phase == PHASE_IDLE
            && loop->now_ms - connection->since_ms >= HTTP_CROWDED_IDLE_MS && !has_sent(connection);
}

static void sweep_one(Loop *loop, Connection *connection, bool all)
{
    const bool overdue = (connection->deadline_ms > 0 && connection->deadline_ms <= loop->now_ms)
            || makes_room(loop, connection);
    if (!overdue && !all) return;
    if (connection->fd < 0) { /* not settled yet; or refused, and gone when overdue */
        if (overdue) release(loop, connection);
        return;
    }
    if (!still_ours(connection)) {
        release(loop, connection);
        return;
    }
    if (!overdue && !drained(loop, connection)) return;
    if (overdue) atomic_fetch_add(&loop->count_overdue, 1);
    connection->deadline_ms = loop->now_ms + HTTP_TICK_MS; /* until the loop has seen its end */
    shutdown(connection->fd, SHUT_RDWR);
}

void http_connection_sweep(Loop *loop, bool all)
{
    const unsigned most = loop->server->config.connections_max;
    for (unsigned i = 0; i < most; i++) {
        Connection *const connection = &loop->connections[i];
        if (connection->phase != PHASE_FREE) sweep_one(loop, connection, all);
    }
    if (!loop->draining) loop->accepted = 0;
    listener_adjust(loop);
}
