#pragma once
/*
 * auditor_run: start the auditor on a directory's ledger, as its own user where there is one. It
 * re-checks rows, sums, checkpoints and the log with public keys alone, and never writes.
 */
#include "layout.h"

enum { AUDITOR_OUTPUT_BYTES_MAX = 64 * 1024 };

/* ret_output  what it printed, appended. ret_verified is false when it found something, or could
 * not look. */
MUST_USE Status auditor_run(
        const Layout *layout, const Users *users, Buffer *ret_output, bool *ret_verified);

/* The same with `count` further arguments; what it prints goes to `output_fd`, what it complains of
 * to `said`. *ret_exit is its exit status (0 nothing found, 1 findings, 2 could not look). */
MUST_USE Status auditor_run_with(const Layout *layout, const Users *users, const char *const *more,
        size_t count, int output_fd, Buffer *said, int *ret_exit);
