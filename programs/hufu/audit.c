#include "auditor_run.h"

int command_audit_verify(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = {
        { "--directory", OPTION_TEXT, "DIR", "with data/ and checkpoints/ [var]", &directory, 0,
                0 },
    };
    const Usage usage = { "hufu audit verify",
        "Re-check from outside, with public keys alone, that every row is what its batch wrote, "
        "that the\n"
        "log holds what its checkpoints signed (in both places), and that all sums are zero. Runs "
        "the\n"
        "separate program `auditor`; a running system may go on.",
        options, 1 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    Layout layout = { .lock_fd = -1 };
    Users users = { 0 };
    Status s = layout_find(directory, &layout);
    if (status_ok(s)) s = users_find(layout.directory, &users);
    if (!status_ok(s)) return command_failed(directory, s);

    static uint8_t memory[AUDITOR_OUTPUT_BYTES_MAX];
    Buffer output = BUFFER_OF(memory);
    bool verified = false;
    s = auditor_run(&layout, &users, &output, &verified);
    if (!status_ok(s)) return command_failed("auditor", s);
    printf("%.*s", (int)output.size, (const char *)output.data);
    return verified ? EXIT_DONE : EXIT_FAILED;
}
