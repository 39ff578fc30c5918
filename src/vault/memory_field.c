#include "vault/memory_field.h"

#include "crypto/digest.h"

enum { HASHES_PER_RECORD = JOURNAL_RECORD_BYTES_MAX / (KEYED_HASH_BYTES + 8) - 1 };

static bool box_expired(const void *record, int64_t now_us)
{
    return ((const MemoryExpiring *)record)->expires_us < now_us;
}

static bool budget_expired(const void *record, int64_t now_us)
{
    return ((const MemoryBudget *)record)->expires_us < now_us;
}

/* --- boxes --- */

static Status write_boxes(
        Memory *m, const MemoryExpiring *boxes, size_t count, uint64_t *ret_position)
{
    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    for (size_t i = 0; i < count; i++) {
        TRY(buffer_put(&b, SPAN_OF(boxes[i].name.bytes)));
        TRY(buffer_put_i64(&b, boxes[i].expires_us));
    }
    return memory_write(m, MEMORY_FIELD_BOXES, span_of_buffer(&b), ret_position);
}

static Status spend_locked(Memory *m, const MemoryExpiring *boxes, size_t count, int64_t now_us,
        bool *ret_fresh, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    HashTable *table = &m->fields->boxes;
    const size_t most = m->limits.field_boxes;
    if (table->count + count > most) hash_table_purge(table, box_expired, now_us);
    REQUIRE(table->count + count <= most, REFUSED_VAULT_BUSY);
    MemoryExpiring fresh[HASHES_PER_RECORD];
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        /* What stands twice in one list is found among those not yet written, or in the table. */
        bool known = hash_table_find(table, &boxes[i].name) != NULL;
        for (size_t k = 0; k < size && !known; k++)
            known = keyed_hash_equal(&fresh[k].name, &boxes[i].name);
        ret_fresh[i] = !known;
        if (!known) fresh[size++] = boxes[i];
        const bool flush = size == HASHES_PER_RECORD || (i + 1 == count && size > 0);
        if (flush) TRY(write_boxes(m, fresh, size, ret_position));
        if (flush) size = 0;
    }
    return OK;
}

Status memory_spend_boxes(
        Memory *m, const MemoryExpiring *boxes, size_t count, int64_t now_us, bool *ret_fresh)
{
    uint64_t position = 0;
    TRY(spend_locked(m, boxes, count, now_us, ret_fresh, &position));
    return position > 0 ? memory_sync(m, position) : OK;
}

/* --- budgets --- */

static Status put_budget(const MemoryExpiring *name, uint32_t used, Buffer *b)
{
    TRY(buffer_put(b, SPAN_OF(name->name.bytes)));
    TRY(buffer_put_i64(b, name->expires_us));
    return buffer_put_u32(b, used);
}

/* What would be used after `amount` more; the lock is held. */
static Status would_use(Memory *m, const MemoryExpiring *name, uint32_t amount, uint32_t max,
        StatusCode refusal, int64_t now_us, uint32_t *ret_used)
{
    HashTable *table = &m->fields->budgets;
    if (table->count >= m->limits.budgets) hash_table_purge(table, budget_expired, now_us);
    REQUIRE(table->count < m->limits.budgets, REFUSED_VAULT_BUSY);
    const MemoryBudget *budget = hash_table_find(table, &name->name);
    const uint64_t used = (budget != NULL ? budget->used : 0) + (uint64_t)amount;
    REQUIRE(used <= max, refusal);
    *ret_used = (uint32_t)used;
    return OK;
}

static Status use_locked(Memory *m, const MemoryExpiring *name, uint32_t amount, uint32_t max,
        StatusCode refusal, int64_t now_us, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    uint32_t used = 0;
    uint8_t memory[64];
    Buffer b = BUFFER_OF(memory);
    TRY(would_use(m, name, amount, max, refusal, now_us, &used));
    TRY(put_budget(name, used, &b));
    return memory_write(m, MEMORY_FIELD_BUDGETS, span_of_buffer(&b), ret_position);
}

Status memory_budget_use(Memory *m, const MemoryExpiring *name, uint32_t amount, uint32_t max,
        StatusCode refusal, int64_t now_us)
{
    uint64_t position = 0;
    TRY(use_locked(m, name, amount, max, refusal, now_us, &position));
    return memory_sync(m, position);
}

/* --- receivers --- */

static const MemoryReceiver *find_receiver(const Memory *m, Span name)
{
    const struct MemoryFields *f = m->fields;
    for (size_t i = 0; i < f->receiver_count; i++) {
        const MemoryReceiver *r = &f->receivers[i];
        if (span_equal((Span) { r->name, r->name_bytes }, name)) return r;
    }
    return NULL;
}

static Status add_locked(Memory *m, const WireReceiver *receiver, const MemoryApprovals *approvals,
        uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(!memory_approvals_are_spent(m, approvals), REFUSED_APPROVAL_REPLAYED);
    REQUIRE(find_receiver(m, receiver->name) == NULL, REFUSED_RECEIVER_EXISTS);
    REQUIRE(m->fields->receiver_count < MEMORY_RECEIVERS_MAX, REFUSED_BUFFER_FULL);
    REQUIRE(receiver->spki.size <= MEMORY_RECEIVER_KEY_BYTES_MAX, REFUSED_BUFFER_FULL);
    uint8_t memory[512];
    Buffer b = BUFFER_OF(memory);
    TRY(wire_put_receiver(&b, receiver));
    TRY(memory_put_approvals(approvals, &b));
    return memory_write(m, MEMORY_RECEIVER, span_of_buffer(&b), ret_position);
}

Status memory_receiver_add(
        Memory *m, const WireReceiver *receiver, const MemoryApprovals *approvals)
{
    uint64_t position = 0;
    TRY(add_locked(m, receiver, approvals, &position));
    return memory_sync(m, position);
}

static Status remove_locked(
        Memory *m, Span name, const MemoryApprovals *approvals, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(!memory_approvals_are_spent(m, approvals), REFUSED_APPROVAL_REPLAYED);
    REQUIRE(find_receiver(m, name) != NULL, REFUSED_RECEIVER_UNKNOWN);
    uint8_t memory[256];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_framed(&b, name));
    TRY(memory_put_approvals(approvals, &b));
    return memory_write(m, MEMORY_RECEIVER_GONE, span_of_buffer(&b), ret_position);
}

Status memory_receiver_remove(Memory *m, Span name, const MemoryApprovals *approvals)
{
    uint64_t position = 0;
    TRY(remove_locked(m, name, approvals, &position));
    return memory_sync(m, position);
}

bool memory_receiver(Memory *m, Span name, MemoryReceiver *ret_receiver)
{
    MEMORY_HOLD(m);
    const MemoryReceiver *receiver = find_receiver(m, name);
    if (receiver != NULL) *ret_receiver = *receiver;
    return receiver != NULL;
}

Status memory_receivers(Memory *m, Buffer *ret_answer)
{
    MEMORY_HOLD(m);
    const struct MemoryFields *f = m->fields;
    TRY(buffer_put_u32(ret_answer, (uint32_t)f->receiver_count));
    for (size_t i = 0; i < f->receiver_count; i++) {
        const MemoryReceiver *r = &f->receivers[i];
        const WireReceiver wire = { { r->name, r->name_bytes }, { r->key, r->key_bytes },
            r->purposes, r->per_day, r->per_subject_day };
        TRY(wire_put_receiver(ret_answer, &wire));
    }
    return OK;
}

/* --- reveals --- */

static Status reveal_locked(Memory *m, WireRevealRecord *record, const RevealBudget *budgets,
        size_t budget_count, const MemoryApprovals *approvals, int64_t now_us,
        uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    ASSERT(budget_count <= MEMORY_BUDGETS_PER_REVEAL);
    struct MemoryFields *f = m->fields;
    if (approvals != NULL)
        REQUIRE(!memory_approvals_are_spent(m, approvals), REFUSED_APPROVAL_REPLAYED);
    REQUIRE(f->reveal_count - f->reveal_kept < MEMORY_RECORDS_MAX, REFUSED_REVEAL_LOG_FULL);
    record->number = f->reveal_count + 1;
    uint8_t bytes[MEMORY_RECORD_BYTES_MAX];
    uint8_t memory[MEMORY_RECORD_BYTES_MAX + 256];
    Buffer line = BUFFER_OF(bytes);
    Buffer b = BUFFER_OF(memory);
    TRY(wire_put_reveal_record(&line, record));
    TRY(buffer_put_framed(&b, span_of_buffer(&line)));
    TRY(buffer_put_u8(&b, (uint8_t)budget_count));
    for (size_t i = 0; i < budget_count; i++) {
        uint32_t used = 0;
        TRY(would_use(
                m, &budgets[i].name, 1, budgets[i].max, REFUSED_REVEAL_BUDGET, now_us, &used));
        TRY(put_budget(&budgets[i].name, used, &b));
    }
    if (approvals != NULL) TRY(memory_put_approvals(approvals, &b));
    return memory_write(m, MEMORY_REVEAL, span_of_buffer(&b), ret_position);
}

Status memory_log_reveal(Memory *m, WireRevealRecord *record, const RevealBudget *budgets,
        size_t budget_count, const MemoryApprovals *approvals, int64_t now_us)
{
    uint64_t position = 0;
    TRY(reveal_locked(m, record, budgets, budget_count, approvals, now_us, &position));
    return memory_sync(m, position);
}

Status memory_reveal_log(Memory *m, uint64_t first, Buffer *ret_answer)
{
    MEMORY_HOLD(m);
    const struct MemoryFields *f = m->fields;
    WireRevealHead head = { .count = f->reveal_count, .kept = f->reveal_kept };
    memcpy(head.chain, f->reveal_chain, sizeof(head.chain));
    const uint64_t from = first > f->reveal_kept ? first : f->reveal_kept + 1;
    uint64_t count = from <= f->reveal_count ? f->reveal_count - from + 1 : 0;
    if (count > WIRE_REVEALS_MAX) count = WIRE_REVEALS_MAX;
    TRY(wire_put_reveal_head(ret_answer, &head));
    TRY(buffer_put_u32(ret_answer, (uint32_t)count));
    for (uint64_t i = 0; i < count; i++) {
        const MemoryRecord *reveal = &f->reveals[(from + i) % MEMORY_RECORDS_MAX];
        TRY(buffer_put_framed(ret_answer, (Span) { reveal->bytes, reveal->size }));
    }
    return OK;
}

static Status kept_locked(Memory *m, uint64_t number, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(number <= m->fields->reveal_count, REFUSED_IPC_FORMAT);
    if (number <= m->fields->reveal_kept) return OK;
    uint8_t memory[8];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, number));
    return memory_write(m, MEMORY_REVEAL_KEPT, span_of_buffer(&b), ret_position);
}

Status memory_reveal_kept(Memory *m, uint64_t number)
{
    uint64_t position = 0;
    TRY(kept_locked(m, number, &position));
    return position > 0 ? memory_sync(m, position) : OK;
}

/* --- destroyed subjects --- */

static Status destroy_locked(Memory *m, const KeyedHash *subjects, size_t count,
        uint32_t shred_version, const MemoryApprovals *approvals, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(!memory_approvals_are_spent(m, approvals), REFUSED_APPROVAL_REPLAYED);
    REQUIRE(m->fields->dead.count + count <= MEMORY_DEAD_MAX, REFUSED_VAULT_BUSY);
    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    for (size_t i = 0; i < count; i++) {
        TRY(buffer_put(&b, SPAN_OF(subjects[i].bytes)));
        TRY(buffer_put_u32(&b, shred_version));
        if (b.capacity - b.size >= KEYED_HASH_BYTES + 4 && i + 1 < count) continue;
        TRY(memory_write(m, MEMORY_SUBJECTS_DEAD, span_of_buffer(&b), ret_position));
        b.size = 0;
    }
    TRY(memory_put_approvals(approvals, &b));
    return memory_write(m, MEMORY_APPROVALS, span_of_buffer(&b), ret_position);
}

Status memory_destroy_subjects(Memory *m, const KeyedHash *subjects, size_t count,
        uint32_t shred_version, const MemoryApprovals *approvals)
{
    uint64_t position = 0;
    TRY(destroy_locked(m, subjects, count, shred_version, approvals, &position));
    return memory_sync(m, position);
}

void memory_subjects_dead(Memory *m, const KeyedHash *subjects, size_t count, bool *ret_dead)
{
    MEMORY_HOLD(m);
    for (size_t i = 0; i < count; i++)
        ret_dead[i] = hash_table_find(&m->fields->dead, &subjects[i]) != NULL;
}

bool memory_dead_fit(Memory *m, size_t count)
{
    MEMORY_HOLD(m);
    return m->fields->dead.count + count <= MEMORY_DEAD_MAX;
}

/* The "time" of the purge is a version. */
static bool is_buried(const void *record, int64_t destroyed_version)
{
    return ((const MemoryDead *)record)->shred_version <= (uint32_t)destroyed_version;
}

void memory_bury(Memory *m, uint32_t destroyed_version)
{
    MEMORY_HOLD(m);
    hash_table_purge(&m->fields->dead, is_buried, destroyed_version);
}

/* --- honey --- */

static Status honey_locked(Memory *m, const KeyedHash *values, size_t count, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(m->fields->honey.count + count <= MEMORY_HONEY_MAX, REFUSED_VAULT_BUSY);
    for (size_t done = 0; done < count;) {
        const size_t now = count - done < HASHES_PER_RECORD ? count - done : HASHES_PER_RECORD;
        const Span bytes = { values[done].bytes, now * sizeof(KeyedHash) };
        TRY(memory_write(m, MEMORY_HONEY, bytes, ret_position));
        done += now;
    }
    return OK;
}

Status memory_honey_add(Memory *m, const KeyedHash *values, size_t count)
{
    uint64_t position = 0;
    TRY(honey_locked(m, values, count, &position));
    return memory_sync(m, position);
}

bool memory_is_honey(Memory *m, const KeyedHash *value)
{
    MEMORY_HOLD(m);
    return hash_table_find(&m->fields->honey, value) != NULL;
}
