/* The whole state as records, so that the other segment can begin with it. */
#include "vault/memory_event.h"
#include "vault/memory_field.h"
#include "vault/memory_operator.h"
#include "vault/memory_policy.h"
#include "vault/memory_second.h"

/* Records of one kind are packed into payloads of up to JOURNAL_RECORD_BYTES_MAX. */
typedef struct Pack {
    Journal *journal;
    MemoryKind kind;
    uint8_t bytes[JOURNAL_RECORD_BYTES_MAX];
    size_t size;
} Pack;

static Status pack_flush(Pack *pack)
{
    if (pack->size == 0) return OK;
    const Span payload = { pack->bytes, pack->size };
    pack->size = 0;
    return journal_snapshot_put(pack->journal, (uint16_t)pack->kind, payload);
}

static Status put_hash(Buffer *b, const KeyedHash *hash)
{
    return buffer_put(b, SPAN_OF(hash->bytes));
}

static Status put_frozen(const void *record, Buffer *b) { return put_hash(b, record); }

static Status put_payer(const void *record, Buffer *b)
{
    const MemoryPayer *payer = record;
    TRY(put_hash(b, &payer->payer));
    TRY(buffer_put_u32(b, payer->version));
    TRY(buffer_put_u32(b, payer->wrong));
    TRY(buffer_put_i64(b, payer->locked_until_us));
    TRY(buffer_put_u32(b, payer->next));
    TRY(buffer_put_u8(b, payer->form));
    return buffer_put_u8(b, payer->next_form);
}

static Status put_reveal(const void *record, Buffer *b)
{
    const MemoryReveal *reveal = record;
    TRY(put_hash(b, &reveal->owner));
    TRY(buffer_put_i64(b, reveal->day));
    TRY(buffer_put_u32(b, reveal->count));
    return buffer_put_i64(b, reveal->signed_s);
}

static Status put_box(const void *record, Buffer *b)
{
    const MemoryBox *box = record;
    TRY(put_hash(b, &box->box));
    TRY(put_hash(b, &box->facts));
    TRY(buffer_put(b, SPAN_OF(box->result)));
    TRY(buffer_put_i64(b, box->expires_us));
    return buffer_put_u32(b, box->outcome);
}

static Status put_grant(const void *record, Buffer *b)
{
    const MemoryGrant *grant = record;
    TRY(put_hash(b, &grant->grant));
    TRY(put_hash(b, &grant->binding));
    return buffer_put_i64(b, grant->expires_us);
}

static Status put_nonce(const void *record, Buffer *b)
{
    const MemoryNonce *nonce = record;
    TRY(put_hash(b, &nonce->nonce));
    return buffer_put_i64(b, nonce->expires_us);
}

Status memory_put_table(Journal *journal, MemoryKind kind, const HashTable *table, MemoryPut put)
{
    Pack pack = { .journal = journal, .kind = kind };
    size_t position = 0;
    for (const void *r = hash_table_next(table, &position); r != NULL;
            r = hash_table_next(table, &position)) {
        uint8_t memory[128];
        Buffer one = BUFFER_OF(memory);
        TRY(put(r, &one));
        if (pack.size + one.size > sizeof(pack.bytes)) TRY(pack_flush(&pack));
        memcpy(pack.bytes + pack.size, one.data, one.size);
        pack.size += one.size;
    }
    return pack_flush(&pack);
}

static Status put_tree(const Memory *m, Journal *journal)
{
    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, m->epoch));
    TRY(buffer_put_u32(&b, m->log_epoch));
    TRY(buffer_put_u8(&b, m->ever_prepared ? 1 : 0));
    TRY(buffer_put_i64(&b, m->signed_size));
    TRY(buffer_put(&b, SPAN_OF(m->signed_root.bytes)));
    TRY(memory_put_state(&m->confirmed, &b));
    return journal_snapshot_put(journal, MEMORY_TREE, span_of_buffer(&b));
}

static Status put_prepared(const Memory *m, Journal *journal)
{
    if (!m->has_prepared) return OK;
    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, m->epoch));
    TRY(memory_put_state(&m->prepared, &b));
    TRY(buffer_put_u16(&b, (uint16_t)m->prepared_grant_count));
    for (size_t i = 0; i < m->prepared_grant_count; i++)
        TRY(buffer_put(&b, SPAN_OF(m->prepared_grants[i])));
    return journal_snapshot_put(journal, MEMORY_PREPARE, span_of_buffer(&b));
}

static Status put_legacies(const Memory *m, Journal *journal)
{
    for (size_t i = 0; i < MEMORY_LEGACY_MAX; i++) {
        const MemoryLegacy *legacy = &m->legacy[i];
        if (legacy->formula == 0) continue;
        uint8_t memory[64 + MEMORY_LEGACY_KEY_BYTES_MAX];
        Buffer b = BUFFER_OF(memory);
        TRY(put_hash(&b, &legacy->realm));
        TRY(buffer_put_u8(&b, legacy->formula));
        TRY(buffer_put_u8(&b, legacy->inner));
        TRY(buffer_put_framed(&b, (Span) { legacy->key, legacy->key_bytes }));
        TRY(journal_snapshot_put(journal, MEMORY_LEGACY, span_of_buffer(&b)));
    }
    return OK;
}

static Status put_keystore(const Memory *m, Journal *journal)
{
    if (m->keystore == 0) return OK;
    uint8_t memory[8];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, m->keystore));
    return journal_snapshot_put(journal, MEMORY_KEYSTORE, span_of_buffer(&b));
}

/* Called by the journal within an append, so the lock is held and the state stands still. */
Status memory_snapshot(void *memory, Journal *journal)
{
    const Memory *m = memory;
    TRY(put_tree(m, journal));
    TRY(put_prepared(m, journal));
    TRY(memory_snapshot_operators(m, journal));
    TRY(memory_snapshot_policies(m, journal));
    TRY(put_keystore(m, journal));
    TRY(memory_put_table(journal, MEMORY_FREEZE, &m->frozen, put_frozen));
    TRY(memory_put_table(journal, MEMORY_SUBJECTS, &m->payers, put_payer));
    TRY(memory_put_table(journal, MEMORY_STRANGERS, &m->strangers, put_payer));
    TRY(memory_put_table(journal, MEMORY_REVEALED, &m->reveals, put_reveal));
    TRY(memory_snapshot_steps(m, journal));
    TRY(put_legacies(m, journal));
    TRY(memory_snapshot_holds(m, journal));
    TRY(memory_snapshot_events(m, journal));
    TRY(memory_put_table(journal, MEMORY_BOXES, &m->boxes, put_box));
    TRY(memory_put_table(journal, MEMORY_GRANTS, &m->grants, put_grant));
    TRY(memory_put_table(journal, MEMORY_APPROVALS, &m->nonces, put_nonce));
    return memory_fields_snapshot(m, journal);
}
