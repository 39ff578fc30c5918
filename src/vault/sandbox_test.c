/* Goal: after sandbox_close() each forbidden act ends the process, and vaultd's work goes on.
 * Method: one child per act, which must die of SIGSYS; the same act without the sandbox must not.
 * Then a child that serves calls, writes a journal and computes inside its sandbox, while we call
 * it. */
#define _GNU_SOURCE
#include "base/expect.h"
#include "crypto/digest.h"
#include "ipc/channel.h"
#include "ipc/service.h"
#include "journal/journal.h"
#include "vault/sandbox.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int old_socket; /* made before the sandbox */
static char path[EXPECT_PATH_BYTES];
static char created[EXPECT_PATH_BYTES];

static void act_socket(void) { (void)socket(AF_INET, SOCK_STREAM, 0); }
static void act_local_socket(void) { (void)socket(AF_UNIX, SOCK_STREAM, 0); }
static void act_connect(void)
{
    const struct sockaddr_un nobody = { .sun_family = AF_UNIX, .sun_path = "/nonexistent/socket" };
    (void)connect(old_socket, (const struct sockaddr *)&nobody, sizeof(nobody));
}
static void act_bind(void)
{
    const struct sockaddr_un unnamed = { .sun_family = AF_UNIX };
    (void)bind(old_socket, (const struct sockaddr *)&unnamed, sizeof(sa_family_t));
}
static void act_listen(void) { (void)listen(old_socket, 1); }
static void act_execve(void)
{
    char *const argv[] = { "/nonexistent", NULL };
    char *const none[] = { NULL };
    (void)execve(argv[0], argv, none);
}
static void act_execveat(void) { (void)syscall(SYS_execveat, -1, "", NULL, NULL, AT_EMPTY_PATH); }
static void act_open(void) { (void)syscall(SYS_open, "/etc/passwd", O_RDONLY); }
static void act_openat(void) { (void)openat(AT_FDCWD, "/etc/passwd", O_RDONLY); }
static void act_openat2(void) { (void)syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0); }
static void act_create(void) { (void)creat(created, 0600); }
static void act_unlink(void) { (void)unlink(created); }
static void act_rename(void) { (void)rename("/nonexistent/a", "/nonexistent/b"); }
static void act_ptrace(void) { (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL); }
static void act_read_memory(void) { (void)process_vm_readv(getppid(), NULL, 0, NULL, 0, 0); }
static void act_write_memory(void) { (void)process_vm_writev(getppid(), NULL, 0, NULL, 0, 0); }
static void act_fork(void)
{
    if (fork() == 0) _exit(0);
}
static void act_signal_another(void) { (void)kill(getppid(), 0); }
static void act_tgkill_another(void) { (void)syscall(SYS_tgkill, getppid(), getppid(), 0); }
static void act_io_uring(void) { (void)syscall(SYS_io_uring_setup, 0, NULL); }
static void act_setuid(void) { (void)!setuid(getuid()); }
static void act_make_executable(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)mprotect(page, 4096, PROT_READ | PROT_EXEC);
}
static void act_map_executable(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void act_stat_path(void) { (void)syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", NULL, 0); }

typedef struct Act {
    const char *name;
    void (*run)(void);
} Act;

#define ACT(name)         \
    {                     \
#name, act_##name \
    }
static const Act forbidden[] = { ACT(socket), ACT(local_socket), ACT(connect), ACT(bind),
    ACT(listen), ACT(execve), ACT(execveat), ACT(open), ACT(openat), ACT(openat2), ACT(create),
    ACT(unlink), ACT(rename), ACT(ptrace), ACT(read_memory), ACT(write_memory), ACT(fork),
    ACT(signal_another), ACT(tgkill_another), ACT(io_uring), ACT(setuid), ACT(make_executable),
    ACT(map_executable), ACT(stat_path) };

/* How a child ends that does this: 0 when it lives, else its signal; -1: it could not close the
 * sandbox. */
static int ending(void (*act)(void), bool sandboxed)
{
    old_socket = socket(AF_UNIX, SOCK_STREAM, 0);
    const pid_t child = fork();
    if (child == 0) {
        if (sandboxed && !status_ok(sandbox_close())) _exit(1);
        act();
        _exit(0);
    }
    int result = -1;
    ASSERT(waitpid(child, &result, 0) == child);
    close(old_socket);
    if (WIFSIGNALED(result)) return WTERMSIG(result);
    return WEXITSTATUS(result) == 0 ? 0 : -1;
}

static void test_every_forbidden_act_is_killed(void)
{
    expect_path("sandbox-created", created);
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        const int with = ending(forbidden[i].run, true);
        const int without = ending(forbidden[i].run, false);
        if (with != SIGSYS || without != 0)
            fprintf(stderr, "%s: %d with, %d without the sandbox\n", forbidden[i].name, with,
                    without);
        EXPECT(with == SIGSYS && without == 0);
    }
    (void)unlink(created);
}

/* --- other threads --- */

static pthread_barrier_t closed;

static void *thread_socket(void *context)
{
    (void)context;
    pthread_barrier_wait(&closed);
    act_socket();
    pthread_barrier_wait(&closed);
    return NULL;
}

static void test_threads_that_ran_before_are_inside_too(void)
{
    const pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_barrier_init(&closed, NULL, 2);
        if (pthread_create(&thread, NULL, thread_socket, NULL) != 0) _exit(1);
        if (!status_ok(sandbox_close())) _exit(2);
        pthread_barrier_wait(&closed);
        pthread_barrier_wait(&closed);
        _exit(0);
    }
    int result = -1;
    EXPECT(waitpid(child, &result, 0) == child);
    EXPECT(WIFSIGNALED(result) && WTERMSIG(result) == SIGSYS);
}

/* --- what goes on --- */

static int compare_bytes(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

static void act_allowed(void)
{
    for (size_t size = 16; size <= 8 * 1024 * 1024; size *= 4) { /* brk and mmap */
        uint8_t *bytes = malloc(size);
        if (bytes == NULL) _exit(10);
        memset(bytes, (int)size, size);
        qsort(bytes, size < 65536 ? size : 65536, 1, compare_bytes);
        free(bytes);
    }
    uint8_t bytes[32];
    const Random random = random_system();
    const Clock clock = clock_system();
    const time_t now = time(NULL);
    struct tm parts;
    if (!status_ok(random_fill(&random, bytes, sizeof(bytes)))) _exit(11);
    if (clock_now_us(&clock) == 0 || localtime_r(&now, &parts) == NULL) _exit(12);
    sha256(SPAN("still computing"), bytes);
    if (fprintf(stderr, "%s", "") < 0 || getpid() == 0) _exit(13);
}

static void act_assert(void)
{
    fclose(stderr); /* it would look like a failure of ours */
    ASSERT(bytes_equal_ct("a", "b", 1));
}

static void test_allowed_acts_go_on(void)
{
    EXPECT(ending(act_allowed, true) == 0);
    EXPECT(ending(act_assert, true) == SIGABRT); /* an ASSERT still ends us by its own name */
}

typedef struct Inside {
    Journal *journal;
    Service *service;
} Inside;

static Status replay(void *context, uint16_t kind, Span payload)
{
    (void)context;
    return kind == 1 && payload.size > 0 ? OK : BROKEN(FAULT_JOURNAL);
}
static Status snapshot(void *context, Journal *journal)
{
    (void)context;
    return journal_snapshot_put(journal, 1, SPAN("the whole state"));
}
static int lane_of(uint8_t operation) { return operation <= 2 ? 0 : -1; }
static bool admit(void *context, const ServicePeer *peer)
{
    (void)context;
    return peer->uid == getuid();
}

/* Operation 1: journal the request, answer its digest. Operation 2: stop. */
static Status handle(void *context, const ServicePeer *peer, uint8_t operation, Span request,
        Buffer *ret_payload)
{
    (void)peer;
    Inside *inside = context;
    uint64_t position = 0;
    uint8_t digest[DIGEST_SHA256_BYTES];
    if (operation == 2) service_stop(inside->service);
    TRY(journal_append(inside->journal, 1, request, &position));
    TRY(journal_sync(inside->journal, position));
    sha256(request, digest);
    return buffer_put(ret_payload, SPAN_OF(digest));
}

static Status open_inside(Inside *inside)
{
    char names[2][40] = { "/tmp/hufu_sandbox_journal_XXXXXX", "/tmp/hufu_sandbox_journal_XXXXXX" };
    JournalConfig journal = { .segment_bytes = 64 * 1024, .replay = replay, .snapshot = snapshot };
    const Secret key = { .size = 32 };
    for (size_t i = 0; i < 2; i++) {
        const int fd = mkstemp(names[i]);
        CHECK(fd >= 0 && unlink(names[i]) == 0, FAULT_DISK);
        journal.segments[i] = disk_of_fd(fd);
    }
    journal.key = &key;
    TRY(journal_open(&journal, &inside->journal));
    ServiceConfig service = { .listener_count = 1,
        .lanes = { { "seal", 2, 16 } },
        .lane_count = 1,
        .lane_of = lane_of,
        .lane_full = REFUSE(REFUSED_VAULT_BUSY),
        .admit = admit,
        .handle = handle,
        .context = inside };
    TRY(service_listen(path, 0600, -1, &service.listeners[0]));
    return service_open(&service, &inside->service);
}

static _Noreturn void live_inside(int ready)
{
    Inside inside = { NULL, NULL };
    if (!status_ok(open_inside(&inside))) _exit(1);
    if (!status_ok(sandbox_close())) _exit(2);
    if (write(ready, "r", 1) != 1) _exit(3);
    if (!status_ok(service_run(inside.service))) _exit(4);
    service_close(inside.service);
    journal_close(inside.journal);
    _exit(0);
}

static void test_service_and_journal_work_inside(void)
{
    enum { CALLS = 600 }; /* enough for several switches of the journal's segments */
    int ready[2];
    char byte = 0;
    EXPECT(pipe(ready) == 0);
    expect_path("sandbox-test", path);
    const pid_t child = fork();
    if (child == 0) live_inside(ready[1]);
    close(ready[1]); /* ours: so that its death ends the read */
    EXPECT(read(ready[0], &byte, 1) == 1);
    close(ready[0]);

    Channel *channel = NULL;
    uint8_t request[1000] = { 1 };
    uint8_t wanted[DIGEST_SHA256_BYTES];
    sha256(SPAN_OF(request), wanted);
    EXPECT_OK(channel_connect(path, 10000, &channel));
    for (int i = 0; i <= CALLS; i++) {
        uint8_t memory[64];
        Buffer answer = BUFFER_OF(memory);
        EXPECT_OK(channel_call(channel, i < CALLS ? 1 : 2, SPAN_OF(request), &answer));
        EXPECT(span_equal(span_of_buffer(&answer), SPAN_OF(wanted)));
    }
    channel_close(channel);
    int result = -1;
    EXPECT(waitpid(child, &result, 0) == child);
    EXPECT(WIFEXITED(result) && WEXITSTATUS(result) == 0);
    unlink(path);
}

enum { PIECES = 1500, PIECE_BYTES = 60000 };

/* Grow a thread's memory far and give it back: by default glibc then looks into /proc. */
static void *grow_and_shrink(void *context)
{
    static void *pieces[PIECES];
    char byte = 0;
    if (read(*(const int *)context, &byte, 1) != 1) return NULL;
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = malloc(PIECE_BYTES);
        if (pieces[i] != NULL) memset(pieces[i], 1, PIECE_BYTES);
    }
    for (size_t i = 0; i < PIECES; i++)
        free(pieces[PIECES - 1 - i]);
    return context;
}

static _Noreturn void shrink_inside(void)
{
    int go[2];
    pthread_t thread;
    void *result = NULL;
    if (!status_ok(sandbox_begin()) || pipe(go) != 0) _exit(1);
    if (pthread_create(&thread, NULL, grow_and_shrink, &go[0]) != 0) _exit(2);
    if (!status_ok(sandbox_close())) _exit(3);
    if (write(go[1], "g", 1) != 1) _exit(4);
    if (pthread_join(thread, &result) != 0 || result == NULL) _exit(5);
    _exit(0);
}

static void test_memory_of_threads_grows_and_shrinks(void)
{
    const pid_t child = fork();
    if (child == 0) shrink_inside();
    int result = -1;
    EXPECT(waitpid(child, &result, 0) == child);
    EXPECT(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

TESTS(TEST(test_memory_of_threads_grows_and_shrinks), TEST(test_every_forbidden_act_is_killed),
        TEST(test_threads_that_ran_before_are_inside_too), TEST(test_allowed_acts_go_on),
        TEST(test_service_and_journal_work_inside))
