#include "vault/memory_event.h"
#include "vault/memory_field.h"
#include "vault/memory_policy.h"

#include "base/secret.h"

#include <stdlib.h>
#include <time.h>

enum {
    PURGE_FIRST = 4096,
    ENTRY_BYTES_MIN = KEYED_HASH_BYTES, /* in a record: its name at least */
};

static Status replay(void *context, uint16_t kind, Span payload)
{
    return memory_apply(context, kind, payload);
}

static size_t or_default(size_t given, size_t otherwise) { return given > 0 ? given : otherwise; }

static void keep_limits(Memory *m, const MemoryConfig *config)
{
    const MemoryLimits *given = &config->limits;
    m->limits = (MemoryLimits) {
        .boxes = or_default(given->boxes, MEMORY_BOXES_MAX),
        .grants = or_default(given->grants, MEMORY_GRANTS_MAX),
        .nonces = or_default(given->nonces, MEMORY_NONCES_MAX),
        .field_boxes = or_default(given->field_boxes, MEMORY_FIELD_BOXES_MAX),
        .budgets = or_default(given->budgets, MEMORY_BUDGETS_MAX),
    };
    m->segment_bytes = or_default(config->segment_bytes, MEMORY_SEGMENT_BYTES);
}

size_t memory_replayed_max(const Memory *m, size_t live_max)
{
    return live_max + JOURNAL_SEGMENT_FACTOR_MAX * m->segment_bytes / ENTRY_BYTES_MIN;
}

static void table_init(Memory *m, HashTable *table, size_t record_bytes, size_t live_max)
{
    hash_table_init(table, record_bytes, memory_replayed_max(m, live_max));
}

/* The doors keep boxes, grants and nonces under their limits and forget expired ones. */
static void tables_init(Memory *m)
{
    hash_table_init(&m->frozen, sizeof(KeyedHash), MEMORY_FROZEN_MAX);
    hash_table_init(&m->payers, sizeof(MemoryPayer), MEMORY_PAYERS_MAX);
    hash_table_init(&m->strangers, sizeof(MemoryPayer), MEMORY_STRANGERS_MAX);
    hash_table_init(&m->reveals, sizeof(MemoryReveal), MEMORY_REVEALS_MAX);
    hash_table_init(&m->steps, sizeof(MemoryStep), MEMORY_PAYERS_MAX);
    table_init(m, &m->boxes, sizeof(MemoryBox), m->limits.boxes);
    table_init(m, &m->grants, sizeof(MemoryGrant), m->limits.grants);
    table_init(m, &m->nonces, sizeof(MemoryNonce), m->limits.nonces);
    table_init(m, &m->holds, sizeof(MemoryLegalHold), MEMORY_LEGAL_HOLDS_MAX);
    m->boxes_purge_at = m->limits.boxes < PURGE_FIRST ? m->limits.boxes : PURGE_FIRST;
    m->grants_purge_at = m->limits.grants < PURGE_FIRST ? m->limits.grants : PURGE_FIRST;
}

/* Waits on it end by a clock that nobody can set. */
static void settle_init(Memory *m)
{
    pthread_condattr_t monotonic;
    ASSERT(pthread_condattr_init(&monotonic) == 0);
    ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&m->settle, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
}

Status memory_open(const MemoryConfig *config, Memory **ret_memory)
{
    Memory *m = calloc(1, sizeof(*m));
    CHECK(m != NULL, FAULT_MEMORY);
    pthread_mutex_init(&m->lock, NULL);
    settle_init(m);
    keep_limits(m, config);
    tables_init(m);
    m->signed_size = -1;
    m->names = config->names;
    store_state_empty(&m->confirmed);
    const JournalConfig journal = {
        .segments = { config->segments[0], config->segments[1] },
        .key = config->journal_key,
        .segment_bytes = m->segment_bytes,
        .replay = replay,
        .snapshot = memory_snapshot,
        .context = m,
    };
    Status s = memory_policies_open(m);
    if (status_ok(s)) s = memory_fields_open(m);
    if (status_ok(s)) s = memory_events_open(m);
    if (status_ok(s)) s = journal_open(&journal, &m->journal);
    if (!status_ok(s)) {
        memory_close(m);
        return s;
    }
    *ret_memory = m;
    return OK;
}

void memory_close(Memory *m)
{
    if (m == NULL) return;
    journal_close(m->journal);
    memory_policies_close(m);
    hash_table_clear(&m->frozen);
    hash_table_clear(&m->payers);
    hash_table_clear(&m->boxes);
    hash_table_clear(&m->grants);
    hash_table_clear(&m->nonces);
    hash_table_clear(&m->strangers);
    hash_table_clear(&m->reveals);
    hash_table_clear(&m->holds);
    hash_table_clear(&m->steps);
    memory_fields_close(m);
    memory_events_close(m);
    pthread_cond_destroy(&m->settle);
    pthread_mutex_destroy(&m->lock);
    bytes_wipe(m, sizeof(*m)); /* the key of the names, grants */
    free(m);
}

Status memory_write(Memory *m, MemoryKind kind, Span payload, uint64_t *ret_position)
{
    /* Append first: a record that could not be written never happened. */
    const Status s = journal_append(m->journal, (uint16_t)kind, payload, ret_position);
    m->faults = status_ok(s) ? 0 : m->faults + 1;
    TRY(s);
    return memory_apply(m, (uint16_t)kind, payload);
}

Status memory_sync(Memory *m, uint64_t position)
{
    const Status s = journal_sync(m->journal, position);
    if (!status_ok(s)) m->sync_failed = true;
    return s;
}

bool memory_is_lost(const Memory *m) { return m->sync_failed || m->faults >= MEMORY_FAULTS_MAX; }

Status memory_settle(Memory *m)
{
    pthread_mutex_lock(&m->lock);
    const uint64_t wanted = m->unsettled;
    const bool done = m->settled >= wanted;
    pthread_mutex_unlock(&m->lock);
    if (done) return OK;
    TRY(memory_sync(m, wanted));
    pthread_mutex_lock(&m->lock);
    if (m->settled < wanted) m->settled = wanted;
    pthread_mutex_unlock(&m->lock);
    return OK;
}

/* --- states: size i64 | root | u64 with a bit for each of the tables 1..63 that has rows, and in
 * bit 0 whether a second u64 follows for 64..127 (older journals have none) | its commitment each.
 */

static TableSet tables_present(const StoreState *state)
{
    StoreState empty;
    store_state_empty(&empty);
    TableSet present = store_state_difference(state, &empty);
    const uint64_t first = present.words[0] & ~(uint64_t)1;
    present.words[0] = first | (present.words[1] != 0 ? 1 : 0);
    return present;
}

Status memory_put_state(const StoreState *state, Buffer *b)
{
    const TableSet present = tables_present(state);
    TRY(buffer_put_i64(b, state->size));
    TRY(buffer_put(b, SPAN_OF(state->root.bytes)));
    TRY(buffer_put_u64(b, present.words[0]));
    if (present.words[1] != 0) TRY(buffer_put_u64(b, present.words[1]));
    for (unsigned t = 1; t < DIGEST_TABLES_MAX; t++) {
        if (!table_set_has(&present, t)) continue;
        TRY(buffer_put(b, SPAN_OF(state->commitments[t])));
    }
    return OK;
}

Status memory_take_state(Cursor *c, StoreState *ret_state)
{
    StoreState state = { 0 };
    TableSet present = { 0 };
    TRY(cursor_i64(c, &state.size));
    TRY(cursor_copy(c, MERKLE_HASH_BYTES, state.root.bytes));
    TRY(cursor_u64(c, &present.words[0]));
    if ((present.words[0] & 1) != 0) TRY(cursor_u64(c, &present.words[1]));
    for (unsigned t = 1; t < DIGEST_TABLES_MAX; t++) {
        if (!table_set_has(&present, t)) continue;
        TRY(cursor_copy(c, COMMITMENT_BYTES, state.commitments[t]));
    }
    *ret_state = state;
    return OK;
}
