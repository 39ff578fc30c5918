#pragma once
/*
 * attached: row seals for tables of another's database (TP-10, TP-12): an institution keeps its
 * own payment core, and vaultd keeps its rows honest.
 *
 * The core announces each change, signed with its own private key, inside its own transaction and
 * before it writes: the row as it was (which must be right), and as it will be. vaultd makes the
 * new seal, remembers durably that the row may now be in either state, and answers. When the
 * outcome of the transaction is told, or the next holder of the row's lock shows the row, one state
 * is left. So nothing is lost or frozen by a crash of either side in between, any number of
 * transactions run at once, and neither the database's user nor hufud nor the DBA can have a row
 * sealed: they have no key. A row is judged by vaultd's own memory; its seal in the side table is
 * evidence that tells an older row (ROLLED_BACK) from an invented one (CHANGED).
 *
 * A verdict against a row that was shown as it certainly is freezes the row, durably; two people
 * release it. Messages: ipc/attached_wire.h. Thread-safe; runs on a lane of its own.
 */
#include "keys/keys.h"
#include "vault/attached_memory.h"
#include "vault/memory.h"

typedef struct AttachedConfig {
    Keys *keys; /* borrowed */
    Memory *people; /* operators and the approvals they spent; borrowed */
    AttachedMemory *memory; /* borrowed */
    Clock clock;
    Random random;
} AttachedConfig;

typedef struct Attached Attached;

/* Faults FAULT_MEMORY, FAULT_SYSTEM. */
MUST_USE Status attached_open(const AttachedConfig *config, Attached **ret_attached);
void attached_close(Attached *attached); /* wipes; NULL is fine */

/* Any VAULT_ATTACHED_ operation. ret_frozen: rows that this message froze. */
MUST_USE Status attached_handle(Attached *attached, uint8_t operation, Span request,
        Buffer *ret_answer, size_t *ret_frozen);
/* Tables are attached: the ceremony at which operators are enrolled is over. */
bool attached_any(Attached *attached);
/* The journal's disk failed. */
bool attached_is_lost(const Attached *attached);
