#pragma once
/*
 * sandbox_bank: the sandbox bank (programs/sandbank) beside a stand: two processes, one line each,
 * with one book, so that one line can be killed while the other serves. Its folder is
 * <stand>/sandbank.
 */
#include "stand.h"

enum { SANDBOX_LINES = 2 };

typedef struct SandboxBank {
    Stand *stand;
    pid_t pids[SANDBOX_LINES]; /* 0: not running */
    uint16_t ports[SANDBOX_LINES];
} SandboxBank;

/* Set it up for the stand's hufud, start both lines, and start hufud anew with a channel to them.
 * `more`: further settings of the channel, YAML flow ("deadline_ms: 1000"). */
MUST_USE Status sandbox_bank_open(Stand *stand, const char *more, SandboxBank *ret_bank);
/* At the port that it had; waits until it serves. */
MUST_USE Status sandbox_bank_start(SandboxBank *bank, int line);
void sandbox_bank_stop(SandboxBank *bank, int line, int signal);
/* Both lines. */
void sandbox_bank_close(SandboxBank *bank);
/* Execute SQL on the bank's own book: a bank errs, too. */
void sandbox_bank_tamper(const SandboxBank *bank, const char *sql);
/* One number from the bank's own book. */
int64_t sandbox_bank_number(const SandboxBank *bank, const char *sql);
