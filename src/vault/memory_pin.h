#pragma once
/*
 * memory_pin: attempts, spent boxes, grants and verifier versions (DESIGN section 5.3).
 *
 * An attempt is counted, durably, before the password is looked at, so killing vaultd wins no try.
 * Up to PIN_TRIES_MAX wrong ones in a row are answered; then every further one waits twice as long
 * as the one before.
 */
#include "vault/memory.h"

enum { PIN_TRIES_MAX = 5 };
#define PIN_LOCK_FIRST_US ((int64_t)30 * 60 * 1000000) /* PCI DSS 8.3.4: at least 30 minutes */
#define PIN_LOCK_MAX_US ((int64_t)24 * 3600 * 1000000)
#define GRANT_LIFE_US ((int64_t)10 * 60 * 1000000)

typedef struct PinUse {
    KeyedHash payer;
    KeyedHash box; /* the box's own bytes */
    KeyedHash facts; /* everything it was presented with */
    int64_t expires_us;
    uint32_t version; /* of the verifier that was shown */
} PinUse;

/*
 * May this box be checked now?
 * ret_repeated  true: it was right before with the same facts; ret_grant is that grant
 * Refuses REFUSED_BOX_SPENT (other facts), REFUSED_PIN_WRONG (it was wrong before),
 * REFUSED_VERIFIER_ROLLED_BACK, REFUSED_PIN_LOCKED, REFUSED_VAULT_BUSY (no room to remember).
 */
MUST_USE Status memory_pin_may(Memory *memory, const PinUse *use, int64_t now_us,
        bool *ret_repeated, uint8_t ret_grant[MEMORY_GRANT_BYTES]);
/* The same, and count the attempt. Durable unless repeated. */
MUST_USE Status memory_pin_attempt(Memory *memory, const PinUse *use, int64_t now_us,
        bool *ret_repeated, uint8_t ret_grant[MEMORY_GRANT_BYTES]);
/* An attempt at somebody whom the caller does not know: counted and locked like any other, so that
 * neither answer nor time tells who exists. MEMORY_STRANGERS_MAX are remembered; then all are
 * forgotten. Durable. Refuses REFUSED_VERIFIER_ROLLED_BACK (the vault does know),
 * REFUSED_BOX_SPENT, REFUSED_PIN_WRONG, REFUSED_PIN_LOCKED, REFUSED_VAULT_BUSY. */
MUST_USE Status memory_pin_stranger(Memory *memory, const PinUse *use, int64_t now_us);
/* It was right: the count is cleared and `grant` lives. Durable. When the same box was right on
 * another thread meanwhile, that grant is returned instead. */
MUST_USE Status memory_pin_right(Memory *memory, const PinUse *use, const KeyedHash *binding,
        int64_t now_us, const uint8_t grant[MEMORY_GRANT_BYTES],
        uint8_t ret_grant[MEMORY_GRANT_BYTES]);
MUST_USE Status memory_pin_wrong(Memory *memory, const PinUse *use);
/* A new verifier: its version. Durable; the same box gives the same version.
 * proven  the payer's old PIN was right in this box (memory_pin_attempt()), for use->version
 * Refuses REFUSED_BOX_SPENT, REFUSED_PIN_WRONG (there is a PIN, and no proof of it),
 * REFUSED_VERIFIER_ROLLED_BACK (it was changed meanwhile), REFUSED_VAULT_BUSY. */
MUST_USE Status memory_pin_set(
        Memory *memory, const PinUse *use, bool proven, int64_t now_us, uint32_t *ret_version);

/* Whose wrong tries make him wait now, whoever asks. Refuses REFUSED_PIN_LOCKED. */
MUST_USE Status memory_pin_unlocked(Memory *memory, const KeyedHash *payer, int64_t now_us);

/* --- inside the room; the lock is held --- */
/* The current version, or the one that was offered to follow it. */
bool memory_pin_is_current(const MemoryPayer *payer, uint32_t version);
bool memory_pin_is_locked(const MemoryPayer *payer, int64_t now_us);
/* The offered version is the current one now. */
MUST_USE Status memory_pin_write_stored(
        Memory *memory, const MemoryPayer *payer, uint64_t *ret_position);

/* A live grant with this binding. Refuses REFUSED_GRANT_INVALID. */
MUST_USE Status memory_grant_check(Memory *memory, const uint8_t grant[MEMORY_GRANT_BYTES],
        const KeyedHash *binding, int64_t now_us);
