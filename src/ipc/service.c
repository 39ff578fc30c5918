#define _GNU_SOURCE
#include "ipc/service.h"

#include "base/secret.h"
#include "ipc/channel.h"
#include "ipc/lane.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MESSAGE_BYTES_MAX = CHANNEL_FRAME_BYTES + CHANNEL_PAYLOAD_BYTES_MAX,
    KEEP_BYTES_MAX = 256 * 1024, /* of a buffer's pages between two messages; more goes back */
    SWEEP_MS = 1000,
    EVENTS_MAX = 64,
    EVENT_STOP = SERVICE_CONNECTIONS_MAX,
    EVENT_LISTENER = EVENT_STOP + 1,
};

/*
 * A connection is owned by one thread at a time: by the watcher while it reads, by a worker while
 * it answers. Whoever owns it moves it on. An event that comes while a worker owns it is left as a
 * mark, and the worker looks once more before it lets go; so epoll is edge-triggered and no request
 * needs a system call to be watched again.
 */
typedef enum Hold {
    HOLD_EMPTY, /* no connection */
    HOLD_FREE, /* waits for bytes */
    HOLD_OWNED,
    HOLD_MARKED, /* owned, and an event came */
} Hold;

typedef struct Connection {
    atomic_int hold;
    Service *service;
    int fd;
    ServicePeer peer;
    bool answering; /* an answer is not sent to its end */
    bool watched_out;
    int64_t since_ms; /* last progress of a half frame or answer; 0: neither */
    Frame frame;
    uint8_t *in; /* frame and payload, MESSAGE_BYTES_MAX, pages appear as they are used */
    size_t in_size;
    uint8_t *out;
    size_t out_size;
    size_t out_done;
} Connection;

struct Service {
    ServiceConfig config;
    int epoll;
    int stop; /* eventfd: the only thing service_stop() touches */
    Lane *lanes[SERVICE_LANES_MAX];
    Connection connections[SERVICE_CONNECTIONS_MAX];
};

static int64_t now_ms(void)
{
    struct timespec t = { 0 };
    ASSERT(clock_gettime(CLOCK_MONOTONIC_COARSE, &t) == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wipe what was used, and only that; give the pages of a large message back. */
static void buffer_done(uint8_t *bytes, size_t used)
{
    bytes_wipe(bytes, used);
    if (used > KEEP_BYTES_MAX) (void)madvise(bytes, MESSAGE_BYTES_MAX, MADV_DONTNEED);
}

/* --- the owner's moves; each returns false when the connection has ended --- */

static bool connection_end(Connection *c)
{
    buffer_done(c->in, c->in_size);
    buffer_done(c->out, c->out_size);
    c->in_size = 0;
    c->out_size = 0;
    close(c->fd); /* leaves epoll with it */
    c->fd = -1;
    atomic_store(&c->hold, HOLD_EMPTY);
    return false;
}

static void watch_out(Connection *c, bool out)
{
    if (c->watched_out == out) return;
    c->watched_out = out;
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
    if (out) event.events |= EPOLLOUT;
    event.data.u32 = (uint32_t)(c - c->service->connections);
    ASSERT(epoll_ctl(c->service->epoll, EPOLL_CTL_MOD, c->fd, &event) == 0);
}

/* Send what is left of the answer. A peer that reads slowly costs no thread: EPOLLOUT goes on. */
static bool send_answer(Connection *c)
{
    while (c->out_done < c->out_size) {
        const ssize_t n = send(c->fd, c->out + c->out_done, c->out_size - c->out_done,
                MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) {
            if (c->since_ms == 0) c->since_ms = now_ms();
            watch_out(c, true);
            return true;
        }
        if (n <= 0) return connection_end(c);
        c->out_done += (size_t)n;
        if (c->since_ms != 0) c->since_ms = now_ms();
    }
    watch_out(c, false);
    buffer_done(c->out, c->out_size);
    c->out_size = 0;
    c->answering = false;
    c->since_ms = 0;
    return true;
}

/* The answer's payload is in place behind its frame already. */
static bool answer(Connection *c, Status status, size_t payload_size)
{
    Buffer head = { c->out, 0, CHANNEL_FRAME_BYTES };
    const uint32_t size = status_ok(status) ? (uint32_t)payload_size : 0;
    const Frame frame = { c->frame.operation, c->frame.id, status.code, size };
    ASSERT(status_ok(frame_encode(&frame, &head)));
    bytes_wipe(c->out + CHANNEL_FRAME_BYTES + size, payload_size - size);
    buffer_done(c->in, c->in_size);
    c->in_size = 0;
    c->out_size = CHANNEL_FRAME_BYTES + size;
    c->out_done = 0;
    c->answering = true;
    return send_answer(c);
}

typedef enum Progress { PROGRESS_WAIT, PROGRESS_WHOLE, PROGRESS_ENDED } Progress;

/* Read towards one whole frame. The usual one takes a single recv(). */
static Progress read_frame(Connection *c)
{
    for (;;) {
        const ssize_t n =
                recv(c->fd, c->in + c->in_size, MESSAGE_BYTES_MAX - c->in_size, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return PROGRESS_WAIT;
        if (n <= 0) return PROGRESS_ENDED;
        c->in_size += (size_t)n;
        c->since_ms = 0;
        if (c->in_size >= CHANNEL_FRAME_BYTES) {
            const Span header = { c->in, CHANNEL_FRAME_BYTES };
            if (!status_ok(frame_parse(header, &c->frame))) return PROGRESS_ENDED;
            const size_t wanted = CHANNEL_FRAME_BYTES + c->frame.size;
            if (c->frame.status != 0 || c->in_size > wanted) return PROGRESS_ENDED;
            if (c->in_size == wanted) return PROGRESS_WHOLE;
        }
        c->since_ms = now_ms();
    }
}

/* Give the request to its lane, or answer at once. False: the caller owns the connection no more,
 * because a worker does or because it has ended (its place may be another's already: do not look).
 */
static bool hand_over(Connection *c)
{
    const ServiceConfig *config = &c->service->config;
    const int lane = config->lane_of(c->frame.operation);
    if (lane < 0) return answer(c, REFUSE(REFUSED_IPC_FORMAT), 0);
    ASSERT(lane < config->lane_count);
    if (lane_put(c->service->lanes[lane], c)) return false;
    return answer(c, config->lane_full, 0);
}

/* Let go unless an event came meanwhile; then look again. */
static bool let_go(Connection *c)
{
    int expected = HOLD_OWNED;
    if (atomic_compare_exchange_strong(&c->hold, &expected, HOLD_FREE)) return true;
    atomic_store(&c->hold, HOLD_OWNED);
    return false;
}

/* Move the connection on as far as it goes without waiting. The caller owns it, and does not after.
 */
static void advance(Connection *c)
{
    do {
        if (c->answering && !send_answer(c)) return;
        while (!c->answering) {
            const Progress progress = read_frame(c);
            if (progress == PROGRESS_ENDED) {
                (void)connection_end(c);
                return;
            }
            if (progress == PROGRESS_WAIT) break;
            if (!hand_over(c)) return;
        }
    } while (!let_go(c));
}

/* --- workers --- */

static void work(void *context, void *item)
{
    Service *service = context;
    Connection *c = item;
    const Span request = { c->in + CHANNEL_FRAME_BYTES, c->frame.size };
    Buffer payload = { c->out + CHANNEL_FRAME_BYTES, 0, CHANNEL_PAYLOAD_BYTES_MAX };
    const Status s = service->config.handle(
            service->config.context, &c->peer, c->frame.operation, request, &payload);
    ASSERT(payload.size <= payload.capacity);
    if (!answer(c, s, payload.size)) return;
    if (!let_go(c)) advance(c);
}

/* --- the watcher --- */

static void on_event(Connection *c)
{
    int hold = atomic_load(&c->hold);
    while (hold == HOLD_FREE || hold == HOLD_OWNED) {
        const int next = hold == HOLD_FREE ? HOLD_OWNED : HOLD_MARKED;
        if (!atomic_compare_exchange_weak(&c->hold, &hold, next)) continue;
        if (next == HOLD_OWNED) advance(c);
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
        else if (!let_go(c))
            advance(c);
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
    int64_t swept = now_ms();
    for (;;) {
        const int count = epoll_wait(service->epoll, events, EVENTS_MAX, SWEEP_MS);
        if (count < 0 && errno != EINTR) s = BROKEN(FAULT_IPC);
        if (!status_ok(s) || !dispatch(service, events, count)) break;
        const int64_t now = now_ms();
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
