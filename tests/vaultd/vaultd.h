#pragma once
/* vaultd: the real program in a fresh directory, asked over its sockets. For flows and
 * benchmarks. */
#include "ipc/channel.h"
#include "vault/vault_test_house.h"

#include <sys/types.h>

typedef struct Vaultd {
    char directory[64];
    char socket[96];
    char operator_socket[96];
    pid_t pid;
    Channel *channel;
    Channel *operator_channel;
} Vaultd;

/* Start it and show it an empty store. field_suite: as --field-suite, NULL for the suite's own. */
House *vaultd_open(Vaultd *ret_vaultd, const char *suite, const char *field_suite);
/* Stop it and start it again over the same files. */
void vaultd_restart(Vaultd *vaultd, House *house, const char *suite, const char *field_suite);
/* kill -9, and start again. */
void vaultd_kill(Vaultd *vaultd, House *house, const char *suite);
void vaultd_close(Vaultd *vaultd, House *house);
/* The memory it holds. */
double vaultd_rss_mb(const Vaultd *vaultd);
