#pragma once
/*
 * service_inside: what service.c (who watches) and connection.c (who moves one connection on)
 * share.
 */
#include "ipc/channel.h"
#include "ipc/lane.h"
#include "ipc/service.h"

#include <stdatomic.h>

enum { MESSAGE_BYTES_MAX = CHANNEL_FRAME_BYTES + CHANNEL_PAYLOAD_BYTES_MAX };

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

/* --- connection.c: the moves of whoever owns the connection --- */

/* Move it on as far as it goes without waiting. The caller does not own it afterwards. */
void connection_advance(Connection *c);
/* A worker's: answer the request, then let go. The payload stands behind its frame in c->out
 * already. */
void connection_answer(Connection *c, Status status, size_t payload_size);
/* Has the peer closed it? Then nobody waits for the answer. */
bool connection_gone(const Connection *c);
/* Close, wipe, and give the place back. False, for those who return whether it still lives. */
bool connection_end(Connection *c);
/* Let go; false when an event came meanwhile: the caller still owns it, and looks again. */
bool connection_let_go(Connection *c);
int64_t service_now_ms(void);
