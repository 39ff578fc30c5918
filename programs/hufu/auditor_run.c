#include "auditor_run.h"

#include "run_apart.h"

enum { ARGUMENTS_MAX = 32, LOOK_ARGUMENTS = 11 };

Status auditor_run_with(const Layout *l, const Users *users, const char *const *more, size_t count,
        int output_fd, Buffer *said, int *ret_exit)
{
    char program[PATH_BYTES_MAX];
    char database[PATH_BYTES_MAX];
    char checkpoints[PATH_BYTES_MAX];
    char second[PATH_BYTES_MAX];
    char reports[PATH_BYTES_MAX];
    char keys[PATH_BYTES_MAX];
    const char *arguments[ARGUMENTS_MAX] = {
        path_in(program, l->programs, "auditor"),
        "--database",
        path_in(database, l->directory, PATH_DATABASE),
        "--checkpoints",
        path_in(checkpoints, l->directory, "checkpoints"),
        "--second",
        path_in(second, l->directory, "second"),
        "--reports",
        path_in(reports, l->directory, PATH_REPORTS),
        "--keys",
        path_in(keys, l->directory, PATH_KEYS),
    };
    ASSERT(count < ARGUMENTS_MAX - LOOK_ARGUMENTS);
    for (size_t i = 0; i < count; i++)
        arguments[LOOK_ARGUMENTS + i] = more[i];
    const RunApart run = { .arguments = arguments, .input_fd = -1, .output_fd = output_fd };
    return run_apart(users, &run, said, ret_exit);
}

Status auditor_run(const Layout *l, const Users *users, Buffer *ret_output, bool *ret_verified)
{
    int ended = -1;
    TRY(auditor_run_with(l, users, NULL, 0, -1, ret_output, &ended));
    *ret_verified = ended == 0;
    return OK;
}
