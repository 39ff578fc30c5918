#define _GNU_SOURCE
#include "ipc/service_inside.h"

#include "base/secret.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KEEP_BYTES_MAX = 256 * 1024 }; /* of a buffer between two messages; larger goes back */

int64_t service_now_ms(void)
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

bool connection_end(Connection *c)
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

bool connection_gone(const Connection *c)
{
    uint8_t byte = 0;
    ssize_t n = 0;
    do {
        n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    return n == 0 || (n < 0 && errno != EAGAIN);
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
            if (c->since_ms == 0) c->since_ms = service_now_ms();
            watch_out(c, true);
            return true;
        }
        if (n <= 0) return connection_end(c);
        c->out_done += (size_t)n;
        if (c->since_ms != 0) c->since_ms = service_now_ms();
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
        c->since_ms = service_now_ms();
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

bool connection_let_go(Connection *c)
{
    int expected = HOLD_OWNED;
    if (atomic_compare_exchange_strong(&c->hold, &expected, HOLD_FREE)) return true;
    atomic_store(&c->hold, HOLD_OWNED);
    return false;
}

void connection_advance(Connection *c)
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
    } while (!connection_let_go(c));
}

void connection_answer(Connection *c, Status status, size_t payload_size)
{
    if (!answer(c, status, payload_size)) return;
    if (!connection_let_go(c)) connection_advance(c);
}
