#pragma once
/*
 * roles: what each role of key is for, and its limits (TP-10, TP-13; NIST SP 800-57
 * part 1, section 5.3: a key has a period). One table.
 *
 *   seals    AES-256-GCM or SM4-GCM under a key derived per record (crypto/seal.h)
 *   macs     HMAC-SHA256 or HMAC-SM3; the digest HMAC-SHA512
 *   raw      bytes for a use of its own
 *
 * Not rotated: digest, journal and map name or chain what is already written; a new one would make
 * the house forget who is locked and what is spent. Nor the pseudonyms' key: merchants know payers
 * by what it made.
 */
#include "keys/keys.h"

typedef enum RoleForm { ROLE_SEALS = 1, ROLE_MACS = 2, ROLE_RAW = 3, ROLE_PAIR = 4 } RoleForm;

typedef enum RoleRotation {
    ROTATION_NEVER = 0,
    ROTATION_ASKED = 1, /* what was made with it must be made anew first: people decide when */
    ROTATION_DUE = 2, /* by vaultd itself */
    ROTATION_MONTHLY = 3, /* by vaultd itself, with the business month */
} RoleRotation;

typedef struct Role {
    const char *name; /* NULL: no such role */
    RoleForm form;
    RoleRotation rotation;
    bool first_release; /* in every store since the beginning */
    int64_t period_us; /* 0: none */
    uint64_t uses_max; /* 0: not counted */
} Role;

/* NULL for a number that is no role. */
const Role *role_of(uint32_t role);
/* "card". Refuses REFUSED_KEY_UNKNOWN. */
MUST_USE Status role_parse(Span name, KeyRole *ret_role);
/* "AES-256-GCM", "HMAC-SM3", "RSA-2048"... */
const char *role_algorithm(KeyRole role, KeysSuite suite);
