#pragma once
/*
 * memory_people: approvals that operators have spent (memory_operator.h has who they are), and how
 * far the key store had come.
 */
#include "vault/memory_operator.h"

/* True when one of the nonces was used. Forgets expired ones. */
bool memory_approvals_spent(Memory *memory, const MemoryApprovals *approvals, int64_t now_us);
/* Spend them for an act that has no record of its own. Durable. Refuses REFUSED_APPROVAL_REPLAYED.
 */
MUST_USE Status memory_spend_approvals(Memory *memory, const MemoryApprovals *approvals);

/* The key store has come to this generation. Durable; nothing is written when it is known already.
 * Refuses REFUSED_KEYSTORE_ROLLED_BACK: it was further once. */
MUST_USE Status memory_note_keystore(Memory *memory, uint64_t generation);
