#pragma once
/*
 * vault_custody: whose hands the root of this directory's vault is in (keys/custody.h), and what
 * its first start needs. It is chosen once, when the keys are made; vaultd's own files say which it
 * is, so nothing else can say otherwise.
 */
#include "layout.h"

#include "keys/custody.h"

#define PATH_CEREMONY_RECORD "custody/ceremony.txt"

/* What somebody asked for; NULL and zero: nothing. */
typedef struct CustodyAsked {
    const char *name; /* development, hsm, custodians; NULL: as it is, development when new */
    const char *module, *token, *pin_file; /* of a real token; all three or none */
    int64_t needed; /* custodians, at the first start: how many must come, and below */
    OptionList shares; /* where each share is written */
    OptionList who; /* took part; empty: whoever calls */
} CustodyAsked;

typedef struct VaultCustody {
    Custody kind;
    bool is_begun; /* there is a root: with is_new, of a ceremony that was cut short */
    bool is_new; /* there are no keys yet */
    bool is_soft; /* the token is SoftHSM's (soft_token.h) */
    char module[PATH_BYTES_MAX];
    char token[PATH_BYTES_MAX];
    char pin_file[PATH_BYTES_MAX];
} VaultCustody;

/* Whether the options go together; says what does not. */
bool custody_asked_is_complete(const CustodyAsked *asked);
/* As somebody calls it: "hsm" for unattended. */
const char *vault_custody_word(Custody kind);
/* As vaultd calls it. */
const char *vault_custody_name(Custody kind);
/* Refuses CUSTODY_UNKNOWN. */
MUST_USE Status vault_custody_parse(const char *word, Custody *ret_kind);
/* Remember the token that holds the root from here on. Refuses HSM_MODULE, HSM_PIN_FILE (not
 * there; said aloud); faults FAULT_DISK. */
MUST_USE Status vault_custody_keep_token(
        const Layout *layout, const char *module, const char *token, const char *pin_file);

/* The custody that the vault has. Refuses HSM_MODULE, YAML_...; faults FAULT_DISK. */
MUST_USE Status vault_custody_find(const Layout *layout, VaultCustody *ret_custody);
/* The same, or what is asked for a new vault. Refuses CUSTODY_MISMATCH when it has another (said
 * aloud, with what to do), CUSTODY_UNKNOWN. */
MUST_USE Status vault_custody_choose(
        const Layout *layout, const CustodyAsked *asked, VaultCustody *ret_custody);
/* What a new vault needs before vaultd may start: a token, a ceremony. Nothing for others. Refuses
 * HSM_...; faults as ceremony_hold(). */
MUST_USE Status vault_custody_make(const Layout *layout, const Users *users, const char *suite,
        const CustodyAsked *asked, const VaultCustody *custody);
