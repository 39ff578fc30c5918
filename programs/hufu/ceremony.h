#pragma once
/*
 * ceremony: have vaultd make the keys of a new vault and give the root into custody, or turn the
 * root of a vault that has keys. vaultd does it
 * (it alone has keys); this opens the files in which the custodians want their shares, so that each
 * is written where its owner said and nowhere else.
 */
#include "command.h"
#include "users.h"

/* Of a turn of the root (`hufu key turn-root`): where the old one comes from, and who agreed. */
typedef struct CeremonyTurn {
    const char *custody; /* as vaultd calls it */
    const char *module, *token, *pin_file; /* unattended */
    const char *operator_socket; /* custodians hand in their shares there */
    uid_t operator_uid;
    int approvals_fd; /* vaultd reads two approvals from it */
} CeremonyTurn;

typedef struct Ceremony {
    const char *vault; /* its directory, there already */
    const char *custody; /* as vaultd calls it */
    const char *suite; /* NULL: vaultd's own default */
    const char *record; /* a new file, or "-" */
    const char *module, *token, *pin_file; /* unattended */
    bool development;
    int64_t needed; /* custodians: how many must come */
    OptionList shares; /* custodians: a new file for each; "-" shows it on standard output, once */
    OptionList who;
    const CeremonyTurn *turn; /* NULL: the first ceremony, which makes the keys */
} Ceremony;

/* `programs`: where vaultd lies. It runs as its own user where there is one; what it says goes to
 * standard error. Faults FAULT_DISK (a file is not new; said aloud), FAULT_VAULT (vaultd refused),
 * FAULT_SYSTEM. */
MUST_USE Status ceremony_hold(const Ceremony *ceremony, const char *programs, const Users *users);
/* A form for each custodian to sign, on standard output. */
void ceremony_print_forms(const Ceremony *ceremony);
