#pragma once
/*
 * machine: vaultd (under its keeper where custodians hold the root) and hufud as `hufu up` and
 * `hufu restore` start them: arguments, users, logs, and what shows that they are ready.
 */
#include "layout.h"
#include "supervise.h"
#include "vault_custody.h"

enum {
    MACHINE_VAULTD = 0,
    MACHINE_HUFUD = 1,
    MACHINE_PROGRAMS = 2,
    MACHINE_VAULTD_WAIT_MS = 60000,
    MACHINE_HUFUD_WAIT_MS = 600000, /* it shows the whole store to vaultd before it serves */
};

typedef struct Machine {
    const Layout *layout;
    const Users *users;
    const VaultCustody *custody;
    int stop_fd; /* readable: somebody wants us to stop */
    Program programs[MACHINE_PROGRAMS];
    char paths[9][PATH_BYTES_MAX];
    char numbers[3][16];
    Supervisor *supervisor;
} Machine;

/* suite: of a fresh vault, or NULL. Starts nothing. */
MUST_USE Status machine_open(const Layout *layout, const Users *users, const VaultCustody *custody,
        const char *suite, int stop_fd, Machine *ret_machine);
void machine_close(Machine *machine);

/* Start and wait until its operator socket answers and, where custodians hold the root, until they
 * opened it. Refuses IPC_TIMEOUT, IPC_CLOSED (stopped, or given up). */
MUST_USE Status machine_start_vaultd(Machine *machine);
/* How often vaultd (its keeper) was started again: custodians are needed anew after it. */
unsigned machine_vaultd_restarts(const Machine *machine);
/* Only start: it waits for vaultd and for people by itself. */
void machine_start_hufud(Machine *machine);
/* Wait until it serves. Says so once when that takes long. Refuses as above. */
MUST_USE Status machine_await_hufud(const Machine *machine, uint16_t *ret_port);
/* Where the hufud of this directory serves now. Faults FAULT_DISK: it does not, or we may not know.
 */
MUST_USE Status machine_port(const char *directory, uint16_t *ret_port);
/* The same of the vault's service. Refuses BYTES_TRUNCATED when it is closed. */
MUST_USE Status machine_service_port(const char *directory, uint16_t *ret_port);
/* The same of the console. */
MUST_USE Status machine_console_port(const char *directory, uint16_t *ret_port);
MUST_USE Status machine_metrics_port(const char *directory, uint16_t *ret_port);
/* Whether it serves now. */
bool machine_serves(const Machine *machine);

/* Wait for the stop descriptor or a program that is given up; true when there is one. -1: for ever.
 */
bool machine_ended(const Machine *machine, int timeout_ms);

/* The last line of the program's log on standard error. */
void machine_last_log(const Machine *machine, const char *name);
