#pragma once
/*
 * verifier: what is kept of a password: enough to check it, and nothing that can be turned back
 * (TP-6, TP-10, DESIGN section 5.3).
 *
 *   verifier = version u32 | sealed field under the pepper (crypto/seal.h), of the body
 *              place = the owner's place | version u32
 *   body     = 1 ... a password record (crypto/password.h), whose first byte is its own version
 *            | 2 | formula u8 | inner u8 | data framed | legacy digest framed
 *            | 3 | formula u8 | inner u8 | data framed | password record of the legacy digest
 *            | 4 | secret framed: of one-time codes (second_service.h), no password's form
 *
 * The two salts of TP-6: the record's own, readable by nobody, and the pepper, which is a key in
 * vaultd and the real defence of six digits. Versions are in the journal. Thread-safe.
 */
#include "crypto/legacy_password.h"
#include "crypto/password.h"
#include "keys/keys.h"

enum {
    VERIFIER_MODERN_BYTES = 4 + SEAL_OVERHEAD_BYTES + PASSWORD_RECORD_BYTES,
    VERIFIER_BODY_BYTES_MAX = 3 + 4 + LEGACY_DATA_BYTES_MAX + PASSWORD_RECORD_BYTES,
    VERIFIER_BYTES_MAX = 4 + SEAL_OVERHEAD_BYTES + VERIFIER_BODY_BYTES_MAX,
    VERIFIER_PLACE_BYTES_MAX = 256,
};

/* Stored: append only. */
typedef enum VerifierForm {
    VERIFIER_NONE = 0,
    VERIFIER_MODERN = 1,
    VERIFIER_LEGACY = 2,
    VERIFIER_WRAPPED = 3,
    VERIFIER_SECOND = 4,
} VerifierForm;

typedef struct Verifier {
    VerifierForm form;
    PasswordRecord record; /* modern: of the password; wrapped: of the legacy digest */
    LegacyForm legacy; /* legacy and wrapped */
    uint8_t data[LEGACY_DATA_BYTES_MAX];
    size_t data_bytes;
    uint8_t digest[LEGACY_DIGEST_BYTES_MAX]; /* legacy alone */
} Verifier;

/* For CLEANUP. */
void verifier_wipe(Verifier *verifier);

/*
 * Read what verifier_close() made for this place.
 * ret_old_pepper  true: sealed under an earlier version of the pepper; close it again
 * Refuses REFUSED_SEAL_FORMAT, REFUSED_SEAL_TAMPERED (another place, version or pepper),
 * REFUSED_PASSWORD_RECORD_FORMAT, REFUSED_KEY_DESTROYED (its pepper was).
 */
MUST_USE Status verifier_open(Keys *keys, Span place, Span bytes, uint32_t *ret_version,
        bool *ret_old_pepper, Verifier *ret_verifier);
/* Append it, sealed under the current pepper. */
MUST_USE Status verifier_close(Keys *keys, const Random *random, Span place, uint32_t version,
        const Verifier *verifier, Buffer *ret_bytes);

/* A modern one of this password, by the house's suite. Faults as password_make(). */
MUST_USE Status verifier_make(const Keys *keys, const Random *random, PasswordCost cost,
        Span password, Verifier *ret_verifier);
/* What an import brought, wrapped: its digest is hashed once more and then gone. */
MUST_USE Status verifier_wrap(
        const Keys *keys, const Random *random, PasswordCost cost, Verifier *verifier);

/* Is this the password? At least one slow hash whatever the form and the answer. `user` and `key`
 * matter to legacy forms alone. A password that cannot be one is wrong like any other. */
MUST_USE Status verifier_check(const Keys *keys, const Verifier *verifier, PasswordCost cost,
        const LegacyParts *tried, bool *ret_right);
/* The same work for somebody who has none. */
MUST_USE Status verifier_pretend(const Keys *keys, PasswordCost cost, Span password);
