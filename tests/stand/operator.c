#define _GNU_SOURCE
#include "operator.h"

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 32, OUTPUT_BYTES_MAX = 64 * 1024 };

static char output[OUTPUT_BYTES_MAX];

static void read_output(const Stand *stand)
{
    Buffer text = { (uint8_t *)output, 0, sizeof(output) - 1 };
    IGNORE(file_read(stand_path(stand, "log/hufu.out"), &text), "not there yet: nothing said");
    output[text.size] = '\0';
}

pid_t operator_start(const Stand *stand, const char *const *arguments)
{
    char program[STAND_PATH_BYTES_MAX + 16];
    const char *words[ARGUMENTS_MAX + 2] = { program };
    snprintf(program, sizeof(program), "%s/hufu", stand->programs);
    for (size_t i = 0; arguments[i] != NULL; i++) {
        ASSERT(i < ARGUMENTS_MAX);
        words[i + 1] = arguments[i];
    }
    unlink(stand_path(stand, "log/hufu.out"));
    fflush(NULL);
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid > 0) return pid;
    const int log = open(stand_path(stand, "log/hufu.out"), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(log, 1);
    dup2(log, 2);
    setenv("HUFU_DIRECTORY", stand->folder, 1);
    execv(program, (char *const *)(uintptr_t)words);
    _exit(127);
}

int operator_end(const Stand *stand, pid_t pid)
{
    int state = 0;
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) { }
    read_output(stand);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

void operator_show(const char *title) { fprintf(stderr, "  %s:\n%s\n", title, output); }

bool operator_says(const char *text)
{
    if (strstr(output, text) != NULL) return true;
    fprintf(stderr, "  no '%s' in:\n%s\n", text, output);
    return false;
}

bool operator_said(const Stand *stand, const char *text)
{
    read_output(stand);
    return strstr(output, text) != NULL;
}

bool operator_ended(int exit_status, int wanted)
{
    if (exit_status == wanted) return true;
    fprintf(stderr, "  exit %d, wanted %d:\n%s\n", exit_status, wanted, output);
    return false;
}
