/*
 * keeper: the parent of vaultd under custodians. It keeps the root key while vaultd is gone for a
 * moment, so that a crash needs no people; it does nothing else.
 *
 *   keeper VAULTD ARGUMENTS...
 *
 * It starts VAULTD with --keeper-fd 3, gives the root over that socket to this child alone, and
 * starts it again when it was killed or failed, at most STARTS_MAX times in a row without having
 * served. A child that ends well, or SIGTERM, ends the keeper; the root is wiped. The memory is
 * locked, in no core dump, and nobody of our own user may look into it.
 */
#define _GNU_SOURCE
#include "base/log.h"
#include "base/secret.h"
#include "keys/keeper_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_FD = 3, ARGUMENTS_MAX = 64, STARTS_MAX = 5, AGAIN_MS = 200 };

typedef struct Keeper {
    Secret *root; /* in a page of its own */
    int signals;
    pid_t child;
    int socket;
    int failures; /* in a row, without a question in between */
    bool stops;
} Keeper;

static Status harden(Keeper *k)
{
    const struct rlimit none = { 0, 0 };
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    umask(077);
    CHECK(setrlimit(RLIMIT_CORE, &none) == 0, FAULT_SYSTEM);
    CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, FAULT_SYSTEM);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, FAULT_SYSTEM);
    k->root = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(k->root != MAP_FAILED, FAULT_MEMORY);
    CHECK(mlock(k->root, page) == 0, FAULT_SYSTEM);
    CHECK(madvise(k->root, page, MADV_DONTDUMP) == 0, FAULT_SYSTEM);
    CHECK(madvise(k->root, page, MADV_WIPEONFORK) == 0, FAULT_SYSTEM);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0, FAULT_SYSTEM);
    k->signals = signalfd(-1, &set, SFD_CLOEXEC);
    CHECK(k->signals >= 0, FAULT_SYSTEM);
    return OK;
}

/* In the child: it dies with us, and the root is not in its memory (MADV_WIPEONFORK). */
static void become(char **arguments, int socket_fd)
{
    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) return;
    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) return;
    if (socket_fd == CHILD_FD) {
        if (fcntl(CHILD_FD, F_SETFD, 0) != 0) return;
    } else if (dup2(socket_fd, CHILD_FD) != CHILD_FD) {
        return;
    }
    execv(arguments[0], arguments);
}

static Status start(Keeper *k, char **arguments)
{
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, FAULT_IPC);
    k->child = fork();
    if (k->child == 0) {
        become(arguments, pair[1]);
        _exit(127);
    }
    close(pair[1]);
    k->socket = pair[0];
    CHECK(k->child > 0, FAULT_SYSTEM);
    LOG(LOG_INFO, "keeper.started", LOG_NUMBER(PID, k->child));
    return OK;
}

static void answer(Keeper *k, uint8_t kind, Span bytes)
{
    uint8_t memory[KEEPER_MESSAGE_BYTES_MAX];
    memory[0] = kind;
    if (bytes.size > 0) memcpy(memory + 1, bytes.data, bytes.size);
    if (send(k->socket, memory, 1 + bytes.size, MSG_NOSIGNAL) < 0)
        LOG(LOG_WARNING, "keeper.unheard");
    bytes_wipe(memory, sizeof(memory));
}

/* One question of the child; false when it has closed its end, as it does before it serves. */
static bool serve(Keeper *k)
{
    uint8_t memory[KEEPER_MESSAGE_BYTES_MAX];
    const Span none = { NULL, 0 };
    const ssize_t size = recv(k->socket, memory, sizeof(memory), 0);
    if (size <= 0) return false;
    if (size == 1 && memory[0] == KEEPER_GET) {
        const bool has = k->root->size == KEEPER_ROOT_BYTES;
        answer(k, has ? KEEPER_ROOT : KEEPER_NONE, has ? secret_span(k->root) : none);
    } else if (size == KEEPER_MESSAGE_BYTES_MAX && memory[0] == KEEPER_PUT) {
        IGNORE(secret_set(k->root, (Span) { memory + 1, KEEPER_ROOT_BYTES }), "it fits");
        k->failures = 0;
        answer(k, KEEPER_KEPT, none);
    }
    bytes_wipe(memory, sizeof(memory));
    return true;
}

static void take_signal(Keeper *k)
{
    struct signalfd_siginfo info;
    if (read(k->signals, &info, sizeof(info)) != sizeof(info)) return;
    if (info.ssi_signo == SIGCHLD) return;
    k->stops = true;
    kill(k->child, SIGTERM);
}

/* Until the child is gone; its wait status. */
static int watch(Keeper *k)
{
    for (;;) {
        int status = 0;
        struct pollfd waits[2] = { { .fd = k->signals, .events = POLLIN },
            { .fd = k->socket, .events = POLLIN } };
        if (waitpid(k->child, &status, WNOHANG) == k->child) return status;
        if (poll(waits, 2, -1) < 0 && errno != EINTR) return -1;
        if ((waits[0].revents & POLLIN) != 0) take_signal(k);
        if (waits[1].revents == 0 || serve(k)) continue;
        close(k->socket);
        k->socket = -1; /* poll leaves it out */
        k->failures = 0; /* it serves */
    }
}

/* Is it to be started again? One that ended well, or that refuses to start, is not. */
static bool goes_on(Keeper *k, int status)
{
    if (k->stops || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return false;
    LOG(LOG_ALERT, "keeper.child_gone",
            LOG_NUMBER(SIGNAL, WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    k->failures++;
    if (k->failures >= STARTS_MAX) return false;
    struct pollfd wait = { .fd = k->signals, .events = POLLIN };
    if (poll(&wait, 1, AGAIN_MS) == 1) take_signal(k); /* told to stop meanwhile, or old news */
    return !k->stops;
}

static Status keep(Keeper *k, char **arguments, int *ret_status)
{
    TRY(harden(k));
    do {
        TRY(start(k, arguments));
        *ret_status = watch(k);
        if (k->socket >= 0) close(k->socket);
    } while (goes_on(k, *ret_status));
    return OK;
}

int main(int argc, char **argv)
{
    char *arguments[ARGUMENTS_MAX + 3] = { NULL };
    char option[] = "--keeper-fd";
    char number[] = "3";
    log_open("keeper", LOG_INFO, STDERR_FILENO);
    if (argc < 2 || argc > ARGUMENTS_MAX) {
        static const char usage[] = "usage: keeper VAULTD ARGUMENTS...\n";
        return write(STDERR_FILENO, usage, sizeof(usage) - 1) < 0 ? EXIT_FAILURE : 2;
    }
    for (int i = 1; i < argc; i++)
        arguments[i - 1] = argv[i];
    arguments[argc - 1] = option;
    arguments[argc] = number;
    Keeper k = { .signals = -1, .socket = -1 };
    int status = 0;
    const Status s = keep(&k, arguments, &status);
    if (k.root != NULL && k.root != MAP_FAILED) secret_wipe(k.root);
    if (!status_ok(s)) LOG_STATUS(LOG_ERROR, "keeper.failed", s);
    LOG(LOG_INFO, "keeper.stopped");
    return status_ok(s) && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
