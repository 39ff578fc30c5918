#pragma once
/*
 * second_factor: one-time codes of an authenticator app, beside a password or without: vaultd's
 * questions (vault/second_service.h) and the domain store's records together. The secret passes in
 * a box alone, and the record never leaves this room.
 *
 * `owner` names tenant, realm and user as for a password; its class is filled in here. A grant is
 * spent by passwords_spend() with second_factor_owner(), or, of a log-in, with the password's
 * owner. Thread-safe. Floor 3.
 */
#include "vaultclient/passwords.h"

/* The same person's second factor. */
WireOwner second_factor_owner(const WireOwner *person);
/* Is there one? What a page may ask of somebody who is logged in; no door says it to a stranger. */
MUST_USE Status second_factor_is_set(
        const Passwords *passwords, const WireOwner *owner, bool *ret_set);
/* Box "set-second". `set->verifier` is filled here. Refuses what vault/second_service.h says,
 * VAULT_UNAVAILABLE; so do the others. */
MUST_USE Status second_factor_set(const Passwords *passwords, const WirePasswordSet *set);
/* Box "code"; `check->purpose` and `check->verifier` are filled here. */
MUST_USE Status second_factor_check(const Passwords *passwords, const WirePasswordCheck *check,
        uint8_t ret_grant[WIRE_GRANT_BYTES]);
/* Password and code in one box ("login-code"), judged together; `verifier` and `second` are filled
 * here. Somebody without a second factor is refused like somebody with a wrong one. */
MUST_USE Status second_factor_login(const Passwords *passwords, const WireSecondLogin *login,
        uint8_t ret_grant[WIRE_GRANT_BYTES]);
/* A lost device: two people give the secret that its owner boxed ("reset-second"). */
MUST_USE Status second_factor_reset(const Passwords *passwords, const WireApproval approvals[2],
        const WirePasswordReset *reset);
