#define _GNU_SOURCE
#include "ipc/service.h"

#include "ipc/service_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SWEEP_MS = 1000,
    EVENTS_MAX = 64,
    EVENT_STOP = SERVICE_CONNECTIONS_MAX,
    EVENT_LISTENER = EVENT_STOP + 1,
};

/* --- workers --- */

/* A request whose sender gave up is not begun. He may have asked anew on another connection and
 * been
 * answered already: acted on now, the old question would come after the new one (to a vault, a row
 * as
 * it was before the last batch looks tampered with). */
static void work(void *context, void *item)
{
    Service *service = context;
    Connection *c = item;
    if (connection_gone(c)) {
        (void)connection_end(c);
        return;
    }
    const Span request = { c->in + CHANNEL_FRAME_BYTES, c->frame.size };
    Buffer payload = { c->out + CHANNEL_FRAME_BYTES, 0, CHANNEL_PAYLOAD_BYTES_MAX };
    const Status s = service->config.handle(
            service->config.context, &c->peer, c->frame.operation, request, &payload);
    ASSERT(payload.size <= payload.capacity);
    connection_answer(c, s, payload.size);
}

/* --- the watcher --- */

static void on_event(Connection *c)
{
    int hold = atomic_load(&c->hold);
    while (hold == HOLD_FREE || hold == HOLD_OWNED) {
        const int next = hold == HOLD_FREE ? HOLD_OWNED : HOLD_MARKED;
        if (!atomic_compare_exchange_weak(&c->hold, &hold, next)) continue;
        if (next == HOLD_OWNED) connection_advance(c);
        return;
    }
}

static Connection *empty_connection(Service *service)
{
    for (size_t i = 0; i < SERVICE_CONNECTIONS_MAX; i++) {
        Connection *c = &service->connections[i];
        if (atomic_load(&c->hold) == HOLD_EMPTY) return c;
    }
    return NULL;
}

static bool admitted(const Service *service, int fd, int listener, ServicePeer *ret_peer)
{
    struct ucred who = { 0 };
    socklen_t size = sizeof(who);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return false;
    *ret_peer = (ServicePeer) { who.uid, who.pid, listener };
    return service->config.admit(service->config.context, ret_peer);
}

/* Take the connection in, or close it without a word: not admitted, or the house is full. */
static void take_in(Service *service, int fd, int listener)
{
    ServicePeer peer = { 0 };
    Connection *c = empty_connection(service);
    if (c == NULL || !admitted(service, fd, listener, &peer)) {
        close(fd);
        return;
    }
    c->fd = fd;
    c->peer = peer;
    c->answering = false;
    c->watched_out = false;
    c->since_ms = 0;
    atomic_store(&c->hold, HOLD_FREE);
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
    event.data.u32 = (uint32_t)(c - service->connections);
    if (epoll_ctl(service->epoll, EPOLL_CTL_ADD, fd, &event) != 0) (void)connection_end(c);
}

static void accept_all(Service *service, int listener)
{
    for (int i = 0; i < SERVICE_CONNECTIONS_MAX; i++) {
        const int fd = accept4(service->config.listeners[listener], NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) return;
        take_in(service, fd, listener);
    }
}

/* End what has stood still with half a frame or half an answer: it would hold its place for ever.
 * Also accept what a short lack of descriptors may have left waiting. */
static void sweep(Service *service, int64_t now)
{
    for (size_t i = 0; i < SERVICE_CONNECTIONS_MAX; i++) {
        Connection *c = &service->connections[i];
        int expected = HOLD_FREE;
        if (!atomic_compare_exchange_strong(&c->hold, &expected, HOLD_OWNED)) continue;
        if (c->since_ms != 0 && now - c->since_ms > SERVICE_STALL_MS)
            (void)connection_end(c);
        else if (!connection_let_go(c))
            connection_advance(c);
    }
    for (int i = 0; i < service->config.listener_count; i++)
        accept_all(service, i);
}

static bool dispatch(Service *service, const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        const uint32_t what = events[i].data.u32;
        if (what == EVENT_STOP) return false;
        if (what >= EVENT_LISTENER) accept_all(service, (int)(what - EVENT_LISTENER));
        if (what < EVENT_STOP) on_event(&service->connections[what]);
    }
    return true;
}

Status service_run(Service *service)
{
    struct epoll_event events[EVENTS_MAX];
    Status s = OK;
    int64_t swept = service_now_ms();
    for (;;) {
        const int count = epoll_wait(service->epoll, events, EVENTS_MAX, SWEEP_MS);
        if (count < 0 && errno != EINTR) s = BROKEN(FAULT_IPC);
        if (!status_ok(s) || !dispatch(service, events, count)) break;
        const int64_t now = service_now_ms();
        if (now - swept < SWEEP_MS) continue;
        swept = now;
        sweep(service, now);
    }
    for (int i = 0; i < service->config.lane_count; i++)
        lane_end(service->lanes[i]);
    return s;
}

void service_stop(Service *service)
{
    const uint64_t one = 1;
    const int before = errno; /* a signal handler leaves no trace */
    const ssize_t n = write(service->stop, &one, sizeof(one));
    (void)n; /* fails only when it was told 2^64 times before */
    errno = before;
}

/* --- opening and closing --- */

static Status watch(Service *service, int fd, uint32_t events, uint32_t what)
{
    struct epoll_event event = { .events = events, .data.u32 = what };
    CHECK(epoll_ctl(service->epoll, EPOLL_CTL_ADD, fd, &event) == 0, FAULT_IPC);
    return OK;
}

static Status reserve(uint8_t **ret_bytes)
{
    void *bytes = mmap(NULL, MESSAGE_BYTES_MAX, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(bytes != MAP_FAILED, FAULT_MEMORY);
    (void)madvise(bytes, MESSAGE_BYTES_MAX, MADV_DONTDUMP); /* messages hold secrets */
    *ret_bytes = bytes;
    return OK;
}

static Status fill(Service *service)
{
    const ServiceConfig *config = &service->config;
    service->epoll = epoll_create1(EPOLL_CLOEXEC);
    CHECK(service->epoll >= 0, FAULT_IPC);
    service->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(service->stop >= 0, FAULT_IPC);
    TRY(watch(service, service->stop, EPOLLIN, EVENT_STOP));
    for (int i = 0; i < config->listener_count; i++)
        TRY(watch(service, config->listeners[i], EPOLLIN | EPOLLET, EVENT_LISTENER + (uint32_t)i));
    for (size_t i = 0; i < SERVICE_CONNECTIONS_MAX; i++) {
        Connection *c = &service->connections[i];
        c->service = service;
        TRY(reserve(&c->in));
        TRY(reserve(&c->out));
    }
    for (int i = 0; i < config->lane_count; i++) {
        const ServiceLane *lane = &config->lanes[i];
        ASSERT(lane->workers <= SERVICE_LANE_WORKERS_MAX);
        ASSERT(lane->queue_max <= SERVICE_LANE_QUEUE_MAX);
        TRY(lane_open(&(LaneConfig) { lane->name, lane->workers, lane->queue_max, work, service },
                &service->lanes[i]));
    }
    return OK;
}

Status service_open(const ServiceConfig *config, Service **ret_service)
{
    ASSERT(config->listener_count > 0 && config->listener_count <= SERVICE_LISTENERS_MAX);
    ASSERT(config->lane_count > 0 && config->lane_count <= SERVICE_LANES_MAX);
    Service *service = calloc(1, sizeof(*service));
    CHECK(service != NULL, FAULT_MEMORY);
    service->epoll = -1;
    service->stop = -1;
    service->config = *config;
    for (size_t i = 0; i < SERVICE_CONNECTIONS_MAX; i++)
        service->connections[i].fd = -1;
    const Status s = fill(service);
    if (!status_ok(s)) {
        service->config.listener_count = 0; /* still the caller's */
        service_close(service);
        return s;
    }
    *ret_service = service;
    return OK;
}

void service_close(Service *service)
{
    if (service == NULL) return;
    for (int i = 0; i < service->config.lane_count; i++)
        lane_close(service->lanes[i]);
    for (size_t i = 0; i < SERVICE_CONNECTIONS_MAX; i++) {
        Connection *c = &service->connections[i];
        if (c->fd >= 0) (void)connection_end(c);
        if (c->in != NULL) munmap(c->in, MESSAGE_BYTES_MAX);
        if (c->out != NULL) munmap(c->out, MESSAGE_BYTES_MAX);
    }
    for (int i = 0; i < service->config.listener_count; i++)
        close(service->config.listeners[i]);
    if (service->stop >= 0) close(service->stop);
    if (service->epoll >= 0) close(service->epoll);
    free(service);
}
