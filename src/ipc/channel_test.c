/* Goal: the client side believes only whole, bounded answers to its own question. Method: the test
 * is the peer, on a real socket, and answers whatever bytes it likes. */
#define _GNU_SOURCE
#include "base/expect.h"
#include "ipc/channel.h"
#include "ipc/service.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { DEADLINE_MS = 200, ANSWER_BYTES_MAX = 64 };

typedef struct Peer {
    int listener;
    pthread_t thread;
    Span says; /* after one request frame came; the id is the channel's first: 1 */
    bool hangs; /* keeps the connection open after it */
    int hold[2]; /* a pipe: closed when the peer may go */
} Peer;

static char path[EXPECT_PATH_BYTES];

static void *peer_main(void *context)
{
    Peer *peer = context;
    uint8_t sink[256];
    int fd = -1;
    while (fd < 0)
        fd = accept(
                peer->listener, NULL, NULL); /* the listener does not block: bounded by connect() */
    const ssize_t got = recv(fd, sink, sizeof(sink), 0);
    if (got > 0 && peer->says.size > 0)
        (void)!send(fd, peer->says.data, peer->says.size, MSG_NOSIGNAL);
    if (peer->hangs) (void)!read(peer->hold[0], sink, 1);
    close(fd);
    return NULL;
}

/* One call against a peer that says `says`. */
static Status call_against(Span says, bool hangs, Buffer *answer, bool *ret_usable)
{
    Peer peer = { .says = says, .hangs = hangs };
    Channel *channel = NULL;
    TRY(service_listen(expect_path("channel-test", path), 0600, -1, &peer.listener));
    ASSERT(pipe(peer.hold) == 0);
    TRY(channel_connect(path, DEADLINE_MS, &channel));
    ASSERT(pthread_create(&peer.thread, NULL, peer_main, &peer) == 0);
    const Status s = channel_call(channel, 7, SPAN("question"), answer);
    *ret_usable = channel_usable(channel);
    channel_close(channel);
    close(peer.hold[1]);
    pthread_join(peer.thread, NULL);
    close(peer.hold[0]);
    close(peer.listener);
    unlink(path);
    return s;
}

static Span make_answer(const Frame *frame, const char *payload, uint8_t memory[128])
{
    Buffer b = { memory, 0, 128 };
    ASSERT(status_ok(frame_encode(frame, &b)));
    ASSERT(status_ok(buffer_put(&b, span_of_text(payload))));
    return span_of_buffer(&b);
}

static void test_frame_round_trip_and_every_flipped_bit_of_its_head(void)
{
    uint8_t bytes[CHANNEL_FRAME_BYTES];
    Buffer b = BUFFER_OF(bytes);
    const Frame frame = { 7, 0x01020304, 0, 5 };
    EXPECT_OK(frame_encode(&frame, &b));
    EXPECT_REFUSED(frame_encode(&frame, &b), REFUSED_BUFFER_FULL);
    Frame again = { 0 };
    EXPECT_OK(frame_parse(SPAN_OF(bytes), &again));
    EXPECT(again.operation == 7 && again.id == frame.id && again.size == 5);
    for (size_t bit = 0; bit < 24; bit++) { /* magic and version */
        uint8_t forged[CHANNEL_FRAME_BYTES];
        memcpy(forged, bytes, sizeof(bytes));
        forged[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        EXPECT_REFUSED(frame_parse(SPAN_OF(forged), &again), REFUSED_IPC_FORMAT);
    }
    EXPECT_REFUSED(frame_parse((Span) { bytes, 15 }, &again), REFUSED_IPC_FORMAT);
}

static void test_frame_over_its_limit_is_refused(void)
{
    uint8_t bytes[CHANNEL_FRAME_BYTES];
    Buffer b = BUFFER_OF(bytes);
    Frame frame = { 7, 1, 0, CHANNEL_PAYLOAD_BYTES_MAX };
    EXPECT_OK(frame_encode(&frame, &b));
    EXPECT_OK(frame_parse(SPAN_OF(bytes), &frame));
    frame.size = CHANNEL_PAYLOAD_BYTES_MAX + 1;
    b.size = 0;
    EXPECT_OK(frame_encode(&frame, &b));
    EXPECT_REFUSED(frame_parse(SPAN_OF(bytes), &frame), REFUSED_IPC_TOO_LARGE);
}

static void test_failed_answer_carries_no_payload(void)
{
    uint8_t memory[128];
    Frame frame = { 7, 1, REFUSED_VAULT_BUSY, 4 };
    const Span bytes = make_answer(&frame, "", memory);
    EXPECT_REFUSED(frame_parse(bytes, &frame), REFUSED_IPC_FORMAT);
}

static void test_good_answer_is_appended(void)
{
    uint8_t memory[128];
    uint8_t space[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(space);
    EXPECT_OK(buffer_put(&answer, SPAN("had ")));
    bool usable = false;
    const Frame frame = { 7, 1, 0, 5 };
    EXPECT_OK(call_against(make_answer(&frame, "reply", memory), true, &answer, &usable));
    EXPECT(usable && span_equal(span_of_buffer(&answer), SPAN("had reply")));
}

static void test_refused_operation_leaves_the_channel_usable(void)
{
    uint8_t memory[128];
    uint8_t space[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(space);
    bool usable = false;
    const Frame frame = { 7, 1, REFUSED_VAULT_BUSY, 0 };
    EXPECT_REFUSED(call_against(make_answer(&frame, "", memory), true, &answer, &usable),
            REFUSED_VAULT_BUSY);
    EXPECT(usable && answer.size == 0);
}

typedef struct Lie {
    Frame frame;
    const char *payload;
    bool hangs;
    StatusCode wanted;
} Lie;

static void test_answers_that_are_not_ours_end_the_channel(void)
{
    const Lie lies[] = {
        { { 8, 1, 0, 2 }, "ab", true, REFUSED_IPC_FORMAT }, /* another operation */
        { { 7, 2, 0, 2 }, "ab", true, REFUSED_IPC_FORMAT }, /* another id */
        { { 7, 1, 0, 2 }, "abc", true, REFUSED_IPC_FORMAT }, /* bytes after it */
        { { 7, 1, 0, 65 }, "ab", true, REFUSED_IPC_TOO_LARGE }, /* over our capacity */
        { { 7, 1, 0, 3 }, "ab", false, REFUSED_IPC_CLOSED }, /* ends early */
        { { 7, 1, 0, 3 }, "ab", true, REFUSED_IPC_TIMEOUT }, /* stands still */
    };
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        uint8_t memory[128];
        uint8_t space[ANSWER_BYTES_MAX];
        Buffer answer = BUFFER_OF(space);
        bool usable = true;
        const Span says = make_answer(&lies[i].frame, lies[i].payload, memory);
        EXPECT_REFUSED(call_against(says, lies[i].hangs, &answer, &usable), lies[i].wanted);
        EXPECT(!usable && answer.size == 0);
    }
}

static void test_silence_is_a_timeout_and_garbage_a_format(void)
{
    uint8_t space[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(space);
    bool usable = true;
    EXPECT_REFUSED(call_against(SPAN(""), true, &answer, &usable), REFUSED_IPC_TIMEOUT);
    EXPECT_REFUSED(call_against(SPAN(""), false, &answer, &usable), REFUSED_IPC_CLOSED);
    EXPECT_REFUSED(call_against(SPAN("HTTP/1.1 200 OK\r\n\r\n"), true, &answer, &usable),
            REFUSED_IPC_FORMAT);
    EXPECT(!usable);
}

static void test_oversize_request_is_refused_before_sending(void)
{
    Channel *channel = NULL;
    int listener = -1;
    uint8_t space[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(space);
    EXPECT_OK(service_listen(expect_path("channel-test", path), 0600, -1, &listener));
    EXPECT_OK(channel_connect(path, DEADLINE_MS, &channel));
    const Span huge = { space, CHANNEL_PAYLOAD_BYTES_MAX + 1 };
    EXPECT_REFUSED(channel_call(channel, 7, huge, &answer), REFUSED_IPC_TOO_LARGE);
    EXPECT(channel_usable(channel));
    channel_close(channel);
    close(listener);
    unlink(path);
}

static void test_nobody_listens(void)
{
    Channel *channel = NULL;
    EXPECT_REFUSED(
            channel_connect(expect_path("no-such", path), 100, &channel), REFUSED_IPC_CLOSED);
    EXPECT(channel == NULL);
}

/* --- a listener that is slow to accept, and signals meanwhile --- */

enum { SIGNALS = 20, SIGNAL_MS = 2, QUEUED_MAX = 8 };

static _Atomic int signals_taken;
static _Atomic bool connecting;
static _Atomic bool ended;

static void take_signal(int number) { signals_taken++; }

static void *connect_slowly(void *context)
{
    Channel *channel = NULL;
    connecting = true;
    *(Status *)context = channel_connect(path, 100 * DEADLINE_MS, &channel);
    ended = true;
    channel_close(channel);
    return NULL;
}

/* A listener that accepts nothing, with as many waiting as it lets wait: the next one waits. */
static void make_full_listener(int *ret_listener, int ret_queued[QUEUED_MAX])
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    expect_path("channel-full", path);
    unlink(path); /* of a run that was stopped */
    memcpy(address.sun_path, path, strlen(path));
    *ret_listener = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT(bind(*ret_listener, (const struct sockaddr *)&address, sizeof(address)) == 0);
    EXPECT(listen(*ret_listener, 0) == 0);
    for (int i = 0; i < QUEUED_MAX; i++)
        ret_queued[i] = -1;
    for (int i = 0; i < QUEUED_MAX; i++) {
        ret_queued[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(ret_queued[i], (const struct sockaddr *)&address, sizeof(address)) != 0) {
            EXPECT(errno == EAGAIN);
            return;
        }
    }
    EXPECT(false); /* it never was full */
}

static void test_signals_while_connecting(void)
{
    int listener = -1;
    int queued[QUEUED_MAX];
    pthread_t thread;
    Status s = BROKEN(FAULT_IPC);
    const struct sigaction act = { .sa_handler = take_signal };
    make_full_listener(&listener, queued);
    EXPECT(expect_failures == 0);
    EXPECT(sigaction(SIGUSR1, &act, NULL) == 0);
    EXPECT(pthread_create(&thread, NULL, connect_slowly, &s) == 0);
    while (!connecting)
        poll(NULL, 0, SIGNAL_MS);
    for (int i = 0; i < SIGNALS && !ended; i++) {
        EXPECT(pthread_kill(thread, SIGUSR1) == 0);
        while (signals_taken <= i && !ended)
            poll(NULL, 0, SIGNAL_MS);
        poll(NULL, 0, SIGNAL_MS); /* it goes back to its wait */
    }
    for (int i = 0; i < QUEUED_MAX && queued[i] >= 0; i++)
        close(queued[i]);
    EXPECT(!ended);
    close(accept(listener, NULL, NULL)); /* there is room for it */
    EXPECT(pthread_join(thread, NULL) == 0);
    close(listener);
    unlink(path);
    EXPECT_OK(s);
}

static void test_a_full_listener_is_a_timeout(void)
{
    int listener = -1;
    int queued[QUEUED_MAX];
    Channel *channel = NULL;
    make_full_listener(&listener, queued);
    EXPECT(expect_failures == 0);
    EXPECT_REFUSED(channel_connect(path, 10, &channel), REFUSED_IPC_TIMEOUT);
    for (int i = 0; i < QUEUED_MAX && queued[i] >= 0; i++)
        close(queued[i]);
    close(listener);
    unlink(path);
}

TESTS(TEST(test_frame_round_trip_and_every_flipped_bit_of_its_head),
        TEST(test_frame_over_its_limit_is_refused), TEST(test_failed_answer_carries_no_payload),
        TEST(test_good_answer_is_appended), TEST(test_refused_operation_leaves_the_channel_usable),
        TEST(test_answers_that_are_not_ours_end_the_channel),
        TEST(test_silence_is_a_timeout_and_garbage_a_format),
        TEST(test_oversize_request_is_refused_before_sending), TEST(test_nobody_listens),
        TEST(test_signals_while_connecting), TEST(test_a_full_listener_is_a_timeout))
