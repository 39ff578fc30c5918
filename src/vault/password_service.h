#pragma once
/*
 * password_service: set and check the passwords of any tenant's people: payment PINs, people's
 * login passwords, administrators' (TP-6, DESIGN section 5.3). They can only be checked: no call
 * returns, lists or exports any form of one; a verifier is bytes under the pepper that nobody but
 * vaultd reads.
 *
 * Attempts are counted in the journal before the hash, as vault/pin.h does for the house's payers,
 * by the same code (memory_pin.h): five, then growing delays, for people who do not exist too.
 * Payloads and boxes: ipc/password_wire.h, policy/purposes.h. Legacy records: legacy_import.h.
 * Thread-safe.
 */
#include "keys/keys.h"
#include "policy/purposes.h"
#include "vault/field.h"
#include "vault/memory_password.h"
#include "vault/password_owner.h"
#include "vault/personal_facts.h"

typedef struct PasswordService { /* borrowed parts of the vault */
    Keys *keys;
    Memory *memory;
    Clock clock;
    Random random;
    KeyedHashKey names;
    Field *field; /* opens what a new password is compared with */
    size_t length_min; /* of a password, in characters; 0: PASSWORD_LENGTH_MIN */
} PasswordService;

/*
 * request WirePasswordSet, facts (password_facts.h); ret_answer: verifier. Who has a password
 * proves it in the same box, which counts as an attempt. The same box gives the same version again.
 * Refuses REFUSED_BOX_*, REFUSED_PASSWORD_OWNER, REFUSED_PASSWORD_WEAK, REFUSED_PIN_WEAK,
 * REFUSED_PIN_WRONG (the old one, or it was not given), REFUSED_PIN_LOCKED,
 * REFUSED_VERIFIER_ROLLED_BACK, REFUSED_LEGACY_DISABLED, REFUSED_VAULT_BUSY, and what
 * password_facts.h says.
 */
MUST_USE Status password_set(const PasswordService *service, Span request, Buffer *ret_answer);
/*
 * request WirePasswordCheck; ret_answer WirePasswordRight, with a new verifier where the one shown
 * is legacy, wrapped, or sealed under an earlier pepper. A box sent again gives its grant again.
 * Refuses as password_set().
 */
MUST_USE Status password_check_box(
        const PasswordService *service, Span request, Buffer *ret_answer);
/* request WirePasswordOwner: for who comes another way, without the password. Counts nothing.
 * Refuses REFUSED_PIN_LOCKED, REFUSED_PASSWORD_OWNER. */
MUST_USE Status password_unlocked(const PasswordService *service, Span request);
/* request WirePasswordSpend. Refuses REFUSED_GRANT_INVALID: unknown, spent, late, other facts. */
MUST_USE Status password_spend(const PasswordService *service, Span request);
/* request approvals, WirePasswordReset, facts; ret_answer: verifier. Whatever was there is rolled
 * back, and a lock is lifted. Refuses REFUSED_APPROVAL_*, REFUSED_BOX_*, REFUSED_PASSWORD_WEAK, and
 * what password_facts.h says. */
MUST_USE Status password_reset(const PasswordService *service, Span request, Buffer *ret_answer);
/* request list of WirePasswordShown; ret_answer list of WirePasswordKept: vaultd learns what stands
 * in the store, and what an earlier pepper sealed comes back under the current one. */
MUST_USE Status password_show(const PasswordService *service, Span request, Buffer *ret_answer);
/* ret_answer WirePasswordCounts. */
MUST_USE Status password_counts(const PasswordService *service, Buffer *ret_answer);

/* --- for legacy_import.c --- */
/* Open the box that must say these facts; ret_plain holds a secret. */
MUST_USE Status password_open_box(const PasswordService *service, Span box, uint16_t data_class,
        BoxPurpose purpose, Span realm, Span nonce, Buffer *ret_plain);

/* --- for password_recover.c --- */
/* facts  of the owner; may have none. Refuses REFUSED_PIN_WEAK, REFUSED_PASSWORD_WEAK. */
MUST_USE Status password_must_be_strong(const PasswordService *service, const PasswordOwner *owner,
        const PersonalFacts *facts, Span password);
