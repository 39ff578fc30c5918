#pragma once
/*
 * custody: where the root key comes from (DESIGN section 2). Everything else is sealed under it.
 *
 *   development  a file root.key beside the key store, mode 0600; only when the start says
 * --development unattended   TPM or HSM over PKCS#11: not built yet, refused by name custodians   k
 * of n people at boot: not built yet, refused by name
 */
#include "base/seams.h"
#include "base/secret.h"

enum { CUSTODY_ROOT_BYTES = 32 };

typedef enum Custody {
    CUSTODY_DEVELOPMENT = 1,
    CUSTODY_UNATTENDED = 2,
    CUSTODY_CUSTODIANS = 3,
} Custody;

/* "development", "unattended", "custodians". Refuses REFUSED_CUSTODY_UNKNOWN. */
MUST_USE Status custody_parse(Span name, Custody *ret_custody);
const char *custody_name(Custody custody);

/*
 * Get the root key, or make it when the directory has none and `may_create`.
 *
 * directory_fd  the vault's directory, open
 * may_create    false when a key store exists: a new root would not open it
 *
 * Refuses REFUSED_CUSTODY_DEVELOPMENT (development without the flag), REFUSED_CUSTODY_UNAVAILABLE,
 * REFUSED_CUSTODY_FILE (root.key is missing, not 32 bytes, not ours, or others may read it).
 * Faults FAULT_RANDOM, FAULT_DISK.
 */
MUST_USE Status custody_root(Custody custody, bool development, int directory_fd, bool may_create,
        const Random *random, Secret *ret_root);
