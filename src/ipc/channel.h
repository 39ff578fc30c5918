#pragma once
/*
 * channel: bounded request-answer messages between our own processes over a local stream socket.
 *
 *   frame = magic u16 (0x4846) | version u8 (1) | operation u8 | id u32 | status i32 | size u32 |
 * payload
 *
 * A request has status 0; an answer repeats operation and id and carries the status of the
 * operation (StatusCode), its payload is empty unless OK. One request is in flight on a channel at
 * a time; who wants more opens more channels. A malformed frame ends the connection. Not
 * thread-safe: one thread a channel.
 */
#include "base/bytes.h"

enum {
    CHANNEL_FRAME_BYTES = 16,
    CHANNEL_PAYLOAD_BYTES_MAX = 4 * 1024 * 1024,
    CHANNEL_PATH_BYTES_MAX = 100,
};

typedef struct Channel Channel;

/* Connect to a listening socket file. `deadline_ms` bounds the connect and, as a whole, every later
 * call; signals lengthen neither. Refuses REFUSED_IPC_CLOSED (nobody listens), REFUSED_IPC_TIMEOUT
 * (who listens does not take it), REFUSED_IPC_PEER (not ours to open; or who listens is neither
 * root, nor ourselves, nor the only one who may write in the socket's folder: TP-17). Faults
 * FAULT_IPC. */
MUST_USE Status channel_connect(const char *path, int deadline_ms, Channel **ret_channel);
void channel_close(Channel *channel); /* NULL is fine */

/*
 * Send one request and wait for its answer.
 *
 * ret_answer  appended to; its capacity bounds what is accepted
 *
 * Returns the status that the other side answered, or REFUSED_IPC_CLOSED, REFUSED_IPC_TIMEOUT,
 * REFUSED_IPC_FORMAT, REFUSED_IPC_TOO_LARGE (an answer over the capacity), FAULT_IPC; after those
 * the channel is unusable and must be closed. Unless OK, ret_answer->size is unchanged. A request
 * over CHANNEL_PAYLOAD_BYTES_MAX is REFUSED_IPC_TOO_LARGE before anything is sent: the channel
 * stays usable.
 */
MUST_USE Status channel_call(Channel *channel, uint8_t operation, Span request, Buffer *ret_answer);
/* False after a call that made the channel unusable. */
bool channel_usable(const Channel *channel);

/*
 * The seam, like those of base/seams.h: how the other side is reached. The system's is the channel
 * above; a simulation puts in its own, which loses questions and answers as a seed says. The
 * functions keep the contracts of their namesakes; a link is a Channel to its caller.
 */
typedef struct Dialler {
    MUST_USE Status (*connect)(void *context, const char *path, int deadline_ms, void **ret_link);
    MUST_USE Status (*call)(void *link, uint8_t operation, Span request, Buffer *ret_answer);
    bool (*usable)(const void *link);
    void (*close)(void *link); /* NULL is fine */
    void *context;
} Dialler;
Dialler dialler_system(void);

typedef struct Frame {
    uint8_t operation;
    uint32_t id;
    int32_t status;
    uint32_t size; /* of the payload that follows */
} Frame;
/* Append the 16 bytes; refuses REFUSED_BUFFER_FULL. */
MUST_USE Status frame_encode(const Frame *frame, Buffer *ret);
/* `header` is exactly CHANNEL_FRAME_BYTES. Refuses REFUSED_IPC_FORMAT, REFUSED_IPC_TOO_LARGE. */
MUST_USE Status frame_parse(Span header, Frame *ret);
