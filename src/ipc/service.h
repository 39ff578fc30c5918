#pragma once
/*
 * service: the listening side. One thread watches all connections; complete requests go to the lane
 * that their operation belongs to. A lane has a fixed number of workers and a bounded queue; a full queue
 * answers `lane_full` at once. The peer's uid is read from the kernel (SO_PEERCRED) when it connects.
 */
#include "base/bytes.h"

enum {
    SERVICE_CONNECTIONS_MAX = 64,
    SERVICE_LANES_MAX = 8,
    SERVICE_LISTENERS_MAX = 4,
};

typedef struct ServicePeer {
    uint32_t uid;
    int32_t pid;
    int listener; /* index of the socket through which it came */
} ServicePeer;

typedef struct ServiceLane {
    const char *name;
    int workers;
    int queue_max;
} ServiceLane;

/*
 * Answer one request. Called on a worker of the operation's lane.
 * ret_payload  empty, capacity CHANNEL_PAYLOAD_BYTES_MAX; wiped after sending
 */
typedef Status (*ServiceHandler)(void *context, const ServicePeer *peer, uint8_t operation,
        Span request, Buffer *ret_payload);

typedef struct ServiceConfig {
    int listeners[SERVICE_LISTENERS_MAX]; /* bound and listening local sockets, from service_listen() */
    int listener_count;
    ServiceLane lanes[SERVICE_LANES_MAX];
    int lane_count;
    int (*lane_of)(uint8_t operation); /* -1: unknown operation, REFUSED_IPC_FORMAT */
    Status lane_full;                  /* what a full queue answers */
    bool (*admit)(void *context, const ServicePeer *peer); /* false: closed without a word */
    ServiceHandler handle;
    void *context;
} ServiceConfig;

typedef struct Service Service;

/* Make and bind a socket file with this mode (and group, unless -1). An old file is replaced. */
MUST_USE Status service_listen(const char *path, uint32_t mode, int group, int *ret_fd);
/* Allocate everything (threads' buffers too) so that nothing is opened afterwards. */
MUST_USE Status service_open(const ServiceConfig *config, Service **ret_service);
/* Serve until service_stop(); runs the watching thread in the caller. Workers are started here. */
MUST_USE Status service_run(Service *service);
void service_stop(Service *service); /* async-signal-safe */
void service_close(Service *service);
