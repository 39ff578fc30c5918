#pragma once
/*
 * custody: where the root key comes from (DESIGN section 2). Everything else is sealed under it.
 *
 *   development  a file root.key beside the key store, mode 0600; only with --development
 *   unattended   root.wrapped, opened by an HSM or TPM over PKCS#11, in a process of its own
 *   custodians   k of n people at boot (shares.h); root.shares holds what is public of their shares
 *
 * At the ceremony the root is made by getrandom() (and the token), given to its custody durably,
 * and only then used: a ceremony cut short is held again, with another root.
 */
#include "base/seams.h"
#include "base/secret.h"
#include "keys/hsm_wire.h"
#include "keys/shares.h"

enum { CUSTODY_ROOT_BYTES = 32, CUSTODY_FILE_BYTES_MAX = SHARE_SET_BYTES_MAX };
_Static_assert((int)CUSTODY_FILE_BYTES_MAX >= (int)HSM_WRAPPED_BYTES, "the largest of the three");

typedef enum Custody {
    CUSTODY_DEVELOPMENT = 1,
    CUSTODY_UNATTENDED = 2,
    CUSTODY_CUSTODIANS = 3,
} Custody;

/* "development", "unattended", "custodians". Refuses REFUSED_CUSTODY_UNKNOWN. */
MUST_USE Status custody_parse(Span name, Custody *ret_custody);
const char *custody_name(Custody custody);
/* Its file in the vault's directory: "root.key", "root.wrapped", "root.shares". */
const char *custody_file(Custody custody);

typedef struct CustodyHsm {
    const char *program; /* custodian-hsm */
    const char *module, *token, *pin_file; /* its options; pin_file may be NULL */
    const char *refused_file;
} CustodyHsm;

typedef struct CustodyConfig {
    Custody custody;
    bool development;
    int directory_fd; /* the vault's directory, open */
    bool may_create; /* no key store exists: a new root may be made */
    Random random;
    CustodyHsm hsm;
} CustodyConfig;

/*
 * Get the root key of development or unattended custody, or make it when the directory has none and
 * `may_create`. Custodians bring theirs: custody_shares().
 *
 * Refuses REFUSED_CUSTODY_DEVELOPMENT (development without the flag), REFUSED_CUSTODY_UNAVAILABLE
 * (custodians), REFUSED_CUSTODY_FILE (root.key is missing, not 32 bytes, not ours, or others may
 * read it), REFUSED_HSM_... . Faults FAULT_RANDOM, FAULT_DISK, FAULT_HSM.
 */
MUST_USE Status custody_root(const CustodyConfig *config, Secret *ret_root);

/*
 * Make another root for development or unattended custody, when it is turned (root_turn.h). Nothing
 * is written: ret_file gets what the custody's file is to hold, which for development is the root.
 * Refuses and faults as custody_root().
 */
MUST_USE Status custody_make(const CustodyConfig *config, Secret *ret_root, Buffer *ret_file);

/* What is public of the custodians' shares. Refuses REFUSED_CUSTODY_FILE, REFUSED_SHARE_FORMAT. */
MUST_USE Status custody_share_set(int directory_fd, ShareSet *ret_set);
/* Keep it, durably: once, at the ceremony. Faults FAULT_DISK. */
MUST_USE Status custody_share_set_keep(int directory_fd, const ShareSet *set);

/* --- inside the room --- */
/* custody_hsm.c: ask custodian-hsm. `wrapped` of HSM_WRAPPED_BYTES is read, or written. */
MUST_USE Status custody_ask_hsm(
        const CustodyHsm *hsm, bool create, Span wrapped, HsmAnswer *ret_answer);
