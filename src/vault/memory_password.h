#pragma once
/*
 * memory_password: what vaultd remembers of passwords beyond attempts (memory_pin.h): versions that
 * were given out and not seen stored yet, what legacy formulas two people allowed, resets, spent
 * grants, and how often an owner was shown a key of its own.
 *
 * A record that vaultd replaces by itself (an upgrade, an import) is *offered*: the one before
 * stays good until the new one is shown from the store. So a crash between the answer and the
 * store's write locks nobody out, and once the new one was seen the old one is rolled back.
 */
#include "vault/memory_people.h"
#include "vault/memory_pin.h"

enum { REVEALS_PER_DAY_MAX = 5 };

/* The version that a replacement of use->version shall have, remembered. Durable.
 * form  VerifierForm
 * Refuses REFUSED_VERIFIER_ROLLED_BACK (it is not current any more). */
MUST_USE Status memory_password_offer(
        Memory *memory, const PinUse *use, uint8_t form, uint32_t *ret_version);
/* For an import: version 1, once and again until it was seen stored. Durable with the next
 * memory_password_settle(). Refuses REFUSED_PASSWORD_EXISTS, REFUSED_VAULT_BUSY. */
MUST_USE Status memory_password_import(Memory *memory, const KeyedHash *subject, uint8_t form);
/* This version stands in the store. Durable with the next memory_password_settle().
 * Refuses REFUSED_VERIFIER_ROLLED_BACK. */
MUST_USE Status memory_password_stored(Memory *memory, const KeyedHash *subject, uint32_t version);
MUST_USE Status memory_password_settle(Memory *memory);

/* A new verifier in place of whatever there was, by two people. Durable; spends the approvals.
 * Refuses REFUSED_BOX_SPENT, REFUSED_APPROVAL_REPLAYED, REFUSED_VAULT_BUSY. */
MUST_USE Status memory_password_reset(
        Memory *memory, const PinUse *use, const MemoryApprovals *approvals, uint32_t *ret_version);

/* A live grant with this binding is spent. Durable. Refuses REFUSED_GRANT_INVALID. */
MUST_USE Status memory_password_spend(Memory *memory, const uint8_t grant[MEMORY_GRANT_BYTES],
        const KeyedHash *binding, int64_t now_us);

/* What is allowed for this realm; false: nothing. Copies. */
bool memory_password_legacy(Memory *memory, const KeyedHash *realm, MemoryLegacy *ret_legacy);
/* Allow it instead of what was (formula 0: nothing any more). Durable; spends the approvals.
 * Refuses REFUSED_APPROVAL_REPLAYED, REFUSED_VAULT_BUSY (MEMORY_LEGACY_MAX realms). */
MUST_USE Status memory_password_allow_legacy(
        Memory *memory, const MemoryLegacy *legacy, const MemoryApprovals *approvals);

/* Of passwords and PINs, not of second factors. */
typedef struct PasswordCounts {
    uint64_t by_form[4]; /* VerifierForm */
    uint64_t locked;
} PasswordCounts;
void memory_password_counts(Memory *memory, int64_t now_us, PasswordCounts *ret_counts);

/* One more reveal for this owner on this day, asked for at `signed_s`. Durable before it is done.
 * Refuses REFUSED_NONCE_REPLAYED (one signed at that second or later was answered),
 * REFUSED_REVEAL_LIMIT (REVEALS_PER_DAY_MAX), REFUSED_VAULT_BUSY. */
MUST_USE Status memory_reveal(
        Memory *memory, const KeyedHash *owner, int64_t day, int64_t signed_s);
