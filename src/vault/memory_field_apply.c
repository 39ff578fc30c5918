/* The records of memory_field.h: applied at their writing and at every replay, and written anew
 * when a segment begins. */
#include "vault/memory_field.h"

#include "base/secret.h"
#include "crypto/digest.h"

#include <stdlib.h>

Status memory_fields_open(Memory *m)
{
    struct MemoryFields *f = calloc(1, sizeof(*f));
    CHECK(f != NULL, FAULT_MEMORY);
    hash_table_init(
            &f->boxes, sizeof(MemoryExpiring), memory_replayed_max(m, m->limits.field_boxes));
    hash_table_init(&f->budgets, sizeof(MemoryBudget), memory_replayed_max(m, m->limits.budgets));
    hash_table_init(&f->dead, sizeof(MemoryDead), memory_replayed_max(m, MEMORY_DEAD_MAX));
    hash_table_init(&f->honey, sizeof(KeyedHash), MEMORY_HONEY_MAX);
    m->fields = f;
    return OK;
}

void memory_fields_close(Memory *m)
{
    struct MemoryFields *f = m->fields;
    if (f == NULL) return;
    hash_table_clear(&f->boxes);
    hash_table_clear(&f->budgets);
    hash_table_clear(&f->dead);
    hash_table_clear(&f->honey);
    bytes_wipe(f, sizeof(*f));
    free(f);
    m->fields = NULL;
}

/* --- apply --- */

static Status take_hash(Cursor *c, KeyedHash *ret)
{
    return cursor_copy(c, sizeof(ret->bytes), ret->bytes);
}

static Status take_into(HashTable *table, Cursor *c, void **ret_record)
{
    KeyedHash name;
    bool is_new = false;
    TRY(take_hash(c, &name));
    return hash_table_put(table, &name, ret_record, &is_new);
}

static Status apply_boxes(Memory *m, Cursor *c)
{
    while (c->rest.size > 0) {
        void *record = NULL;
        TRY(take_into(&m->fields->boxes, c, &record));
        TRY(cursor_i64(c, &((MemoryExpiring *)record)->expires_us));
    }
    return OK;
}

static Status apply_budget(Memory *m, Cursor *c)
{
    void *record = NULL;
    TRY(take_into(&m->fields->budgets, c, &record));
    MemoryBudget *budget = record;
    TRY(cursor_i64(c, &budget->expires_us));
    return cursor_u32(c, &budget->used);
}

static Status apply_budgets(Memory *m, Cursor *c)
{
    while (c->rest.size > 0)
        TRY(apply_budget(m, c));
    return OK;
}

static Status apply_receiver(Memory *m, Cursor *c)
{
    struct MemoryFields *f = m->fields;
    WireReceiver wire;
    TRY(wire_take_receiver(c, &wire));
    REQUIRE(f->receiver_count < MEMORY_RECEIVERS_MAX, REFUSED_JOURNAL_TAMPERED);
    REQUIRE(wire.spki.size <= MEMORY_RECEIVER_KEY_BYTES_MAX, REFUSED_JOURNAL_TAMPERED);
    MemoryReceiver *receiver = &f->receivers[f->receiver_count++];
    *receiver = (MemoryReceiver) {
        .name_bytes = (uint8_t)wire.name.size,
        .key_bytes = (uint8_t)wire.spki.size,
        .purposes = wire.purposes,
        .per_day = wire.per_day,
        .per_subject_day = wire.per_subject_day,
    };
    memcpy(receiver->name, wire.name.data, wire.name.size);
    memcpy(receiver->key, wire.spki.data, wire.spki.size);
    return memory_apply_approvals(m, c);
}

static Status apply_receiver_gone(Memory *m, Cursor *c)
{
    struct MemoryFields *f = m->fields;
    Span name;
    TRY(cursor_framed(c, WIRE_RECEIVER_BYTES_MAX, &name));
    for (size_t i = 0; i < f->receiver_count; i++) {
        const MemoryReceiver *r = &f->receivers[i];
        if (!span_equal((Span) { r->name, r->name_bytes }, name)) continue;
        f->receivers[i] = f->receivers[--f->receiver_count];
        return memory_apply_approvals(m, c);
    }
    return REFUSE(REFUSED_JOURNAL_TAMPERED);
}

static Status keep_record(struct MemoryFields *f, uint64_t number, Span record)
{
    REQUIRE(record.size <= MEMORY_RECORD_BYTES_MAX, REFUSED_JOURNAL_TAMPERED);
    MemoryRecord *reveal = &f->reveals[number % MEMORY_RECORDS_MAX];
    reveal->size = (uint16_t)record.size;
    memcpy(reveal->bytes, record.data, record.size);
    return OK;
}

static Status apply_reveal(Memory *m, Cursor *c)
{
    struct MemoryFields *f = m->fields;
    Span record;
    uint8_t budgets = 0;
    TRY(cursor_framed(c, MEMORY_RECORD_BYTES_MAX, &record));
    TRY(cursor_u8(c, &budgets));
    REQUIRE(budgets <= MEMORY_BUDGETS_PER_REVEAL, REFUSED_JOURNAL_TAMPERED);
    for (size_t i = 0; i < budgets; i++)
        TRY(apply_budget(m, c));
    const Span parts[] = { SPAN_OF(f->reveal_chain), record };
    uint8_t next[DIGEST_SHA256_BYTES];
    digest_parts(DIGEST_SHA256, parts, 2, next);
    memcpy(f->reveal_chain, next, sizeof(next));
    TRY(keep_record(f, ++f->reveal_count, record));
    return memory_apply_approvals(m, c);
}

static Status apply_reveal_kept(Memory *m, Cursor *c)
{
    TRY(cursor_u64(c, &m->fields->reveal_kept));
    REQUIRE(m->fields->reveal_kept <= m->fields->reveal_count, REFUSED_JOURNAL_TAMPERED);
    return OK;
}

static Status apply_reveal_head(Memory *m, Cursor *c)
{
    WireRevealHead head;
    TRY(wire_take_reveal_head(c, &head));
    m->fields->reveal_count = head.count;
    m->fields->reveal_kept = head.kept;
    memcpy(m->fields->reveal_chain, head.chain, sizeof(head.chain));
    return OK;
}

static Status apply_reveal_waiting(Memory *m, Cursor *c)
{
    uint64_t number = 0;
    Span record;
    TRY(cursor_u64(c, &number));
    TRY(cursor_framed(c, MEMORY_RECORD_BYTES_MAX, &record));
    return keep_record(m->fields, number, record);
}

static Status apply_dead(Memory *m, Cursor *c)
{
    while (c->rest.size > 0) {
        void *record = NULL;
        TRY(take_into(&m->fields->dead, c, &record));
        TRY(cursor_u32(c, &((MemoryDead *)record)->shred_version));
    }
    return OK;
}

static Status apply_honey(Memory *m, Cursor *c)
{
    while (c->rest.size > 0) {
        void *record = NULL;
        TRY(take_into(&m->fields->honey, c, &record));
    }
    return OK;
}

Status memory_fields_apply(Memory *m, uint16_t kind, Cursor *c)
{
    switch (kind) {
    case MEMORY_FIELD_BOXES: return apply_boxes(m, c);
    case MEMORY_FIELD_BUDGETS: return apply_budgets(m, c);
    case MEMORY_RECEIVER: return apply_receiver(m, c);
    case MEMORY_RECEIVER_GONE: return apply_receiver_gone(m, c);
    case MEMORY_REVEAL: return apply_reveal(m, c);
    case MEMORY_REVEAL_KEPT: return apply_reveal_kept(m, c);
    case MEMORY_REVEAL_HEAD: return apply_reveal_head(m, c);
    case MEMORY_REVEAL_WAITING: return apply_reveal_waiting(m, c);
    case MEMORY_SUBJECTS_DEAD: return apply_dead(m, c);
    case MEMORY_HONEY: return apply_honey(m, c);
    default: return REFUSE(REFUSED_JOURNAL_TAMPERED);
    }
}

/* --- snapshot --- */

static Status put_box(const void *record, Buffer *b)
{
    const MemoryExpiring *box = record;
    TRY(buffer_put(b, SPAN_OF(box->name.bytes)));
    return buffer_put_i64(b, box->expires_us);
}

static Status put_budget(const void *record, Buffer *b)
{
    const MemoryBudget *budget = record;
    TRY(buffer_put(b, SPAN_OF(budget->name.bytes)));
    TRY(buffer_put_i64(b, budget->expires_us));
    return buffer_put_u32(b, budget->used);
}

static Status put_dead(const void *record, Buffer *b)
{
    const MemoryDead *dead = record;
    TRY(buffer_put(b, SPAN_OF(dead->subject.bytes)));
    return buffer_put_u32(b, dead->shred_version);
}

static Status put_honey(const void *record, Buffer *b)
{
    return buffer_put(b, SPAN_OF(((const KeyedHash *)record)->bytes));
}

static Status put_receivers(const struct MemoryFields *f, Journal *journal)
{
    for (size_t i = 0; i < f->receiver_count; i++) {
        const MemoryReceiver *r = &f->receivers[i];
        const WireReceiver wire = { { r->name, r->name_bytes }, { r->key, r->key_bytes },
            r->purposes, r->per_day, r->per_subject_day };
        uint8_t memory[512];
        Buffer b = BUFFER_OF(memory);
        TRY(wire_put_receiver(&b, &wire));
        TRY(journal_snapshot_put(journal, MEMORY_RECEIVER, span_of_buffer(&b)));
    }
    return OK;
}

static Status put_reveals(const struct MemoryFields *f, Journal *journal)
{
    uint8_t memory[MEMORY_RECORD_BYTES_MAX + 64];
    Buffer b = BUFFER_OF(memory);
    WireRevealHead head = { .count = f->reveal_count, .kept = f->reveal_kept };
    memcpy(head.chain, f->reveal_chain, sizeof(head.chain));
    TRY(wire_put_reveal_head(&b, &head));
    TRY(journal_snapshot_put(journal, MEMORY_REVEAL_HEAD, span_of_buffer(&b)));
    for (uint64_t number = f->reveal_kept + 1; number <= f->reveal_count; number++) {
        const MemoryRecord *reveal = &f->reveals[number % MEMORY_RECORDS_MAX];
        b.size = 0;
        TRY(buffer_put_u64(&b, number));
        TRY(buffer_put_framed(&b, (Span) { reveal->bytes, reveal->size }));
        TRY(journal_snapshot_put(journal, MEMORY_REVEAL_WAITING, span_of_buffer(&b)));
    }
    return OK;
}

Status memory_fields_snapshot(const Memory *m, Journal *journal)
{
    const struct MemoryFields *f = m->fields;
    TRY(put_receivers(f, journal));
    TRY(put_reveals(f, journal));
    TRY(memory_put_table(journal, MEMORY_FIELD_BOXES, &f->boxes, put_box));
    TRY(memory_put_table(journal, MEMORY_FIELD_BUDGETS, &f->budgets, put_budget));
    TRY(memory_put_table(journal, MEMORY_SUBJECTS_DEAD, &f->dead, put_dead));
    return memory_put_table(journal, MEMORY_HONEY, &f->honey, put_honey);
}
