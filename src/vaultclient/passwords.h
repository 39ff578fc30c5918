#pragma once
/*
 * passwords: the passwords of any tenant's people (TP-6): vaultd's questions and the domain store's
 * records together. The caller names the owner and brings the box; the record never leaves this
 * room. Thread-safe. Floor 3.
 */
#include "ipc/password_wire.h"
#include "vaultclient/client.h"
#include "vaultclient/domain.h"

typedef struct Passwords { /* borrowed */
    VaultClient *vault;
    DomainStore *domain;
} Passwords;

/* `set->verifier` is filled here. Refuses what vault/password_service.h says, VAULT_UNAVAILABLE. */
MUST_USE Status passwords_set(const Passwords *passwords, const WirePasswordSet *set);
/* The same for `check->verifier`; a user who is not there costs as much as one who is. A record
 * that vaultd wants replaced (legacy, or under an earlier pepper) is replaced. */
MUST_USE Status passwords_check(const Passwords *passwords, const WirePasswordCheck *check,
        uint8_t ret_grant[WIRE_GRANT_BYTES]);
/* Use a grant, once, for the very facts that were checked. Refuses GRANT_INVALID. */
MUST_USE Status passwords_spend(const Passwords *passwords, const WirePasswordSpend *spend);
/* A lost password, or a lost record: two people give a new one. */
MUST_USE Status passwords_reset(const Passwords *passwords, const WireApproval approvals[2],
        const WirePasswordReset *reset);
/*
 * Take over records of a table of before Hufu. `users` as they stand inside the box, in its order
 * (vaultd answers by position). ret_taken: how many are in; the others keep what they had.
 */
MUST_USE Status passwords_import(const Passwords *passwords, const WirePasswordImport *import,
        const Span *users, size_t count, size_t *ret_taken);
