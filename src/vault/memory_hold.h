#pragma once
/*
 * memory_hold: which subjects an authority wants kept, and until when, in the journal: neither an
 * older database nor a captured hufud makes vaultd forget it.
 */
#include "vault/memory_batch.h"

/* Durable, and spends the approvals. The same hold again has its new date. Refuses
 * APPROVAL_REPLAYED; HOLD_FULL (MEMORY_LEGAL_HOLDS_MAX live ones). */
MUST_USE Status memory_hold_place(Memory *memory, const MemoryLegalHold *hold,
        const MemoryApprovals *approvals, int64_t now_us);
/* Likewise. Refuses HOLD_UNKNOWN. */
MUST_USE Status memory_hold_release(
        Memory *memory, const KeyedHash *hold, const MemoryApprovals *approvals);
/* The latest date of the subject's holds; 0: not held at `now_us`. */
int64_t memory_held_until_us(Memory *memory, const KeyedHash *subject, int64_t now_us);
