#pragma once
/*
 * memory_batch: what is remembered of the store: lease, confirmed and prepared state, frozen rows,
 * signed roots.
 */
#include "vault/memory.h"

/* Two people's approvals that one act spends (see approval.h). */
typedef struct MemoryApprovals {
    MemoryNonce nonces[2];
} MemoryApprovals;

/* Take the lease: `wanted` 0 means the next one. Durable. Refuses REFUSED_EPOCH_FENCED unless it is
 * newer, and not absurdly so. */
MUST_USE Status memory_lease(Memory *memory, uint64_t wanted, uint64_t *ret_epoch);
/* Remember a batch before its seals are released. Durable. Refuses REFUSED_EPOCH_FENCED,
 * REFUSED_BATCH_OUT_OF_ORDER (another is outstanding, or not the next), REFUSED_GRANT_INVALID (a
 * grant that is gone meanwhile). */
MUST_USE Status memory_prepare(Memory *memory, uint64_t epoch, const StoreState *next,
        const uint8_t (*grants)[MEMORY_GRANT_BYTES], size_t grant_count);
/* The outstanding batch was committed / dropped. Not durable: the next start finds out from the
 * store itself. */
MUST_USE Status memory_confirm(Memory *memory, uint64_t epoch, int64_t batch);
MUST_USE Status memory_abort(Memory *memory, uint64_t epoch, int64_t batch);

/* Durable. Rows that are frozen already are not written again. */
MUST_USE Status memory_freeze(Memory *memory, const KeyedHash *rows, size_t count);
/* Only for the seal lane, which alone freezes and releases. */
bool memory_frozen(const Memory *memory, const KeyedHash *row);
/* Durable. Refuses REFUSED_APPROVAL_REPLAYED, REFUSED_APPROVAL_INVALID (not frozen). */
MUST_USE Status memory_release(
        Memory *memory, const KeyedHash *row, const MemoryApprovals *approvals);

/* The confirmed tree is about to be signed. Durable. Refuses REFUSED_STORE_ROLLED_BACK when another
 * root was signed for this size, or a larger size. */
MUST_USE Status memory_sign_root(Memory *memory, int64_t size, const MerkleHash *root);
/* Two people accept this state. Durable; the log epoch goes up, what was prepared is dropped. */
MUST_USE Status memory_restore(
        Memory *memory, const StoreState *state, const MemoryApprovals *approvals);

/* --- inside the room; the lock is held --- */
bool memory_approvals_are_spent(const Memory *memory, const MemoryApprovals *approvals);
/* As memory_apply_approvals() reads them. */
MUST_USE Status memory_put_approvals(const MemoryApprovals *approvals, Buffer *b);
