#pragma once
/*
 * ceremony: have vaultd make the keys of a new vault and give the root into custody. vaultd does it
 * (it alone has keys); this opens the files in which the custodians want their shares, so that each
 * is written where its owner said and nowhere else.
 */
#include "command.h"
#include "users.h"

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
} Ceremony;

/* `programs`: where vaultd lies. It runs as its own user where there is one; what it says goes to
 * standard error. Faults FAULT_DISK (a file is not new; said aloud), FAULT_VAULT (vaultd refused),
 * FAULT_SYSTEM. */
MUST_USE Status ceremony_hold(const Ceremony *ceremony, const char *programs, const Users *users);
/* A form for each custodian to sign, on standard output. */
void ceremony_print_forms(const Ceremony *ceremony);
