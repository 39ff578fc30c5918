#define _GNU_SOURCE
#include "cluster.h"

#include "free_port.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAMS "/usr/lib/postgresql/15/bin/"

void cluster_owner(uid_t *ret_uid, gid_t *ret_gid)
{
    *ret_uid = getuid();
    *ret_gid = getgid();
    if (getuid() != 0) return;
    const struct passwd *user = getpwnam("postgres");
    if (user == NULL) user = getpwnam("nobody");
    if (user == NULL) return;
    *ret_uid = user->pw_uid;
    *ret_gid = user->pw_gid;
}

static void become_owner(void)
{
    uid_t uid = 0;
    gid_t gid = 0;
    cluster_owner(&uid, &gid);
    if (getuid() != 0) return;
    if (uid == 0 || setgroups(0, NULL) != 0 || setgid(gid) != 0 || setuid(uid) != 0) _exit(126);
}

static void exec(const char *const *argv)
{
    char program[256];
    snprintf(program, sizeof(program), "%s%s", strchr(argv[0], '/') == NULL ? PROGRAMS : "",
            argv[0]);
    execv(program, (char *const *)(uintptr_t)argv);
    _exit(127);
}

int cluster_run(const char *const *argv, bool as_owner, char *ret_output, size_t capacity)
{
    int ends[2];
    if (pipe(ends) != 0) return -1;
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        if (as_owner) become_owner();
        exec(argv);
    }
    close(ends[1]);
    size_t size = 0;
    char drop[4096];
    for (;;) {
        const bool full = size + 1 >= capacity;
        const ssize_t n = read(ends[0], full ? drop : ret_output + size,
                full ? sizeof(drop) : capacity - 1 - size);
        if (n <= 0) break;
        if (!full) size += (size_t)n;
    }
    close(ends[0]);
    ret_output[size] = '\0';
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Status cluster_start(Cluster *c)
{
    enum { TRIES_MAX = 600, TRY_MS = 50 };
    char data[160];
    char options[300];
    char port[16];
    char log[160];
    snprintf(data, sizeof(data), "%s/data", c->folder);
    snprintf(log, sizeof(log), "%s/postgres.log", c->folder);
    snprintf(options, sizeof(options), "unix_socket_directories=%s", c->folder);
    snprintf(port, sizeof(port), "%d", c->port);
    const char *argv[] = { "postgres", "-D", data, "-p", port, "-c", options, "-c",
        "listen_addresses=127.0.0.1", NULL };
    c->pid = fork();
    if (c->pid == 0) {
        become_owner();
        const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(fd, 1);
        dup2(fd, 2);
        exec(argv);
    }
    for (int i = 0; i < TRIES_MAX; i++) {
        char said[256];
        const char *ready[] = { "pg_isready", "-q", "-h", "127.0.0.1", "-p", port, NULL };
        if (cluster_run(ready, false, said, sizeof(said)) == 0) return OK;
        poll(NULL, 0, TRY_MS);
    }
    return REFUSE(REFUSED_IPC_TIMEOUT);
}

Status cluster_open(Cluster *ret_cluster)
{
    Cluster *c = ret_cluster;
    char data[160];
    char said[4096];
    *c = (Cluster) { .pid = 0 };
    REQUIRE(access(PROGRAMS "postgres", X_OK) == 0, REFUSED_IPC_CLOSED);
    snprintf(c->folder, sizeof(c->folder), "/tmp/hufu-cluster-XXXXXX");
    CHECK(mkdtemp(c->folder) != NULL, FAULT_SYSTEM);
    const struct passwd *user = getuid() == 0 ? getpwnam("postgres") : NULL;
    if (user != NULL) CHECK(chown(c->folder, user->pw_uid, user->pw_gid) == 0, FAULT_SYSTEM);
    snprintf(data, sizeof(data), "%s/data", c->folder);
    const char *argv[] = { "initdb", "-D", data, "-A", "trust", "-U", "app", "-E", "UTF8",
        "--locale=C", NULL };
    CHECK(cluster_run(argv, true, said, sizeof(said)) == 0, FAULT_SYSTEM);
    c->port = free_port();
    return cluster_start(c);
}

void cluster_kill(Cluster *c)
{
    if (c->pid <= 0) return;
    kill(c->pid, SIGKILL);
    waitpid(c->pid, NULL, 0);
    c->pid = 0;
}

void cluster_close(Cluster *c)
{
    char said[256];
    if (c->pid > 0) {
        kill(c->pid, SIGQUIT); /* immediate shutdown */
        waitpid(c->pid, NULL, 0);
    }
    if (c->folder[0] == '\0') return;
    const char *argv[] = { "/bin/rm", "-rf", c->folder, NULL };
    (void)cluster_run(argv, false, said, sizeof(said));
}

const char *cluster_url(const Cluster *c, const char *name, char ret_url[128])
{
    snprintf(ret_url, 128, "postgres://app@127.0.0.1:%d/%s", c->port, name);
    return ret_url;
}
