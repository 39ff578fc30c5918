#pragma once
/*
 * memory_people: enrolled operators and the approvals they have spent.
 */
#include "vault/memory_batch.h"

/*
 * Enrol an operator at the ceremony, which ends with the first batch. Durable.
 * key_spki  Ed25519
 * Refuses REFUSED_CEREMONY_CLOSED, REFUSED_OPERATOR_EXISTS (name or key), REFUSED_BUFFER_FULL.
 */
MUST_USE Status memory_enroll(Memory *memory, Span name, Span key_spki);
/* Copies; false when there is no such operator. */
bool memory_operator(Memory *memory, Span name, MemoryOperator *ret_operator);
/* True when one of the nonces was used. Forgets expired ones. */
bool memory_approvals_spent(Memory *memory, const MemoryApprovals *approvals, int64_t now_us);
/* Spend them for an act that has no record of its own. Durable. Refuses REFUSED_APPROVAL_REPLAYED.
 */
MUST_USE Status memory_spend_approvals(Memory *memory, const MemoryApprovals *approvals);

/* The key store has come to this generation. Durable; nothing is written when it is known already.
 * Refuses REFUSED_KEYSTORE_ROLLED_BACK: it was further once. */
MUST_USE Status memory_note_keystore(Memory *memory, uint64_t generation);
