/* The whole state of attached tables as records, so that the other segment can begin with it. */
#include "vault/attached_memory.h"

typedef struct Pack {
    Journal *journal;
    uint16_t table; /* of the rows in it */
    Buffer b;
    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
} Pack;

static Status flush(Pack *pack)
{
    if (pack->b.size == 0) return OK;
    const Span payload = span_of_buffer(&pack->b);
    pack->b.size = 0;
    return journal_snapshot_put(pack->journal, ATTACHED_RECORD_ROWS, payload);
}

static Status put_row(Pack *pack, const AttachedRow *row)
{
    AttachedEntry e = { .name = row->name, .key_bytes = row->key_bytes, .state = row->state };
    memcpy(e.key, row->key, row->key_bytes);
    const bool full = pack->b.size + 1 + ATTACHED_ENTRY_BYTES_MAX > pack->b.capacity;
    if (full || row->table != pack->table) TRY(flush(pack));
    if (pack->b.size == 0) {
        pack->table = row->table;
        TRY(buffer_put_u16(&pack->b, row->table));
    }
    TRY(buffer_put_u8(&pack->b, row->flags & ATTACHED_FROZEN));
    return attached_put_entry(&pack->b, &e);
}

static Status put_pending(const AttachedMemory *m, Journal *journal, const AttachedPending *p)
{
    uint8_t memory[16 + ATTACHED_STATES_MAX * ATTACHED_ENTRY_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    const AttachedRow *row = hash_table_find(&m->rows, &p->name);
    CHECK(row != NULL, FAULT_VAULT);
    TRY(buffer_put_u64(&b, p->transaction));
    TRY(buffer_put_u16(&b, p->table));
    TRY(buffer_put_u8(&b, p->over));
    TRY(buffer_put_u8(&b, p->count));
    for (uint8_t i = 0; i < p->count; i++) {
        AttachedEntry e = { .name = p->name, .key_bytes = row->key_bytes, .state = p->states[i] };
        memcpy(e.key, row->key, row->key_bytes);
        TRY(attached_put_entry(&b, &e));
    }
    return journal_snapshot_put(journal, ATTACHED_RECORD_PENDING, span_of_buffer(&b));
}

static Status put_tables(const AttachedMemory *m, Journal *journal)
{
    for (size_t i = 0; i < m->table_count; i++) {
        const AttachedTable *t = &m->tables[i];
        uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
        Buffer b = BUFFER_OF(memory);
        TRY(buffer_put_u16(&b, t->number));
        TRY(buffer_put_u8(&b, (uint8_t)t->phase));
        TRY(buffer_put(&b, (Span) { t->definition, t->definition_bytes }));
        TRY(journal_snapshot_put(journal, ATTACHED_RECORD_TABLE, span_of_buffer(&b)));
    }
    return OK;
}

/* Called by the journal within an append, so the lock is held and the state stands still. */
Status attached_snapshot(void *memory, Journal *journal)
{
    const AttachedMemory *m = memory;
    TRY(put_tables(m, journal));
    Pack pack = { .journal = journal };
    pack.b = BUFFER_OF(pack.memory);
    size_t at = 0;
    for (const AttachedRow *row = hash_table_next(&m->rows, &at); row != NULL;
            row = hash_table_next(&m->rows, &at))
        TRY(put_row(&pack, row));
    TRY(flush(&pack));
    at = 0;
    for (const AttachedPending *p = hash_table_next(&m->pending, &at); p != NULL;
            p = hash_table_next(&m->pending, &at))
        TRY(put_pending(m, journal, p));
    return OK;
}
