#pragma once
/*
 * pin: set and check a payer's six digits; nothing ever returns them (TP-6, DESIGN section 5.3).
 *
 *   verifier = version u32 | sealed field under the pepper (crypto/seal.h), of the password record
 *              place = "pin" | payer framed | version u32
 *
 * The record's slow hash has its own salt, the pepper is the second one (TP-6's two salts) and the
 * real defence of six digits. Versions are in the journal: an older verifier is
 * REFUSED_VERIFIER_ROLLED_BACK. Box contexts: policy/purposes.h. Time is vaultd's own clock; the
 * caller's now_us is not believed. Thread-safe.
 */
#include "ipc/vault_wire.h"
#include "keys/keys.h"
#include "vault/memory_pin.h"

enum {
    PIN_DIGITS = 6,
    PIN_VERIFIER_BYTES = 4 + SEAL_OVERHEAD_BYTES + 51,
    PIN_PAYER_BYTES_MAX = 128,
};
/* A box lives at most this long from now on: as long as a prepay_id. */
#define PIN_BOX_LIFE_MAX_US ((int64_t)2 * 3600 * 1000000)

typedef struct Pin { /* borrowed parts of the vault */
    Keys *keys;
    Memory *memory;
    Clock clock;
    Random random;
    KeyedHashKey names;
} Pin;

/*
 * request WirePinCheck; ret_answer: grant [16], good for GRANT_LIFE_US and one payment.
 * Refuses REFUSED_BOX_*, REFUSED_PIN_WRONG, REFUSED_PIN_LOCKED, REFUSED_VERIFIER_ROLLED_BACK,
 * REFUSED_VAULT_BUSY.
 */
MUST_USE Status pin_check(const Pin *pin, Span request, Buffer *ret_answer);
/*
 * request WirePinSet; ret_answer: verifier. Who has a PIN changes it by giving the old one in the
 * same box (or sets the same one again): whoever can make a box could otherwise set a PIN of his
 * own, and lift its lock. Refuses REFUSED_BOX_*, REFUSED_PIN_WEAK, REFUSED_PIN_WRONG (the old one,
 * or there is one and it was not given), REFUSED_PIN_LOCKED, REFUSED_VERIFIER_ROLLED_BACK,
 * REFUSED_VAULT_BUSY.
 */
MUST_USE Status pin_set(const Pin *pin, Span request, Buffer *ret_answer);

/* Too easy to guess, or not six digits. */
bool pin_is_weak(Span pin);
/* The hash of everything that a grant for this payment is bound to. */
void pin_binding(const KeyedHashKey *names, Span payer, Span tenant, Span order, int64_t minor,
        uint32_t currency, KeyedHash *ret_binding);
