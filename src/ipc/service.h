#pragma once
/*
 * service: the listening side. One thread watches all connections; complete requests go to the lane
 * that their operation belongs to. A lane has a fixed number of workers and a bounded queue; a full
 * queue answers `lane_full` at once. The peer's uid is read from the kernel (SO_PEERCRED) when it
 * connects; whom `admit` does not know is closed without a word (LL-4.5.2).
 *
 * A connection has one request in flight. One whose sender closed before its turn came is not
 * begun: what a peer asks after it gave up a question is never overtaken by that question. Bytes
 * that are not a frame, bytes after a frame, and a frame or an answer that stands still for
 * SERVICE_STALL_MS end their connection and no other. Descriptors that a peer passes along are
 * dropped by the kernel. A connection's buffers are wiped as far as they were used.
 *
 * After service_open() the kernel is asked for accept4, recvfrom, sendto, getsockopt (SO_PEERCRED),
 * epoll_wait, epoll_ctl, futex, clock_gettime, madvise, read and write of one eventfd, close, and
 * nothing else.
 */
#include "base/bytes.h"

enum {
    SERVICE_CONNECTIONS_MAX = 64,
    SERVICE_LANES_MAX = 8,
    SERVICE_LISTENERS_MAX = 4,
    SERVICE_LANE_WORKERS_MAX = 32,
    SERVICE_LANE_QUEUE_MAX = 256,
    SERVICE_STALL_MS = 10 * 1000,
};

typedef struct ServicePeer {
    uint32_t uid;
    int32_t pid;
    int listener; /* index of the socket through which it came */
} ServicePeer;

typedef struct ServiceLane {
    const char *name; /* of its threads; at most 15 bytes; borrowed during service_open() */
    int workers; /* 1..SERVICE_LANE_WORKERS_MAX */
    int queue_max; /* requests that wait, 1..SERVICE_LANE_QUEUE_MAX */
} ServiceLane;

/*
 * Answer one request. Called on a worker of the operation's lane.
 *
 * request      borrowed until the return; wiped afterwards
 * ret_payload  empty, capacity CHANNEL_PAYLOAD_BYTES_MAX; sent when the status is OK; the bytes up
 * to its size are wiped in any case, so a handler wipes only what it takes back itself
 */
typedef Status (*ServiceHandler)(void *context, const ServicePeer *peer, uint8_t operation,
        Span request, Buffer *ret_payload);

typedef struct ServiceConfig {
    int listeners[SERVICE_LISTENERS_MAX]; /* bound and listening local sockets, from
                                             service_listen() */
    int listener_count;
    ServiceLane lanes[SERVICE_LANES_MAX];
    int lane_count;
    int (*lane_of)(uint8_t operation); /* -1: unknown operation, REFUSED_IPC_FORMAT */
    Status lane_full; /* what a full queue answers */
    bool (*admit)(void *context,
            const ServicePeer *peer); /* false: closed without a word; watcher's thread */
    ServiceHandler handle;
    void *context;
} ServiceConfig;

typedef struct Service Service;

/* Make and bind a socket file with this mode (and group, unless -1). An old socket is replaced,
 * another kind of file is not. Never wider open than `mode`, not even for a moment. Faults
 * FAULT_IPC. */
MUST_USE Status service_listen(const char *path, uint32_t mode, int group, int *ret_fd);
/* Allocate everything and start the workers, parked, so that nothing is opened afterwards. The
 * listeners become the service's when it returns OK. Faults FAULT_IPC, FAULT_MEMORY, FAULT_THREAD.
 */
MUST_USE Status service_open(const ServiceConfig *config, Service **ret_service);
/* Serve until service_stop(): the caller becomes the watching thread. Requests that a worker has
 * begun are answered, waiting ones are not; no handler runs after the return. Once a Service. */
MUST_USE Status service_run(Service *service);
void service_stop(Service *service); /* async-signal-safe; also from a handler */
void service_close(Service *service); /* NULL is fine; not while service_run() runs */
