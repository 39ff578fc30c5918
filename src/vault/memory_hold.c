#include "vault/memory_hold.h"

static bool hold_is_over(const void *record, int64_t now_us)
{
    return ((const MemoryLegalHold *)record)->until_us <= now_us;
}

static Status place_locked(Memory *m, const MemoryLegalHold *hold, const MemoryApprovals *approvals,
        int64_t now_us, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(!memory_approvals_are_spent(m, approvals), REFUSED_APPROVAL_REPLAYED);
    if (m->holds.count >= MEMORY_LEGAL_HOLDS_MAX) hash_table_purge(&m->holds, hold_is_over, now_us);
    const bool is_new = hash_table_find(&m->holds, &hold->hold) == NULL;
    REQUIRE(!is_new || m->holds.count < MEMORY_LEGAL_HOLDS_MAX, REFUSED_HOLD_FULL);
    uint8_t memory[256];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN_OF(hold->hold.bytes)));
    TRY(buffer_put(&b, SPAN_OF(hold->subject.bytes)));
    TRY(buffer_put_i64(&b, hold->until_us));
    TRY(memory_put_approvals(approvals, &b));
    return memory_write(m, MEMORY_LEGAL_HOLD, span_of_buffer(&b), ret_position);
}

Status memory_hold_place(
        Memory *m, const MemoryLegalHold *hold, const MemoryApprovals *approvals, int64_t now_us)
{
    uint64_t position = 0;
    TRY(place_locked(m, hold, approvals, now_us, &position));
    return memory_sync(m, position);
}

static Status release_locked(
        Memory *m, const KeyedHash *hold, const MemoryApprovals *approvals, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(!memory_approvals_are_spent(m, approvals), REFUSED_APPROVAL_REPLAYED);
    REQUIRE(hash_table_find(&m->holds, hold) != NULL, REFUSED_HOLD_UNKNOWN);
    uint8_t memory[128];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN_OF(hold->bytes)));
    TRY(memory_put_approvals(approvals, &b));
    return memory_write(m, MEMORY_LEGAL_RELEASE, span_of_buffer(&b), ret_position);
}

Status memory_hold_release(Memory *m, const KeyedHash *hold, const MemoryApprovals *approvals)
{
    uint64_t position = 0;
    TRY(release_locked(m, hold, approvals, &position));
    return memory_sync(m, position);
}

int64_t memory_held_until_us(Memory *m, const KeyedHash *subject, int64_t now_us)
{
    MEMORY_HOLD(m);
    int64_t until_us = 0;
    size_t position = 0;
    for (const MemoryLegalHold *hold = hash_table_next(&m->holds, &position); hold != NULL;
            hold = hash_table_next(&m->holds, &position)) {
        const bool counts = hold->until_us > now_us && keyed_hash_equal(&hold->subject, subject);
        if (counts && hold->until_us > until_us) until_us = hold->until_us;
    }
    return until_us;
}

/* --- the records --- */

static Status put_hold(const void *record, Buffer *b)
{
    const MemoryLegalHold *hold = record;
    TRY(buffer_put(b, SPAN_OF(hold->hold.bytes)));
    TRY(buffer_put(b, SPAN_OF(hold->subject.bytes)));
    return buffer_put_i64(b, hold->until_us);
}

Status memory_snapshot_holds(const Memory *m, Journal *journal)
{
    return memory_put_table(journal, MEMORY_LEGAL_HOLDS, &m->holds, put_hold);
}

/* hold | subject | until i64 */
static Status apply_one(Memory *m, Cursor *c)
{
    KeyedHash name;
    void *record = NULL;
    bool is_new = false;
    TRY(cursor_copy(c, KEYED_HASH_BYTES, name.bytes));
    TRY(hash_table_put(&m->holds, &name, &record, &is_new));
    MemoryLegalHold *hold = record;
    TRY(cursor_copy(c, KEYED_HASH_BYTES, hold->subject.bytes));
    return cursor_i64(c, &hold->until_us);
}

Status memory_apply_hold(Memory *m, uint16_t kind, Cursor *c)
{
    KeyedHash name;
    switch (kind) {
    case MEMORY_LEGAL_HOLD: TRY(apply_one(m, c)); return memory_apply_approvals(m, c);
    case MEMORY_LEGAL_RELEASE:
        TRY(cursor_copy(c, KEYED_HASH_BYTES, name.bytes));
        (void)hash_table_delete(&m->holds, &name); /* it may have been purged meanwhile */
        return memory_apply_approvals(m, c);
    case MEMORY_LEGAL_HOLDS:
        while (c->rest.size > 0)
            TRY(apply_one(m, c));
        return OK;
    default: return REFUSE(REFUSED_JOURNAL_TAMPERED);
    }
}
