#define _GNU_SOURCE
#include "run_apart.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

static bool change_user(const Users *users, const RunApart *run)
{
    const uid_t uid = run->user == RUN_VAULT ? users->vault : users->audit;
    const gid_t gid = run->user == RUN_VAULT ? users->vault_group : users->audit_group;
    return setgroups(run->with_sockets ? 1 : 0, &users->sockets) == 0
            && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

/* In the child. */
__attribute__((noreturn)) static void become(const Users *users, const RunApart *run, int said_fd)
{
    static const char *const environment[] = { "PATH=/usr/bin:/bin", "LANG=C.UTF-8",
        "HOME=/nonexistent", NULL };
    const int input = run->input_fd >= 0 ? run->input_fd : open("/dev/null", O_RDONLY);
    const int output = run->output_fd >= 0 ? run->output_fd : said_fd;
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0) _exit(127);
    if (dup2(said_fd, STDERR_FILENO) < 0) _exit(127);
    if (users->separate && !change_user(users, run)) _exit(127);
    execve(run->arguments[0], (char *const *)(uintptr_t)run->arguments,
            run->with_environment ? environ : (char *const *)(uintptr_t)environment);
    _exit(127);
}

static void collect(int fd, Buffer *said)
{
    for (;;) {
        uint8_t chunk[4096];
        const ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n <= 0) return;
        const size_t space = said->capacity - said->size;
        const size_t kept = (size_t)n < space ? (size_t)n : space;
        memcpy(said->data + said->size, chunk, kept);
        said->size += kept;
    }
}

Status run_apart(const Users *users, const RunApart *run, Buffer *said, int *ret_exit)
{
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0, FAULT_SYSTEM);
    const pid_t pid = fork();
    if (pid == 0) become(users, run, ends[1]);
    close(ends[1]);
    if (pid > 0) collect(ends[0], said);
    close(ends[0]);
    int state = 0;
    CHECK(pid > 0 && waitpid(pid, &state, 0) == pid, FAULT_SYSTEM);
    *ret_exit = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    return OK;
}
