#define _GNU_SOURCE
#include "auditor_run.h"

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 16 };

/* In the child. */
__attribute__((noreturn)) static void become(
        const Users *users, const char *const *arguments, int output_fd)
{
    if (dup2(output_fd, STDOUT_FILENO) < 0 || dup2(output_fd, STDERR_FILENO) < 0) _exit(127);
    if (users->separate) {
        if (setgroups(0, NULL) != 0) _exit(127);
        if (setresgid(users->audit_group, users->audit_group, users->audit_group) != 0) _exit(127);
        if (setresuid(users->audit, users->audit, users->audit) != 0) _exit(127);
    }
    execv(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(127);
}

static void collect(int fd, Buffer *output)
{
    for (;;) {
        uint8_t chunk[4096];
        const ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n <= 0) return;
        const size_t space = output->capacity - output->size;
        const size_t kept = (size_t)n < space ? (size_t)n : space;
        memcpy(output->data + output->size, chunk, kept);
        output->size += kept;
    }
}

Status auditor_run(const Layout *l, const Users *users, Buffer *ret_output, bool *ret_verified)
{
    char program[PATH_BYTES_MAX];
    char database[PATH_BYTES_MAX];
    char checkpoints[PATH_BYTES_MAX];
    char second[PATH_BYTES_MAX];
    char keys[PATH_BYTES_MAX];
    const char *const arguments[ARGUMENTS_MAX] = {
        path_in(program, l->programs, "auditor"),
        "--database",
        path_in(database, l->directory, PATH_DATABASE),
        "--checkpoints",
        path_in(checkpoints, l->directory, "checkpoints"),
        "--second",
        path_in(second, l->directory, "second"),
        "--keys",
        path_in(keys, l->directory, PATH_KEYS),
    };
    int ends[2];
    CHECK(pipe2(ends, 0) == 0, FAULT_SYSTEM);
    const pid_t pid = fork();
    if (pid == 0) become(users, arguments, ends[1]);
    close(ends[1]);
    if (pid > 0) collect(ends[0], ret_output);
    close(ends[0]);
    int state = 0;
    CHECK(pid > 0 && waitpid(pid, &state, 0) == pid, FAULT_SYSTEM);
    *ret_verified = WIFEXITED(state) && WEXITSTATUS(state) == 0;
    return OK;
}
