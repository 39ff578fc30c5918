/* Goal: no peer, however broken, disturbs another, and strangers are not admitted (LL-4.5.2).
 * Method: a real service on a real socket with a
 * handler that the test holds back, and peers that send whatever they like. */
#define _GNU_SOURCE
#include "base/expect.h"
#include "ipc/channel.h"
#include "ipc/service.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    OPERATION_ECHO = 1,
    OPERATION_HOLD = 2, /* waits in the handler until the gate opens */
    OPERATION_FAIL = 3,
    OPERATION_BIG = 4, /* the largest answer */
    OPERATION_STOP = 5,
    DEADLINE_MS = 10000,
    SLOW_QUEUE_MAX = 2,
    CALLERS = SERVICE_CONNECTIONS_MAX,
};

static char path[EXPECT_PATH_BYTES];

typedef struct House {
    Service *service;
    pthread_t watcher;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool gate_open;
    int holding; /* handlers behind the gate */
    atomic_uint uid_refused;
    atomic_int handled;
} House;

static int lane_of(uint8_t operation)
{
    if (operation == OPERATION_HOLD) return 1;
    return operation >= OPERATION_ECHO && operation <= OPERATION_STOP ? 0 : -1;
}

static void hold(House *house)
{
    pthread_mutex_lock(&house->lock);
    house->holding++;
    pthread_cond_broadcast(&house->changed);
    while (!house->gate_open)
        pthread_cond_wait(&house->changed, &house->lock);
    house->holding--;
    pthread_mutex_unlock(&house->lock);
}

static Status handle(void *context, const ServicePeer *peer, uint8_t operation, Span request,
        Buffer *ret_payload)
{
    House *house = context;
    ASSERT(peer->uid == getuid() && peer->listener == 0);
    if (operation == OPERATION_HOLD) hold(house);
    if (operation == OPERATION_STOP) service_stop(house->service);
    if (operation == OPERATION_BIG) ret_payload->size = ret_payload->capacity;
    atomic_fetch_add(&house->handled, 1);
    if (operation != OPERATION_BIG) TRY(buffer_put(ret_payload, request));
    return operation == OPERATION_FAIL ? REFUSE(REFUSED_VAULT_FORBIDDEN) : OK;
}

static bool admit(void *context, const ServicePeer *peer)
{
    House *house = context;
    return peer->uid != atomic_load(&house->uid_refused);
}

static void *watch(void *context)
{
    House *house = context;
    ASSERT(status_ok(service_run(house->service)));
    return NULL;
}

static Status house_open(House *house)
{
    ServiceConfig config = {
        .listener_count = 1,
        .lanes = { { "quick", 2, 64 }, { "slow", 1, SLOW_QUEUE_MAX } },
        .lane_count = 2,
        .lane_of = lane_of,
        .lane_full = REFUSE(REFUSED_VAULT_BUSY),
        .admit = admit,
        .handle = handle,
        .context = house,
    };
    *house = (House) { .uid_refused = UINT32_MAX };
    pthread_mutex_init(&house->lock, NULL);
    pthread_cond_init(&house->changed, NULL);
    TRY(service_listen(expect_path("service-test", path), 0666, -1, &config.listeners[0]));
    TRY(service_open(&config, &house->service));
    CHECK(pthread_create(&house->watcher, NULL, watch, house) == 0, FAULT_THREAD);
    return OK;
}

static void gate_open(House *house)
{
    pthread_mutex_lock(&house->lock);
    house->gate_open = true;
    pthread_cond_broadcast(&house->changed);
    pthread_mutex_unlock(&house->lock);
}

static void until_holding(House *house, int wanted)
{
    pthread_mutex_lock(&house->lock);
    while (house->holding < wanted)
        pthread_cond_wait(&house->changed, &house->lock);
    pthread_mutex_unlock(&house->lock);
}

/* For CLEANUP: also when an EXPECT failed. */
static void house_done(House *house)
{
    gate_open(house);
    service_stop(house->service);
    pthread_join(house->watcher, NULL);
    service_close(house->service);
    unlink(path);
}
static void channel_done(Channel **channel) { channel_close(*channel); }
static void fd_done(const int *fd) { close(*fd); }

static int raw_connect(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, path, strlen(path));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

static void raw_send(int fd, Span bytes)
{
    ASSERT(send(fd, bytes.data, bytes.size, MSG_NOSIGNAL) == (ssize_t)bytes.size);
}

/* True when the service has closed this connection without a word. */
static bool closed_by_service(int fd)
{
    uint8_t byte = 0;
    const ssize_t n = recv(fd, &byte, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static Status echo(Channel *channel, Span text)
{
    uint8_t memory[256];
    Buffer answer = BUFFER_OF(memory);
    TRY(channel_call(channel, OPERATION_ECHO, text, &answer));
    ASSERT(span_equal(span_of_buffer(&answer), text));
    return OK;
}

static Status echo_once(void)
{
    CLEANUP(channel_done) Channel *channel = NULL;
    TRY(channel_connect(path, DEADLINE_MS, &channel));
    return echo(channel, SPAN("once"));
}

static Span frame_of(const Frame *frame, uint8_t memory[CHANNEL_FRAME_BYTES])
{
    Buffer b = { memory, 0, CHANNEL_FRAME_BYTES };
    ASSERT(status_ok(frame_encode(frame, &b)));
    return span_of_buffer(&b);
}

static void test_calls_of_every_size_come_back(void)
{
    static uint8_t question[CHANNEL_PAYLOAD_BYTES_MAX];
    static uint8_t memory[CHANNEL_PAYLOAD_BYTES_MAX];
    CLEANUP(house_done) House house;
    CLEANUP(channel_done) Channel *channel = NULL;
    EXPECT_OK(house_open(&house));
    EXPECT_OK(channel_connect(path, DEADLINE_MS, &channel));
    for (size_t i = 0; i < sizeof(question); i++)
        question[i] = (uint8_t)(i * 7 + i / 251);
    const size_t sizes[] = { 0, 1, 15, 16, 17, 4096, 50000, 250000, 262144, 1000001,
        sizeof(question) };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        Buffer answer = BUFFER_OF(memory);
        const Span asked = { question, sizes[i] };
        EXPECT_OK(channel_call(channel, OPERATION_ECHO, asked, &answer));
        EXPECT(span_equal(span_of_buffer(&answer), asked));
    }
}

static void test_statuses_travel_without_their_payload(void)
{
    CLEANUP(house_done) House house;
    CLEANUP(channel_done) Channel *channel = NULL;
    uint8_t memory[64];
    Buffer answer = BUFFER_OF(memory);
    EXPECT_OK(house_open(&house));
    EXPECT_OK(channel_connect(path, DEADLINE_MS, &channel));
    EXPECT_REFUSED(channel_call(channel, OPERATION_FAIL, SPAN("secret"), &answer),
            REFUSED_VAULT_FORBIDDEN);
    EXPECT_REFUSED(channel_call(channel, 200, SPAN("?"), &answer), REFUSED_IPC_FORMAT);
    EXPECT(answer.size == 0 && channel_usable(channel));
    EXPECT_OK(echo(channel, SPAN("still here"))); /* and nothing of the refused answer in it */
}

static void test_malformed_frames_end_their_connection_and_no_other(void)
{
    CLEANUP(house_done) House house;
    CLEANUP(channel_done) Channel *other = NULL;
    EXPECT_OK(house_open(&house));
    EXPECT_OK(channel_connect(path, DEADLINE_MS, &other));
    const Frame bad[] = {
        { OPERATION_ECHO, 1, 0, CHANNEL_PAYLOAD_BYTES_MAX + 1 },
        { OPERATION_ECHO, 1, 0, UINT32_MAX },
        { OPERATION_ECHO, 1, 1, 0 }, /* a request with a status */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t memory[CHANNEL_FRAME_BYTES];
        CLEANUP(fd_done) const int fd = raw_connect();
        raw_send(fd, frame_of(&bad[i], memory));
        EXPECT(closed_by_service(fd));
        EXPECT_OK(echo(other, SPAN("unmoved")));
    }
    for (size_t bit = 0; bit < 24; bit++) { /* magic and version */
        uint8_t memory[CHANNEL_FRAME_BYTES];
        CLEANUP(fd_done) const int fd = raw_connect();
        const Span head = frame_of(&(Frame) { OPERATION_ECHO, 1, 0, 0 }, memory);
        memory[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        raw_send(fd, head);
        EXPECT(closed_by_service(fd));
    }
    EXPECT_OK(echo(other, SPAN("unmoved")));
}

static void test_truncated_frames_end_with_their_sender(void)
{
    CLEANUP(house_done) House house;
    EXPECT_OK(house_open(&house));
    uint8_t memory[CHANNEL_FRAME_BYTES];
    const Span head = frame_of(&(Frame) { OPERATION_ECHO, 1, 0, 100 }, memory);
    for (size_t size = 0; size <= head.size; size++) {
        CLEANUP(fd_done) const int fd = raw_connect();
        raw_send(fd, (Span) { head.data, size });
        shutdown(fd, SHUT_WR);
        EXPECT(closed_by_service(fd));
    }
    EXPECT_OK(echo_once());
    EXPECT(atomic_load(&house.handled) == 1);
}

static void test_bytes_after_a_frame_end_the_connection(void)
{
    CLEANUP(house_done) House house;
    EXPECT_OK(house_open(&house));
    uint8_t bytes[CHANNEL_FRAME_BYTES + 1] = { 0 };
    CLEANUP(fd_done) const int fd = raw_connect();
    frame_of(&(Frame) { OPERATION_ECHO, 1, 0, 0 }, bytes);
    raw_send(fd, SPAN_OF(bytes));
    EXPECT(closed_by_service(fd));
    EXPECT(atomic_load(&house.handled) == 0);
}

static void test_slow_sender_blocks_nobody(void)
{
    CLEANUP(house_done) House house;
    CLEANUP(channel_done) Channel *other = NULL;
    EXPECT_OK(house_open(&house));
    EXPECT_OK(channel_connect(path, DEADLINE_MS, &other));
    CLEANUP(fd_done) const int slow = raw_connect();
    uint8_t bytes[CHANNEL_FRAME_BYTES + 4] = { 0 };
    frame_of(&(Frame) { OPERATION_ECHO, 9, 0, 4 }, bytes);
    for (size_t i = 0; i < sizeof(bytes); i++) { /* one byte between two calls of another */
        raw_send(slow, (Span) { bytes + i, 1 });
        EXPECT_OK(echo(other, SPAN("quick")));
    }
    uint8_t answer[CHANNEL_FRAME_BYTES + 4];
    EXPECT(recv(slow, answer, sizeof(answer), MSG_WAITALL) == (ssize_t)sizeof(answer));
    EXPECT(span_equal(SPAN_OF(answer), SPAN_OF(bytes)));
}

static void test_slow_reader_blocks_nobody(void)
{
    CLEANUP(house_done) House house;
    EXPECT_OK(house_open(&house));
    int slow[4];
    uint8_t head[CHANNEL_FRAME_BYTES];
    for (size_t i = 0; i < 4; i++) { /* more than the lane has workers */
        slow[i] = raw_connect();
        raw_send(slow[i], frame_of(&(Frame) { OPERATION_BIG, 1, 0, 0 }, head));
    }
    EXPECT_OK(echo_once());
    for (size_t i = 0; i < 4; i++) { /* and they get all of it when they read at last */
        size_t got = 0;
        static uint8_t sink[65536];
        while (got < CHANNEL_FRAME_BYTES + CHANNEL_PAYLOAD_BYTES_MAX) {
            const ssize_t n = recv(slow[i], sink, sizeof(sink), 0);
            EXPECT(n > 0);
            got += (size_t)n;
        }
        EXPECT(got == CHANNEL_FRAME_BYTES + CHANNEL_PAYLOAD_BYTES_MAX);
        close(slow[i]);
    }
}

static void test_full_lane_answers_at_once_and_others_go_on(void)
{
    CLEANUP(house_done) House house;
    EXPECT_OK(house_open(&house));
    int held[1 + SLOW_QUEUE_MAX];
    uint8_t head[CHANNEL_FRAME_BYTES];
    uint8_t memory[64];
    Buffer answer = BUFFER_OF(memory);
    for (size_t i = 0; i < 1 + SLOW_QUEUE_MAX; i++) {
        held[i] = raw_connect();
        raw_send(held[i], frame_of(&(Frame) { OPERATION_HOLD, 1, 0, 0 }, head));
        until_holding(&house, 1);
    }
    /* One is held, the rest is queued once the watcher has read it; it reads in order of arrival.
     */
    EXPECT_OK(echo_once());
    CLEANUP(channel_done) Channel *channel = NULL;
    EXPECT_OK(channel_connect(path, DEADLINE_MS, &channel));
    EXPECT_REFUSED(channel_call(channel, OPERATION_HOLD, SPAN(""), &answer), REFUSED_VAULT_BUSY);
    EXPECT_OK(echo(channel, SPAN("the other lane")));
    gate_open(&house);
    for (size_t i = 0; i < 1 + SLOW_QUEUE_MAX; i++) {
        EXPECT(recv(held[i], head, sizeof(head), MSG_WAITALL) == CHANNEL_FRAME_BYTES);
        close(held[i]);
    }
    EXPECT_OK(channel_call(channel, OPERATION_HOLD, SPAN(""), &answer));
}

static void test_peer_that_closes_in_the_middle_of_its_request(void)
{
    CLEANUP(house_done) House house;
    EXPECT_OK(house_open(&house));
    uint8_t head[CHANNEL_FRAME_BYTES];
    const int fd = raw_connect();
    raw_send(fd, frame_of(&(Frame) { OPERATION_HOLD, 1, 0, 0 }, head));
    until_holding(&house, 1);
    close(fd);
    EXPECT_OK(echo_once());
    gate_open(&house); /* the worker answers nobody, and lives */
    EXPECT_OK(echo_once());
}

/* Else it would overtake what the same peer asked, and was answered, after it gave up. */
static void test_request_that_was_given_up_is_not_begun(void)
{
    CLEANUP(house_done) House house;
    EXPECT_OK(house_open(&house));
    uint8_t head[CHANNEL_FRAME_BYTES];
    CLEANUP(fd_done) const int first = raw_connect();
    raw_send(first, frame_of(&(Frame) { OPERATION_HOLD, 1, 0, 0 }, head));
    until_holding(&house, 1);
    const int given_up = raw_connect();
    raw_send(given_up, frame_of(&(Frame) { OPERATION_HOLD, 1, 0, 0 }, head));
    close(given_up);
    EXPECT_OK(echo_once()); /* the watcher has queued it by now */
    CLEANUP(fd_done) const int last = raw_connect();
    raw_send(last, frame_of(&(Frame) { OPERATION_HOLD, 1, 0, 0 }, head));
    gate_open(&house);
    EXPECT(recv(last, head, sizeof(head), MSG_WAITALL) == CHANNEL_FRAME_BYTES);
    EXPECT(atomic_load(&house.handled) == 3); /* first, echo, last */
}

static void test_request_sent_before_its_turn_waits_for_it(void)
{
    CLEANUP(house_done) House house;
    EXPECT_OK(house_open(&house));
    uint8_t head[CHANNEL_FRAME_BYTES];
    CLEANUP(fd_done) const int fd = raw_connect();
    raw_send(fd, frame_of(&(Frame) { OPERATION_HOLD, 1, 0, 0 }, head));
    until_holding(&house, 1);
    raw_send(fd, frame_of(&(Frame) { OPERATION_ECHO, 2, 0, 0 }, head)); /* while a worker answers */
    EXPECT_OK(echo_once());
    gate_open(&house);
    uint8_t answers[2 * CHANNEL_FRAME_BYTES];
    EXPECT(recv(fd, answers, sizeof(answers), MSG_WAITALL) == (ssize_t)sizeof(answers));
    EXPECT(answers[7] == 1 && answers[CHANNEL_FRAME_BYTES + 7] == 2);
}

static void test_refused_user_is_closed_without_a_word(void)
{
    if (getuid() != 0) {
        printf("SKIPPED: only root can become another user\n");
        return;
    }
    enum { STRANGER = 65534 };
    CLEANUP(house_done) House house;
    EXPECT_OK(house_open(&house));
    house.uid_refused = STRANGER;
    const pid_t child = fork();
    if (child == 0) {
        Channel *channel = NULL;
        uint8_t memory[16];
        Buffer answer = BUFFER_OF(memory);
        if (setgid(STRANGER) != 0 || setuid(STRANGER) != 0) _exit(1);
        if (!status_ok(channel_connect(path, DEADLINE_MS, &channel))) _exit(2);
        const Status s = channel_call(channel, OPERATION_ECHO, SPAN("let me in"), &answer);
        _exit(status_is(s, REFUSED_IPC_CLOSED) ? 0 : 3);
    }
    int result = -1;
    EXPECT(waitpid(child, &result, 0) == child);
    EXPECT(WIFEXITED(result) && WEXITSTATUS(result) == 0);
    EXPECT(atomic_load(&house.handled) == 0);
    EXPECT_OK(echo_once());
}

typedef struct Caller {
    Channel *channel;
    pthread_t thread;
    bool good;
} Caller;

static void *call_often(void *context)
{
    Caller *caller = context;
    caller->good = true;
    for (int i = 0; i < 200; i++)
        caller->good = caller->good && status_ok(echo(caller->channel, SPAN("many at once")));
    return NULL;
}

static void test_sixty_four_connections_at_once_and_one_too_many(void)
{
    CLEANUP(house_done) House house;
    EXPECT_OK(house_open(&house));
    Caller callers[CALLERS];
    for (size_t i = 0; i < CALLERS; i++) {
        EXPECT_OK(channel_connect(path, DEADLINE_MS, &callers[i].channel));
        EXPECT_OK(echo(callers[i].channel, SPAN("in")));
    }
    EXPECT_REFUSED(echo_once(), REFUSED_IPC_CLOSED);
    for (size_t i = 0; i < CALLERS; i++)
        EXPECT(pthread_create(&callers[i].thread, NULL, call_often, &callers[i]) == 0);
    bool good = true;
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        channel_close(callers[i].channel);
        good = good && callers[i].good;
    }
    EXPECT(good);
    EXPECT(atomic_load(&house.handled) == CALLERS * 201);
    Status s = REFUSE(REFUSED_IPC_CLOSED); /* places come back as the watcher sees them closed */
    for (int i = 0; i < 10000 && !status_ok(s); i++)
        s = echo_once();
    EXPECT_OK(s);
}

static void test_stop_from_a_handler_answers_it_first(void)
{
    CLEANUP(house_done) House house;
    CLEANUP(channel_done) Channel *channel = NULL;
    uint8_t memory[16];
    Buffer answer = BUFFER_OF(memory);
    EXPECT_OK(house_open(&house));
    EXPECT_OK(channel_connect(path, DEADLINE_MS, &channel));
    EXPECT_OK(channel_call(channel, OPERATION_STOP, SPAN("bye"), &answer));
    EXPECT(span_equal(span_of_buffer(&answer), SPAN("bye")));
}

static void test_open_and_close_without_running(void)
{
    ServiceConfig config = { .listener_count = 1,
        .lanes = { { "only", 3, 1 } },
        .lane_count = 1,
        .lane_of = lane_of,
        .admit = admit,
        .handle = handle };
    Service *service = NULL;
    EXPECT_OK(service_listen(expect_path("service-test", path), 0600, -1, &config.listeners[0]));
    EXPECT_OK(service_open(&config, &service));
    service_close(service);
    unlink(path);
}

TESTS(TEST(test_calls_of_every_size_come_back), TEST(test_statuses_travel_without_their_payload),
        TEST(test_malformed_frames_end_their_connection_and_no_other),
        TEST(test_truncated_frames_end_with_their_sender),
        TEST(test_bytes_after_a_frame_end_the_connection), TEST(test_slow_sender_blocks_nobody),
        TEST(test_slow_reader_blocks_nobody), TEST(test_full_lane_answers_at_once_and_others_go_on),
        TEST(test_peer_that_closes_in_the_middle_of_its_request),
        TEST(test_request_that_was_given_up_is_not_begun),
        TEST(test_request_sent_before_its_turn_waits_for_it),
        TEST(test_refused_user_is_closed_without_a_word),
        TEST(test_sixty_four_connections_at_once_and_one_too_many),
        TEST(test_stop_from_a_handler_answers_it_first), TEST(test_open_and_close_without_running))
