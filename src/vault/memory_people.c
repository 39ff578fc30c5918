#include "vault/memory_people.h"

static bool nonce_expired(const void *record, int64_t now_us)
{
    return ((const MemoryNonce *)record)->expires_us < now_us;
}

bool memory_approvals_spent(Memory *m, const MemoryApprovals *approvals, int64_t now_us)
{
    MEMORY_HOLD(m);
    if (m->nonces.count >= m->limits.nonces) hash_table_purge(&m->nonces, nonce_expired, now_us);
    return memory_approvals_are_spent(m, approvals);
}

static Status spend_locked(Memory *m, const MemoryApprovals *approvals, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(!memory_approvals_are_spent(m, approvals), REFUSED_APPROVAL_REPLAYED);
    uint8_t memory[64];
    Buffer b = BUFFER_OF(memory);
    TRY(memory_put_approvals(approvals, &b));
    return memory_write(m, MEMORY_APPROVALS, span_of_buffer(&b), ret_position);
}

Status memory_spend_approvals(Memory *m, const MemoryApprovals *approvals)
{
    uint64_t position = 0;
    TRY(spend_locked(m, approvals, &position));
    return memory_sync(m, position);
}

static Status note_locked(Memory *m, uint64_t generation, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(generation >= m->keystore, REFUSED_KEYSTORE_ROLLED_BACK);
    if (generation == m->keystore) return OK;
    uint8_t memory[8];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, generation));
    return memory_write(m, MEMORY_KEYSTORE, span_of_buffer(&b), ret_position);
}

Status memory_note_keystore(Memory *m, uint64_t generation)
{
    uint64_t position = 0;
    TRY(note_locked(m, generation, &position));
    return position == 0 ? OK : memory_sync(m, position);
}
