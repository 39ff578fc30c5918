#include "vault/memory_batch.h"

enum { LEASE_STEP_MAX = 1024 }; /* who could take the last lease would stop the house for good */

static Status lease_locked(Memory *m, uint64_t wanted, uint64_t *ret_epoch, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    const uint64_t epoch = wanted == 0 ? m->epoch + 1 : wanted;
    REQUIRE(epoch > m->epoch && epoch - m->epoch <= LEASE_STEP_MAX, REFUSED_EPOCH_FENCED);
    uint8_t memory[8];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, epoch));
    TRY(memory_write(m, MEMORY_LEASE, span_of_buffer(&b), ret_position));
    *ret_epoch = epoch;
    return OK;
}

Status memory_lease(Memory *m, uint64_t wanted, uint64_t *ret_epoch)
{
    uint64_t position = 0;
    uint64_t epoch = 0;
    TRY(lease_locked(m, wanted, &epoch, &position));
    TRY(memory_sync(m, position));
    *ret_epoch = epoch;
    return OK;
}

static bool grant_lives(const Memory *m, const uint8_t grant[MEMORY_GRANT_BYTES])
{
    KeyedHash name;
    memcpy(name.bytes, grant, sizeof(name.bytes));
    return hash_table_find(&m->grants, &name) != NULL;
}

static Status prepare_locked(Memory *m, uint64_t epoch, const StoreState *next,
        const uint8_t (*grants)[MEMORY_GRANT_BYTES], size_t grant_count, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(epoch == m->epoch, REFUSED_EPOCH_FENCED);
    REQUIRE(!m->has_prepared && next->size == m->confirmed.size + 1, REFUSED_BATCH_OUT_OF_ORDER);
    for (size_t i = 0; i < grant_count; i++)
        REQUIRE(grant_lives(m, grants[i]), REFUSED_GRANT_INVALID);

    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, epoch));
    TRY(memory_put_state(next, &b));
    TRY(buffer_put_u16(&b, (uint16_t)grant_count));
    for (size_t i = 0; i < grant_count; i++)
        TRY(buffer_put(&b, SPAN_OF(grants[i])));
    return memory_write(m, MEMORY_PREPARE, span_of_buffer(&b), ret_position);
}

Status memory_prepare(Memory *m, uint64_t epoch, const StoreState *next,
        const uint8_t (*grants)[MEMORY_GRANT_BYTES], size_t grant_count)
{
    ASSERT(grant_count <= MEMORY_GRANTS_PER_BATCH_MAX);
    uint64_t position = 0;
    TRY(prepare_locked(m, epoch, next, grants, grant_count, &position));
    return memory_sync(m, position);
}

static Status decide(Memory *m, MemoryKind kind, uint64_t epoch, int64_t batch)
{
    MEMORY_HOLD(m);
    REQUIRE(epoch == m->epoch, REFUSED_EPOCH_FENCED);
    REQUIRE(m->has_prepared && batch == m->confirmed.size, REFUSED_BATCH_OUT_OF_ORDER);
    uint8_t memory[8];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_i64(&b, batch));
    TRY(memory_write(m, kind, span_of_buffer(&b), &m->unsettled));
    pthread_cond_signal(&m->settle);
    return OK;
}

Status memory_confirm(Memory *m, uint64_t epoch, int64_t batch)
{
    return decide(m, MEMORY_CONFIRM, epoch, batch);
}

Status memory_abort(Memory *m, uint64_t epoch, int64_t batch)
{
    return decide(m, MEMORY_ABORT, epoch, batch);
}

bool memory_frozen(const Memory *m, const KeyedHash *row)
{
    return hash_table_find(&m->frozen, row) != NULL;
}

static Status freeze_locked(
        Memory *m, const KeyedHash *rows, size_t count, uint64_t *ret_position, bool *ret_written)
{
    MEMORY_HOLD(m);
    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    for (size_t i = 0; i < count; i++) {
        if (memory_frozen(m, &rows[i])) continue;
        /* Over the limit nothing more can be remembered; the rows are still refused for what they
         * are. */
        CHECK(m->frozen.count + b.size / KEYED_HASH_BYTES < MEMORY_FROZEN_MAX, FAULT_VAULT);
        TRY(buffer_put(&b, SPAN_OF(rows[i].bytes)));
        if (b.capacity - b.size >= KEYED_HASH_BYTES && i + 1 < count) continue;
        TRY(memory_write(m, MEMORY_FREEZE, span_of_buffer(&b), ret_position));
        *ret_written = true;
        b.size = 0;
    }
    if (b.size == 0) return OK;
    TRY(memory_write(m, MEMORY_FREEZE, span_of_buffer(&b), ret_position));
    *ret_written = true;
    return OK;
}

Status memory_freeze(Memory *m, const KeyedHash *rows, size_t count)
{
    uint64_t position = 0;
    bool written = false;
    TRY(freeze_locked(m, rows, count, &position, &written));
    return written ? memory_sync(m, position) : OK;
}

Status memory_put_approvals(const MemoryApprovals *approvals, Buffer *b)
{
    for (size_t i = 0; i < 2; i++) {
        TRY(buffer_put(b, SPAN_OF(approvals->nonces[i].nonce.bytes)));
        TRY(buffer_put_i64(b, approvals->nonces[i].expires_us));
    }
    return OK;
}

bool memory_approvals_are_spent(const Memory *m, const MemoryApprovals *approvals)
{
    return hash_table_find(&m->nonces, &approvals->nonces[0].nonce) != NULL
            || hash_table_find(&m->nonces, &approvals->nonces[1].nonce) != NULL;
}

static Status release_locked(
        Memory *m, const KeyedHash *row, const MemoryApprovals *approvals, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(!memory_approvals_are_spent(m, approvals), REFUSED_APPROVAL_REPLAYED);
    REQUIRE(memory_frozen(m, row), REFUSED_APPROVAL_INVALID);
    uint8_t memory[128];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN_OF(row->bytes)));
    TRY(memory_put_approvals(approvals, &b));
    return memory_write(m, MEMORY_RELEASE, span_of_buffer(&b), ret_position);
}

Status memory_release(Memory *m, const KeyedHash *row, const MemoryApprovals *approvals)
{
    uint64_t position = 0;
    TRY(release_locked(m, row, approvals, &position));
    return memory_sync(m, position);
}

static Status sign_root_locked(
        Memory *m, int64_t size, const MerkleHash *root, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(size >= m->signed_size, REFUSED_STORE_ROLLED_BACK);
    if (size == m->signed_size) {
        REQUIRE(merkle_equal(root, &m->signed_root), REFUSED_STORE_ROLLED_BACK);
        *ret_position = journal_position(m->journal); /* its record's sync may have failed */
        return OK;
    }
    uint8_t memory[8 + MERKLE_HASH_BYTES];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_i64(&b, size));
    TRY(buffer_put(&b, SPAN_OF(root->bytes)));
    return memory_write(m, MEMORY_CHECKPOINT, span_of_buffer(&b), ret_position);
}

Status memory_sign_root(Memory *m, int64_t size, const MerkleHash *root)
{
    uint64_t position = 0;
    TRY(sign_root_locked(m, size, root, &position));
    return memory_sync(m, position);
}

static Status restore_locked(Memory *m, const StoreState *state, const MemoryApprovals *approvals,
        uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(!memory_approvals_are_spent(m, approvals), REFUSED_APPROVAL_REPLAYED);
    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u32(&b, m->log_epoch + 1));
    TRY(memory_put_state(state, &b));
    TRY(memory_put_approvals(approvals, &b));
    return memory_write(m, MEMORY_RESTORE, span_of_buffer(&b), ret_position);
}

Status memory_restore(Memory *m, const StoreState *state, const MemoryApprovals *approvals)
{
    uint64_t position = 0;
    TRY(restore_locked(m, state, approvals, &position));
    return memory_sync(m, position);
}
