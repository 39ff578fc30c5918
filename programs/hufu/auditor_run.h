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
