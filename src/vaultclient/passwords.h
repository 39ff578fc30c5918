#pragma once
/*
 * passwords: the passwords of any tenant's people (TP-6): vaultd's questions and the domain store's
 * records together. The caller names the owner and brings the box; the record never leaves this
 * room. Thread-safe: for one owner set, check and reset go one after another, so of two changes at
 * once the second proves a password that is not the current one any more (PIN_WRONG). Floor 3.
 */
#include "ipc/password_wire.h"
#include "policy/classes.h"
#include "vaultclient/client.h"
#include "vaultclient/domain.h"

typedef struct Passwords { /* borrowed */
    VaultClient *vault;
    DomainStore *domain;
} Passwords;

/* `set->verifier` is filled here. Refuses what vault/password_service.h says, VAULT_UNAVAILABLE. */
MUST_USE Status passwords_set(const Passwords *passwords, const WirePasswordSet *set);
/* The same, and the new one is compared with what is known of the owner under these
 * 1..WIRE_FACTS_MAX classes (IDENTITY_NUMBER, PHONE), where it is known, as passwords_recover()
 * finds it. Refuses PASSWORD_FACTS, PASSWORD_SETS besides. */
MUST_USE Status passwords_set_against(const Passwords *passwords, const WirePasswordSet *set,
        const DataClass *classes, size_t count);
/* The same for a payer's PIN in a box "set-pin"; `set->verifier` is filled here. */
MUST_USE Status passwords_set_pin(
        const Passwords *passwords, const WirePinSet *set, const DataClass *classes, size_t count);
/* The same for `check->verifier`; a user who is not there costs as much as one who is. A record
 * that vaultd wants replaced (legacy, or under an earlier pepper) is replaced. */
MUST_USE Status passwords_check(const Passwords *passwords, const WirePasswordCheck *check,
        uint8_t ret_grant[WIRE_GRANT_BYTES]);
/* May this owner come another way than by the password? Counts nothing. Refuses PIN_LOCKED (too
 * many wrong tries, not long ago). */
MUST_USE Status passwords_unlocked(const Passwords *passwords, const WireOwner *owner);
/* Use a grant, once, for the very facts that were checked. Refuses GRANT_INVALID. */
MUST_USE Status passwords_spend(const Passwords *passwords, const WirePasswordSpend *spend);
/* A lost password, or a lost record: two people give a new one. */
MUST_USE Status passwords_reset(const Passwords *passwords, const WireApproval approvals[2],
        const WirePasswordReset *reset);
/*
 * Another password for an owner who says in the box who he is. `recover` without verifier and
 * wrapped key; what is known of him under these 1..WIRE_FACTS_MAX classes (TABLE_FIELD, the column
 * is the class, row key and subject are his id) is read from the store. Refuses what
 * vault/password_recover.h says.
 */
MUST_USE Status passwords_recover(const Passwords *passwords, const WirePasswordRecover *recover,
        const DataClass *classes, size_t count);
/* Has the owner a record here? For who may be told: vaultd is not asked. */
MUST_USE Status passwords_has(const Passwords *passwords, const WireOwner *owner, bool *ret_has);
/*
 * Take over records of a table of before Hufu. `users` as they stand inside the box, in its order
 * (vaultd answers by position). ret_statuses: of each alone; who is refused keeps what he had.
 */
MUST_USE Status passwords_import(const Passwords *passwords, const WirePasswordImport *import,
        const Span *users, size_t count, Status *ret_statuses);

/*
 * A walk over all records, the house's own payers' PINs too: one page is brought under the current
 * pepper, without any password. Resumable, also after a kill: the place is stored with what was
 * moved. After the last page the next call begins anew.
 */
typedef struct PasswordsSweep {
    uint64_t total; /* records when it began */
    uint64_t done;
    uint64_t moved; /* of the page just done */
    uint64_t refused; /* of the page just done: vaultd does not know or open them */
    bool finished;
} PasswordsSweep;
MUST_USE Status passwords_sweep(const Passwords *passwords, PasswordsSweep *ret_sweep);

enum { PASSWORDS_PEPPERS_MAX = 32 };
typedef struct PasswordsPepper {
    uint32_t version; /* of the pepper; 0: no record of ours */
    uint64_t records;
} PasswordsPepper;
/* How many records stand under which version, the newest first; others than the newest
 * PASSWORDS_PEPPERS_MAX are not told. */
MUST_USE Status passwords_by_pepper(const Passwords *passwords,
        PasswordsPepper ret_peppers[PASSWORDS_PEPPERS_MAX], size_t *ret_count);
