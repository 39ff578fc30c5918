#include "vault/attached_memory.h"

#include "base/secret.h"

#include <stdlib.h>

static Status replay(void *context, uint16_t kind, Span payload)
{
    return attached_apply(context, kind, payload);
}

/* Keys for other uses of the same hash: of a message that no row's key can be. */
static void derive_key(const KeyedHashKey *from, uint8_t use, KeyedHashKey *ret_key)
{
    KeyedHash hash;
    const uint8_t message[] = { 'a', 't', 't', 'a', 'c', 'h', 'e', 'd', use };
    keyed_hash(from, SPAN_OF(message), &hash);
    keyed_hash_key(ret_key, hash.bytes);
    bytes_wipe(&hash, sizeof(hash));
}

static Status open_journal(AttachedMemory *m, const AttachedMemoryConfig *config)
{
    m->tables = calloc(ATTACHED_TABLES_MAX, sizeof(AttachedTable));
    CHECK(m->tables != NULL, FAULT_MEMORY);
    const JournalConfig journal = {
        .segments = { config->segments[0], config->segments[1] },
        .key = config->journal_key,
        .segment_bytes = config->segment_bytes > 0 ? config->segment_bytes : ATTACHED_SEGMENT_BYTES,
        .replay = replay,
        .snapshot = attached_snapshot,
        .context = m,
    };
    return journal_open(&journal, &m->journal);
}

Status attached_memory_open(const AttachedMemoryConfig *config, AttachedMemory **ret_memory)
{
    AttachedMemory *m = calloc(1, sizeof(*m));
    CHECK(m != NULL, FAULT_MEMORY);
    pthread_mutex_init(&m->lock, NULL);
    derive_key(&config->names, 'n', &m->names);
    derive_key(&config->names, '0', &m->masks[0]);
    derive_key(&config->names, '1', &m->masks[1]);
    derive_key(&config->names, 'b', &m->bodies);
    m->rows_max = config->rows_max > 0 ? config->rows_max : ATTACHED_ROWS_MAX;
    m->pending_max = config->pending_max > 0 ? config->pending_max : ATTACHED_PENDING_MAX;
    hash_table_init(&m->rows, sizeof(AttachedRow), m->rows_max);
    hash_table_init(&m->pending, sizeof(AttachedPending), m->pending_max);
    const Status s = open_journal(m, config);
    if (!status_ok(s)) {
        attached_memory_close(m);
        return s;
    }
    *ret_memory = m;
    return OK;
}

void attached_memory_close(AttachedMemory *m)
{
    if (m == NULL) return;
    journal_close(m->journal);
    for (size_t i = 0; i < m->table_count; i++)
        public_key_free(&m->tables[i].core);
    free(m->tables);
    hash_table_clear(&m->rows);
    hash_table_clear(&m->pending);
    pthread_mutex_destroy(&m->lock);
    bytes_wipe(m, sizeof(*m));
    free(m);
}

/* What adds rows or open changes leaves room for what ends them: an outcome, a release, a detach
 * are never refused for want of it, and a freeze has the last room to itself. */
static bool has_room(const AttachedMemory *m, AttachedRecord kind, const KeyedHash *row)
{
    const size_t one = WIRE_ATTACHED_CHANGES_MAX;
    const bool adds = row != NULL && hash_table_find(&m->rows, row) == NULL;
    const bool opens = row != NULL && hash_table_find(&m->pending, row) == NULL;
    switch (kind) {
    case ATTACHED_RECORD_ANNOUNCE:
        return (!adds || m->rows.count < m->rows_max - 2 * one)
                && (!opens || m->pending.count < m->pending_max - one);
    case ATTACHED_RECORD_ACCEPT: return !adds || m->rows.count < m->rows_max - 2 * one;
    case ATTACHED_RECORD_FREEZE: return !adds || m->rows.count < m->rows_max - one;
    default: return true;
    }
}

Status attached_write(AttachedMemory *m, AttachedRecord kind, const KeyedHash *row, Span payload)
{
    uint64_t position = 0;
    REQUIRE(has_room(m, kind, row), REFUSED_ATTACHED_FULL);
    TRY(journal_append(m->journal, (uint16_t)kind, payload, &position));
    return attached_apply(m, (uint16_t)kind, payload);
}

Status attached_sync(AttachedMemory *m)
{
    const Status s = journal_sync(m->journal, journal_position(m->journal));
    if (!status_ok(s)) m->sync_failed = true;
    return s;
}

AttachedTable *attached_table(const AttachedMemory *m, uint16_t number)
{
    if (number < ATTACHED_TABLE_FIRST) return NULL;
    const size_t place = (size_t)(number - ATTACHED_TABLE_FIRST);
    if (place >= m->table_count || m->tables[place].phase == ATTACHED_GONE) return NULL;
    return &m->tables[place];
}

void attached_name(const AttachedMemory *m, Span key, KeyedHash *ret_name)
{
    keyed_hash(&m->names, key, ret_name);
}

/* A stream that is used once: the name is a hash of the very bytes that are masked. */
void attached_mask(const AttachedMemory *m, const KeyedHash *name, uint8_t *bytes, size_t size)
{
    ASSERT(size <= ATTACHED_KEY_BYTES_MAX);
    KeyedHash stream[2];
    keyed_hash(&m->masks[0], SPAN_OF(name->bytes), &stream[0]);
    keyed_hash(&m->masks[1], SPAN_OF(name->bytes), &stream[1]);
    for (size_t i = 0; i < size; i++)
        bytes[i] ^= stream[i / KEYED_HASH_BYTES].bytes[i % KEYED_HASH_BYTES];
}

void attached_body(const AttachedMemory *m, Span body, uint8_t ret[ATTACHED_BODY_BYTES])
{
    KeyedHash hash;
    keyed_hash(&m->bodies, body, &hash);
    memcpy(ret, hash.bytes, ATTACHED_BODY_BYTES);
}

size_t attached_may_be(const AttachedRow *row, const AttachedPending *pending,
        const AttachedState *ret_states[ATTACHED_MAY_BE_MAX])
{
    static const AttachedState never = { 0 };
    size_t count = 0;
    if (pending == NULL || pending->over != ATTACHED_COMMITTED)
        ret_states[count++] = row != NULL ? &row->state : &never;
    for (size_t i = 0; pending != NULL && i < pending->count; i++)
        ret_states[count++] = &pending->states[i];
    return count;
}

/* --- entries: name | key size u8 | masked key | revision u32 | version u32 | tag | body --- */

void attached_entry(const AttachedMemory *m, Span key, AttachedEntry *ret_entry)
{
    enum { TABLE_BYTES = 2 };
    *ret_entry = (AttachedEntry) { .key_bytes = 0 };
    attached_name(m, key, &ret_entry->name);
    ASSERT(key.size > TABLE_BYTES);
    const size_t size = key.size - TABLE_BYTES;
    if (size > ATTACHED_KEY_BYTES_MAX) return;
    ret_entry->key_bytes = (uint8_t)size;
    memcpy(ret_entry->key, key.data + TABLE_BYTES, size);
    attached_mask(m, &ret_entry->name, ret_entry->key, size);
}

Status attached_put_entry(Buffer *b, const AttachedEntry *entry)
{
    TRY(buffer_put(b, SPAN_OF(entry->name.bytes)));
    TRY(buffer_put_u8(b, entry->key_bytes));
    TRY(buffer_put(b, (Span) { entry->key, entry->key_bytes }));
    TRY(buffer_put_u32(b, entry->state.revision));
    TRY(buffer_put_u32(b, entry->state.version));
    TRY(buffer_put(b, SPAN_OF(entry->state.tag.bytes)));
    return buffer_put(b, SPAN_OF(entry->state.body));
}

Status attached_take_entry(Cursor *c, AttachedEntry *ret_entry)
{
    AttachedEntry e = { .key_bytes = 0 };
    TRY(cursor_copy(c, KEYED_HASH_BYTES, e.name.bytes));
    TRY(cursor_u8(c, &e.key_bytes));
    REQUIRE(e.key_bytes <= ATTACHED_KEY_BYTES_MAX, REFUSED_JOURNAL_TAMPERED);
    TRY(cursor_copy(c, e.key_bytes, e.key));
    TRY(cursor_u32(c, &e.state.revision));
    TRY(cursor_u32(c, &e.state.version));
    TRY(cursor_copy(c, REVISION_TAG_BYTES, e.state.tag.bytes));
    TRY(cursor_copy(c, ATTACHED_BODY_BYTES, e.state.body));
    *ret_entry = e;
    return OK;
}
