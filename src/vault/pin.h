#pragma once
/*
 * pin: set and check a payer's six digits; nothing ever returns them (TP-6, DESIGN section 5.3).
 *
 * What is kept is a verifier (vault/verifier.h) whose place is "pin" | payer framed; an older one
 * is REFUSED_VERIFIER_ROLLED_BACK. Passwords of other people: password_service.h. Box contexts:
 * policy/purposes.h. Time is vaultd's own clock; the caller's now_us is not believed. Thread-safe.
 */
#include "ipc/vault_wire.h"
#include "keys/keys.h"
#include "policy/purposes.h"
#include "vault/field.h"
#include "vault/memory_pin.h"
#include "vault/verifier.h"

enum {
    PIN_VERIFIER_BYTES = VERIFIER_MODERN_BYTES,
    PIN_PAYER_BYTES_MAX = 128,
};

typedef struct Pin { /* borrowed parts of the vault */
    Keys *keys;
    Memory *memory;
    Clock clock;
    Random random;
    KeyedHashKey names;
    Field *field; /* opens what a new PIN is compared with */
} Pin;

/*
 * request WirePinCheck; ret_answer: grant [16], good for GRANT_LIFE_US and one payment.
 * Refuses REFUSED_BOX_*, REFUSED_PIN_WRONG, REFUSED_PIN_LOCKED, REFUSED_VERIFIER_ROLLED_BACK,
 * REFUSED_VAULT_BUSY.
 */
MUST_USE Status pin_check(const Pin *pin, Span request, Buffer *ret_answer);
/*
 * request WirePinSet, facts (password_facts.h); ret_answer: verifier. Who has a PIN changes it by
 * giving the old one in the same box (or sets the same one again): whoever can make a box could
 * otherwise set a PIN of his own, and lift its lock. Refuses REFUSED_BOX_*, REFUSED_PIN_WEAK,
 * REFUSED_PIN_WRONG (the old one, or there is one and it was not given), REFUSED_PIN_LOCKED,
 * REFUSED_VERIFIER_ROLLED_BACK, REFUSED_VAULT_BUSY, and what password_facts.h says.
 */
MUST_USE Status pin_set(const Pin *pin, Span request, Buffer *ret_answer);

/* The hash of everything that a grant is bound to: what was confirmed, and whether that is a
 * payment, a transfer or something else. */
void pin_binding(const KeyedHashKey *names, BoxPurpose purpose, Span payer, Span tenant, Span order,
        int64_t minor, uint32_t currency, KeyedHash *ret_binding);
