#define _GNU_SOURCE
#include "supervise.h"

#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECOND_US = 1000000 };

typedef struct Watched {
    _Atomic bool wanted;
    _Atomic pid_t pid;
    _Atomic unsigned restarts;
    int pidfd; /* -1: does not run */
    int64_t died_us[SUPERVISE_RESTARTS_MAX]; /* a ring of the last deaths */
    size_t deaths;
} Watched;

struct Supervisor {
    const Program *programs;
    size_t count;
    Watched watched[SUPERVISE_PROGRAMS_MAX];
    pthread_t thread;
    int wake_fd; /* to the thread: look again */
    int event_fd; /* from the thread: given up */
    _Atomic bool stopping;
    _Atomic(const char *) given_up;
    _Atomic bool ended_well;
};

static void signal_event(int fd)
{
    const uint64_t one = 1;
    const ssize_t n = write(fd, &one, sizeof(one));
    (void)n; /* full means that it is readable already */
}

/* In the child, between fork and exec: only what POSIX allows there. */
__attribute__((noreturn)) static void become(const Program *program, int log_fd, int null_fd)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0,
            0); /* Ctrl-C goes to the terminal's group: we alone hear it, and stop them in order */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    if (dup2(null_fd, STDIN_FILENO) < 0 || dup2(log_fd, STDOUT_FILENO) < 0) _exit(127);
    if (dup2(log_fd, STDERR_FILENO) < 0) _exit(127);
    if (program->change_user) {
        if (setgroups(1, &program->group) != 0) _exit(127);
        if (setresgid(program->gid, program->gid, program->gid) != 0) _exit(127);
        if (setresuid(program->uid, program->uid, program->uid) != 0) _exit(127);
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* after the change of user, which would clear it */
    umask(program->change_user ? 027 : 077);
    execv(program->arguments[0], (char *const *)(uintptr_t)program->arguments);
    static const char sorry[] = "hufu: the program could not be executed\n";
    const ssize_t n = write(STDERR_FILENO, sorry, sizeof(sorry) - 1);
    (void)n;
    _exit(127);
}

static void give_up(Supervisor *s, size_t index)
{
    s->watched[index].wanted = false;
    s->given_up = s->programs[index].name;
    signal_event(s->event_fd);
}

static void launch(Supervisor *s, size_t index)
{
    const Program *program = &s->programs[index];
    Watched *watched = &s->watched[index];
    const int log_fd = open(program->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const pid_t pid = log_fd < 0 || null_fd < 0 ? -1 : fork();
    if (pid == 0) become(program, log_fd, null_fd);
    if (log_fd >= 0) close(log_fd);
    if (null_fd >= 0) close(null_fd);
    if (pid < 0) {
        give_up(s, index);
        return;
    }
    watched->pid = pid;
    watched->pidfd = pidfd_open(pid, 0);
}

static void say_death(const char *name, int state)
{
    char how[64] = "ended";
    if (WIFSIGNALED(state))
        snprintf(how, sizeof(how), "was killed by signal %d (%s)", WTERMSIG(state),
                sigabbrev_np(WTERMSIG(state)));
    if (WIFEXITED(state)) snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(state));
    fprintf(stderr, "hufu: %s %s\n", name, how);
}

/* A program died: start it again, unless it dies too often. */
static void buried(Supervisor *s, size_t index)
{
    Watched *watched = &s->watched[index];
    close(watched->pidfd);
    watched->pidfd = -1;
    int state = 0;
    waitpid(watched->pid, &state, 0);
    watched->pid = 0;
    if (s->stopping) return;
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0) {
        s->ended_well = true;
        give_up(s, index);
        return;
    }
    const int replaced = s->programs[index].replaced_exit;
    if (replaced != 0 && WIFEXITED(state) && WEXITSTATUS(state) == replaced) {
        watched->wanted = false;
        fprintf(stderr, "hufu: %s ended: another one serves now, and it is not started again\n",
                s->programs[index].name);
        return;
    }

    const int64_t now_us = monotonic_us();
    int64_t *oldest = &watched->died_us[watched->deaths % SUPERVISE_RESTARTS_MAX];
    const bool too_often = watched->deaths >= SUPERVISE_RESTARTS_MAX
            && now_us - *oldest < (int64_t)SUPERVISE_WINDOW_S * SECOND_US;
    *oldest = now_us;
    watched->deaths++;
    if (too_often) {
        say_death(s->programs[index].name, state);
        give_up(s, index);
        return;
    }
    say_death(s->programs[index].name, state);
    watched->restarts++;
    launch(s, index);
}

/* Wait for this program's end, at most until the deadline. */
static bool await_end(const Watched *watched, int timeout_ms)
{
    struct pollfd end = { watched->pidfd, POLLIN, 0 };
    return poll(&end, 1, timeout_ms) == 1;
}

static void stop_all(Supervisor *s)
{
    for (size_t i = s->count; i-- > 0;) {
        Watched *watched = &s->watched[i];
        if (watched->pidfd < 0) continue;
        pidfd_send_signal(watched->pidfd, SIGTERM, NULL, 0);
        if (!await_end(watched, SUPERVISE_STOP_S_MAX * 1000)) {
            pidfd_send_signal(watched->pidfd, SIGKILL, NULL, 0);
            await_end(watched, -1);
        }
        buried(s, i);
    }
}

static void *watch(void *argument)
{
    Supervisor *s = argument;
    while (!s->stopping) {
        struct pollfd fds[SUPERVISE_PROGRAMS_MAX + 1];
        fds[s->count] = (struct pollfd) { s->wake_fd, POLLIN, 0 };
        for (size_t i = 0; i < s->count; i++) {
            Watched *watched = &s->watched[i];
            if (watched->wanted && watched->pidfd < 0 && s->given_up == NULL) launch(s, i);
            fds[i] = (struct pollfd) { watched->pidfd, POLLIN, 0 }; /* -1 is skipped by poll */
        }
        if (poll(fds, s->count + 1, -1) < 0 && errno != EINTR) break;
        uint64_t drained = 0;
        const ssize_t n = read(s->wake_fd, &drained, sizeof(drained));
        (void)n; /* non-blocking: nothing to drain is fine */
        for (size_t i = 0; i < s->count; i++) {
            if (fds[i].revents != 0 && s->watched[i].pidfd >= 0) buried(s, i);
        }
    }
    stop_all(s);
    return NULL;
}

Status supervisor_open(const Program *programs, size_t count, Supervisor **ret_supervisor)
{
    ASSERT(count <= SUPERVISE_PROGRAMS_MAX);
    Supervisor *s = calloc(1, sizeof(*s));
    CHECK(s != NULL, FAULT_MEMORY);
    s->programs = programs;
    s->count = count;
    for (size_t i = 0; i < count; i++)
        s->watched[i].pidfd = -1;
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->wake_fd < 0 || s->event_fd < 0 || pthread_create(&s->thread, NULL, watch, s) != 0) {
        if (s->wake_fd >= 0) close(s->wake_fd);
        if (s->event_fd >= 0) close(s->event_fd);
        free(s);
        return BROKEN(FAULT_SYSTEM);
    }
    *ret_supervisor = s;
    return OK;
}

void supervisor_start(Supervisor *s, size_t index)
{
    ASSERT(index < s->count);
    s->watched[index].wanted = true;
    signal_event(s->wake_fd);
}

pid_t supervisor_pid(const Supervisor *s, size_t index) { return s->watched[index].pid; }

unsigned supervisor_restarts(const Supervisor *s, size_t index)
{
    return s->watched[index].restarts;
}

const char *supervisor_given_up(const Supervisor *s) { return s->given_up; }

bool supervisor_ended_well(const Supervisor *s) { return s->ended_well; }

int supervisor_event_fd(const Supervisor *s) { return s->event_fd; }

void supervisor_stop(Supervisor **supervisor)
{
    Supervisor *s = *supervisor;
    if (s == NULL) return;
    *supervisor = NULL;
    s->stopping = true;
    signal_event(s->wake_fd);
    pthread_join(s->thread, NULL);
    close(s->wake_fd);
    close(s->event_fd);
    free(s);
}

bool socket_listens(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(address.sun_path)) return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const bool listens = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return listens;
}
