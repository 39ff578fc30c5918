#include "vault/memory_people.h"

static Span name_of(const MemoryOperator *o) { return (Span) { o->name, o->name_bytes }; }
static Span key_of(const MemoryOperator *o) { return (Span) { o->key, o->key_bytes }; }

static Status enroll_locked(Memory *m, Span name, Span key_spki, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(!m->ever_prepared, REFUSED_CEREMONY_CLOSED);
    REQUIRE(m->operator_count < MEMORY_OPERATORS_MAX, REFUSED_BUFFER_FULL);
    for (size_t i = 0; i < m->operator_count; i++) {
        const MemoryOperator *other = &m->operators[i];
        REQUIRE(!span_equal(name_of(other), name), REFUSED_OPERATOR_EXISTS);
        REQUIRE(!span_equal(key_of(other), key_spki), REFUSED_OPERATOR_EXISTS);
    }
    uint8_t memory[8 + MEMORY_OPERATOR_NAME_BYTES_MAX + MEMORY_OPERATOR_KEY_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_framed(&b, name));
    TRY(buffer_put_framed(&b, key_spki));
    return memory_write(m, MEMORY_OPERATOR, span_of_buffer(&b), ret_position);
}

Status memory_enroll(Memory *m, Span name, Span key_spki)
{
    REQUIRE(name.size >= 1 && name.size <= MEMORY_OPERATOR_NAME_BYTES_MAX, REFUSED_BUFFER_FULL);
    REQUIRE(key_spki.size <= MEMORY_OPERATOR_KEY_BYTES_MAX, REFUSED_BUFFER_FULL);
    uint64_t position = 0;
    TRY(enroll_locked(m, name, key_spki, &position));
    return memory_sync(m, position);
}

bool memory_operator(Memory *m, Span name, MemoryOperator *ret_operator)
{
    MEMORY_HOLD(m);
    for (size_t i = 0; i < m->operator_count; i++) {
        if (!span_equal(name_of(&m->operators[i]), name)) continue;
        *ret_operator = m->operators[i];
        return true;
    }
    return false;
}

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
