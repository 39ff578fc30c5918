#define _GNU_SOURCE
#include "ipc/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAME_MAGIC = 0x4846,
    FRAME_VERSION = 1,
};

struct Channel {
    int fd;
    int deadline_ms;
    uint32_t last_id;
    bool usable;
    bool waited; /* in this call, so that its rest must watch the clock itself */
};

Status frame_encode(const Frame *frame, Buffer *ret)
{
    REQUIRE(ret->capacity - ret->size >= CHANNEL_FRAME_BYTES, REFUSED_BUFFER_FULL);
    TRY(buffer_put_u16(ret, FRAME_MAGIC));
    TRY(buffer_put_u8(ret, FRAME_VERSION));
    TRY(buffer_put_u8(ret, frame->operation));
    TRY(buffer_put_u32(ret, frame->id));
    TRY(buffer_put_u32(ret, (uint32_t)frame->status));
    return buffer_put_u32(ret, frame->size);
}

static Status take_frame(Cursor *c, Frame *frame)
{
    uint16_t magic = 0;
    uint8_t version = 0;
    uint32_t status = 0;
    TRY(cursor_u16(c, &magic));
    TRY(cursor_u8(c, &version));
    REQUIRE(magic == FRAME_MAGIC && version == FRAME_VERSION, REFUSED_IPC_FORMAT);
    TRY(cursor_u8(c, &frame->operation));
    TRY(cursor_u32(c, &frame->id));
    TRY(cursor_u32(c, &status));
    TRY(cursor_u32(c, &frame->size));
    frame->status = (int32_t)status;
    return cursor_end(c);
}

Status frame_parse(Span header, Frame *ret)
{
    Frame frame = { 0 };
    Cursor c = cursor_of(header);
    REQUIRE(status_ok(take_frame(&c, &frame)), REFUSED_IPC_FORMAT);
    REQUIRE(frame.size <= CHANNEL_PAYLOAD_BYTES_MAX, REFUSED_IPC_TOO_LARGE);
    /* An answer that failed has nothing to say but its status. */
    REQUIRE(frame.status == 0 || frame.size == 0, REFUSED_IPC_FORMAT);
    *ret = frame;
    return OK;
}

static int64_t now_ms(void)
{
    struct timespec t = { 0 };
    ASSERT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A signal in the wait ends a connect() of a local socket as if it had not begun: it begins anew,
 * with what is left of its time. */
static Status connect_until(int fd, const struct sockaddr_un *address, int64_t until_ms)
{
    for (;;) {
        const int64_t left_ms = until_ms - now_ms();
        REQUIRE(left_ms > 0, REFUSED_IPC_TIMEOUT);
        const struct timeval limit = { left_ms / 1000, (left_ms % 1000) * 1000 };
        CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0, FAULT_IPC);
        if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0) return OK;
        if (errno == EINTR) continue;
        REQUIRE(errno != EACCES && errno != EPERM, REFUSED_IPC_PEER);
        REQUIRE(errno != EAGAIN, REFUSED_IPC_TIMEOUT);
        REQUIRE(errno != ECONNREFUSED && errno != ENOENT, REFUSED_IPC_CLOSED);
        return BROKEN(FAULT_IPC);
    }
}

static Status connect_fd(int fd, const char *path, int deadline_ms)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const size_t size = strlen(path);
    CHECK(size > 0 && size <= CHANNEL_PATH_BYTES_MAX, FAULT_IPC);
    memcpy(address.sun_path, path, size);

    /* The kernel keeps the time of the one long wait of a call, the wait for the answer's first
     * byte: two system calls a call instead of four. What stays incomplete after it goes through
     * poll(). */
    const struct timeval limit = { deadline_ms / 1000, (deadline_ms % 1000) * 1000 };
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0, FAULT_IPC);
    return connect_until(fd, &address, now_ms() + deadline_ms);
}

/* Whoever may make a file in the socket's folder could listen there in the right one's place. So
 * who listens must be who keeps that folder to himself; or root, or ourselves. */
static Status check_listener(int fd, const char *path)
{
    struct ucred who = { 0 };
    socklen_t size = sizeof(who);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0, FAULT_IPC);
    if (who.uid == 0 || who.uid == geteuid()) return OK;
    char folder[CHANNEL_PATH_BYTES_MAX + 1] = ".";
    const char *end = strrchr(path, '/');
    if (end != NULL) {
        const size_t length = end == path ? 1 : (size_t)(end - path);
        memcpy(folder, path, length);
        folder[length] = 0;
    }
    struct stat facts = { 0 };
    REQUIRE(stat(folder, &facts) == 0 && facts.st_uid == who.uid, REFUSED_IPC_PEER);
    REQUIRE((facts.st_mode & (S_IWGRP | S_IWOTH)) == 0, REFUSED_IPC_PEER);
    return OK;
}

Status channel_connect(const char *path, int deadline_ms, Channel **ret_channel)
{
    ASSERT(deadline_ms > 0);
    Channel *channel = malloc(sizeof(*channel));
    CHECK(channel != NULL, FAULT_MEMORY);
    *channel = (Channel) { .deadline_ms = deadline_ms, .usable = true };
    channel->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Status s = channel->fd < 0 ? BROKEN(FAULT_IPC) : connect_fd(channel->fd, path, deadline_ms);
    if (status_ok(s)) s = check_listener(channel->fd, path);
    if (!status_ok(s)) {
        channel_close(channel);
        return s;
    }
    *ret_channel = channel;
    return OK;
}

void channel_close(Channel *channel)
{
    if (channel == NULL) return;
    if (channel->fd >= 0) close(channel->fd);
    free(channel);
}

bool channel_usable(const Channel *channel) { return channel->usable; }

static Status wait_for(Channel *channel, short events, int64_t until_ms)
{
    channel->waited = true;
    for (;;) {
        const int64_t left_ms = until_ms - now_ms();
        REQUIRE(left_ms > 0, REFUSED_IPC_TIMEOUT);
        struct pollfd watched = { .fd = channel->fd, .events = events };
        const int n = poll(&watched, 1, (int)left_ms);
        if (n > 0) return OK;
        CHECK(n == 0 || errno == EINTR, FAULT_IPC);
    }
}

/* What an error number of send or receive means; OK: try again after waiting. */
static Status trouble(void)
{
    if (errno == EAGAIN || errno == EINTR) return OK;
    REQUIRE(errno != EPIPE && errno != ECONNRESET, REFUSED_IPC_CLOSED);
    return BROKEN(FAULT_IPC);
}

/* Two pieces of memory as one stream, of which `done` bytes are behind us. */
static int pieces_from(struct iovec ret_left[2], Span first, Span second, size_t done)
{
    int count = 0;
    if (done < first.size) {
        ret_left[count++] = (struct iovec) { (void *)(first.data + done), first.size - done };
        done = first.size;
    }
    const size_t skip = done - first.size;
    if (skip < second.size)
        ret_left[count++] = (struct iovec) { (void *)(second.data + skip), second.size - skip };
    return count;
}

static Status send_all(Channel *channel, Span header, Span payload, int64_t until_ms)
{
    size_t done = 0;
    while (done < header.size + payload.size) {
        struct iovec left[2];
        const int count = pieces_from(left, header, payload, done);
        const struct msghdr message = { .msg_iov = left, .msg_iovlen = (size_t)count };
        const ssize_t n = sendmsg(channel->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            done += (size_t)n;
            continue;
        }
        TRY(trouble());
        TRY(wait_for(channel, POLLOUT, until_ms));
    }
    return OK;
}

/* Receive the header and as much payload as the answer may have, both in place, in one system call
 * when they are there. More than one frame is a peer that talks out of turn. */
static Status receive(Channel *channel, Span header, Span room, int64_t until_ms, Frame *ret_frame)
{
    Frame frame = { 0 };
    size_t wanted = CHANNEL_FRAME_BYTES;
    size_t done = 0;
    int flags =
            channel->waited ? MSG_DONTWAIT : 0; /* the first wait is the kernel's: connect_fd() */
    while (done < wanted) {
        struct iovec left[2];
        const int count = pieces_from(left, header, room, done);
        struct msghdr message = { .msg_iov = left, .msg_iovlen = (size_t)count };
        const ssize_t n = recvmsg(channel->fd, &message, flags);
        REQUIRE(n != 0, REFUSED_IPC_CLOSED);
        if (n < 0) {
            TRY(trouble());
            TRY(wait_for(channel, POLLIN, until_ms));
        }
        flags = MSG_DONTWAIT;
        const size_t before = done;
        done += n > 0 ? (size_t)n : 0;
        if (before >= CHANNEL_FRAME_BYTES || done < CHANNEL_FRAME_BYTES) continue;
        TRY(frame_parse(header, &frame));
        REQUIRE(frame.size <= room.size, REFUSED_IPC_TOO_LARGE);
        wanted += frame.size;
    }
    REQUIRE(done == wanted, REFUSED_IPC_FORMAT);
    *ret_frame = frame;
    return OK;
}

static Status exchange(
        Channel *channel, uint8_t operation, Span request, Buffer *answer, Frame *ret_frame)
{
    const int64_t until_ms = now_ms() + channel->deadline_ms;
    channel->waited = false;
    uint8_t header[CHANNEL_FRAME_BYTES];
    Buffer head = BUFFER_OF(header);
    const Frame asked = { operation, ++channel->last_id, 0, (uint32_t)request.size };
    TRY(frame_encode(&asked, &head));
    TRY(send_all(channel, SPAN_OF(header), request, until_ms));

    size_t room = answer->capacity - answer->size;
    if (room > CHANNEL_PAYLOAD_BYTES_MAX) room = CHANNEL_PAYLOAD_BYTES_MAX;
    const Span place = { answer->data + answer->size, room };
    TRY(receive(channel, SPAN_OF(header), place, until_ms, ret_frame));
    REQUIRE(ret_frame->operation == operation, REFUSED_IPC_FORMAT);
    REQUIRE(ret_frame->id == asked.id, REFUSED_IPC_FORMAT);
    return OK;
}

Status channel_call(Channel *channel, uint8_t operation, Span request, Buffer *ret_answer)
{
    REQUIRE(channel->usable, REFUSED_IPC_CLOSED);
    REQUIRE(request.size <= CHANNEL_PAYLOAD_BYTES_MAX, REFUSED_IPC_TOO_LARGE);
    Frame frame = { 0 };
    const Status s = exchange(channel, operation, request, ret_answer, &frame);
    if (!status_ok(s)) {
        channel->usable = false; /* a late answer would be taken for that of the next request */
        return s;
    }
    ret_answer->size += frame.size;
    return (Status) { frame.status };
}

/* --- the seam --- */

static Status dial(void *context, const char *path, int deadline_ms, void **ret_link)
{
    Channel *channel = NULL;
    TRY(channel_connect(path, deadline_ms, &channel));
    *ret_link = channel;
    return OK;
}

static Status link_call(void *link, uint8_t operation, Span request, Buffer *ret_answer)
{
    return channel_call(link, operation, request, ret_answer);
}

static bool link_usable(const void *link) { return channel_usable(link); }

static void link_close(void *link) { channel_close(link); }

Dialler dialler_system(void)
{
    return (Dialler) { dial, link_call, link_usable, link_close, NULL };
}
