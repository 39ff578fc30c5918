/* One record applied to the state: when it is written, and when it is replayed. */
#include "vault/attached_memory.h"

/* The counts that STATUS tells follow the row. */
static void count_row(AttachedMemory *m, const AttachedRow *row, int by)
{
    AttachedTable *t = &m->tables[row->table - ATTACHED_TABLE_FIRST];
    if (row->state.version > 0) t->live += (uint64_t)(int64_t)by;
    if (row->flags & ATTACHED_FROZEN) t->frozen += (uint64_t)(int64_t)by;
}

static Status known_table(const AttachedMemory *m, uint16_t number)
{
    const bool known =
            number >= ATTACHED_TABLE_FIRST && number < ATTACHED_TABLE_FIRST + m->table_count;
    REQUIRE(known, REFUSED_JOURNAL_TAMPERED);
    return OK;
}

static Status put_row(AttachedMemory *m, uint16_t table, const AttachedEntry *e, AttachedRow **ret)
{
    void *record = NULL;
    bool is_new = false;
    TRY(hash_table_put(&m->rows, &e->name, &record, &is_new));
    AttachedRow *row = record;
    if (is_new) {
        row->table = table;
        row->key_bytes = e->key_bytes;
        memcpy(row->key, e->key, e->key_bytes);
    }
    *ret = row;
    return OK;
}

/* A row of which nothing is known any more needs no record. */
static void forget_if_empty(AttachedMemory *m, const KeyedHash *name)
{
    const AttachedRow *row = hash_table_find(&m->rows, name);
    if (row == NULL || row->state.revision > 0 || (row->flags & ATTACHED_FROZEN)) return;
    if (hash_table_find(&m->pending, name) == NULL) hash_table_delete(&m->rows, name);
}

static void drop_pending(AttachedMemory *m, const KeyedHash *name)
{
    const AttachedPending *p = hash_table_find(&m->pending, name);
    if (p == NULL) return;
    m->tables[p->table - ATTACHED_TABLE_FIRST].pending--;
    hash_table_delete(&m->pending, name);
}

static void set_state(AttachedMemory *m, AttachedRow *row, const AttachedState *state)
{
    count_row(m, row, -1);
    row->state = *state;
    row->flags |= ATTACHED_MOVED; /* a scan that runs does not miss it */
    count_row(m, row, 1);
}

/* --- tables --- */

static Status take_definition(AttachedTable *t)
{
    Cursor c = cursor_of((Span) { t->definition, t->definition_bytes });
    uint32_t count = 0;
    TRY(wire_take_attached_table(&c, &t->facts));
    TRY(wire_take_count(&c, WIRE_ATTACHED_COLUMNS_MAX, &count));
    t->columns = (uint16_t)count;
    for (uint32_t i = 0; i < count; i++) {
        WireAttachedColumn column;
        TRY(wire_take_attached_column(&c, &column));
        if (column.is_key) t->key_columns++;
    }
    TRY(cursor_end(&c));
    return public_key_from_spki(t->facts.core_key, &t->core);
}

/* TABLE = number u16 | phase u8 | definition */
static Status apply_table(AttachedMemory *m, Cursor *c)
{
    uint16_t number = 0;
    uint8_t phase = 0;
    TRY(cursor_u16(c, &number));
    TRY(cursor_u8(c, &phase));
    const bool next =
            number == ATTACHED_TABLE_FIRST + m->table_count && m->table_count < ATTACHED_TABLES_MAX;
    REQUIRE(next && c->rest.size <= WIRE_ATTACHED_DEFINITION_BYTES_MAX, REFUSED_JOURNAL_TAMPERED);
    AttachedTable *t = &m->tables[m->table_count];
    *t = (AttachedTable) { .number = number, .phase = (AttachedPhase)phase };
    t->definition_bytes = c->rest.size;
    TRY(cursor_copy(c, t->definition_bytes, t->definition));
    TRY(take_definition(t));
    m->table_count++;
    return OK;
}

static void forget_table(AttachedMemory *m, uint16_t number)
{
    for (size_t i = 0; i < m->rows.slot_count;) {
        AttachedRow row;
        memcpy(&row, m->rows.slots + i * m->rows.record_bytes, sizeof(row));
        if (row.table != number) {
            i++;
            continue;
        }
        count_row(m, &row, -1);
        drop_pending(m, &row.name);
        hash_table_delete(&m->rows, &row.name); /* its follower stands here now: look again */
    }
}

/* PHASE = number u16 | phase u8 */
static Status apply_phase(AttachedMemory *m, Cursor *c)
{
    uint16_t number = 0;
    uint8_t phase = 0;
    TRY(cursor_u16(c, &number));
    TRY(cursor_u8(c, &phase));
    TRY(known_table(m, number));
    m->tables[number - ATTACHED_TABLE_FIRST].phase = (AttachedPhase)phase;
    if (phase == ATTACHED_GONE) forget_table(m, number);
    return OK;
}

/* --- rows --- */

/* ROWS = table u16 | (flags u8 | entry)... */
static Status apply_rows(AttachedMemory *m, Cursor *c)
{
    uint16_t table = 0;
    TRY(cursor_u16(c, &table));
    TRY(known_table(m, table));
    while (c->rest.size > 0) {
        AttachedEntry e;
        AttachedRow *row = NULL;
        uint8_t flags = 0;
        TRY(cursor_u8(c, &flags));
        TRY(attached_take_entry(c, &e));
        TRY(put_row(m, table, &e, &row));
        count_row(m, row, -1);
        row->flags = flags;
        row->state = e.state;
        count_row(m, row, 1);
    }
    return OK;
}

/* One more state of a row in this transaction; the oldest gives way. */
static void add_state(AttachedMemory *m, AttachedPending *p, const AttachedState *state)
{
    if (p->count == ATTACHED_STATES_MAX) {
        memmove(&p->states[0], &p->states[1], (ATTACHED_STATES_MAX - 1) * sizeof(p->states[0]));
        p->count--;
    }
    p->states[p->count++] = *state;
}

/* ANNOUNCE = table u16 | transaction u64 | entry... */
static Status apply_announce(AttachedMemory *m, Cursor *c)
{
    uint16_t table = 0;
    uint64_t transaction = 0;
    TRY(cursor_u16(c, &table));
    TRY(cursor_u64(c, &transaction));
    TRY(known_table(m, table));
    while (c->rest.size > 0) {
        AttachedEntry e;
        AttachedRow *row = NULL;
        void *record = NULL;
        bool is_new = false;
        TRY(attached_take_entry(c, &e));
        TRY(put_row(m, table, &e, &row));
        row->flags |= ATTACHED_MOVED;
        TRY(hash_table_put(&m->pending, &e.name, &record, &is_new));
        AttachedPending *p = record;
        if (is_new) m->tables[table - ATTACHED_TABLE_FIRST].pending++;
        p->transaction = transaction;
        p->table = table;
        add_state(m, p, &e.state);
    }
    return OK;
}

/* PENDING = transaction u64 | table u16 | over u8 | states u8 | entry a state */
static Status apply_pending(AttachedMemory *m, Cursor *c)
{
    AttachedPending facts = { .count = 0 };
    uint8_t states = 0;
    TRY(cursor_u64(c, &facts.transaction));
    TRY(cursor_u16(c, &facts.table));
    TRY(cursor_u8(c, &facts.over));
    TRY(cursor_u8(c, &states));
    TRY(known_table(m, facts.table));
    REQUIRE(states >= 1 && states <= ATTACHED_STATES_MAX, REFUSED_JOURNAL_TAMPERED);
    for (uint8_t i = 0; i < states; i++) {
        AttachedEntry e;
        void *record = NULL;
        bool is_new = false;
        TRY(attached_take_entry(c, &e));
        TRY(hash_table_put(&m->pending, &e.name, &record, &is_new));
        AttachedPending *p = record;
        if (is_new) m->tables[facts.table - ATTACHED_TABLE_FIRST].pending++;
        p->transaction = facts.transaction;
        p->table = facts.table;
        p->over = facts.over;
        add_state(m, p, &e.state);
    }
    return OK;
}

/* SETTLE, ACCEPT = table u16 | entry: this is the row's state, whatever was pending. */
static Status apply_state(AttachedMemory *m, Cursor *c, bool release)
{
    uint16_t table = 0;
    AttachedEntry e;
    AttachedRow *row = NULL;
    TRY(cursor_u16(c, &table));
    TRY(known_table(m, table));
    TRY(attached_take_entry(c, &e));
    TRY(put_row(m, table, &e, &row));
    set_state(m, row, &e.state);
    if (release) {
        count_row(m, row, -1);
        row->flags &= (uint8_t)~ATTACHED_FROZEN;
        count_row(m, row, 1);
    }
    drop_pending(m, &e.name);
    forget_if_empty(m, &e.name);
    return OK;
}

/* One transaction spans tables of one database that one core writes: none settles another's. */
static bool same_core(const AttachedMemory *m, uint16_t a, uint16_t b)
{
    const AttachedTable *first = &m->tables[a - ATTACHED_TABLE_FIRST];
    const AttachedTable *second = &m->tables[b - ATTACHED_TABLE_FIRST];
    return a == b
            || (span_equal(first->facts.database, second->facts.database)
                    && span_equal(first->facts.core_key, second->facts.core_key));
}

/* RESOLVE = table u16 | transaction u64 | outcome u8. Forgetting a pending moves others, so the
 * same place is looked at again. */
static Status apply_resolve(AttachedMemory *m, Cursor *c)
{
    uint16_t table = 0;
    uint64_t transaction = 0;
    uint8_t outcome = 0;
    TRY(cursor_u16(c, &table));
    TRY(cursor_u64(c, &transaction));
    TRY(cursor_u8(c, &outcome));
    TRY(known_table(m, table));
    for (size_t i = 0; i < m->pending.slot_count;) {
        AttachedPending *p = (void *)(m->pending.slots + i * m->pending.record_bytes);
        const bool is_ours =
                p->count > 0 && p->transaction == transaction && same_core(m, p->table, table);
        if (!is_ours || p->over) {
            i++;
            continue;
        }
        /* Savepoints may have undone the last of several changes: a look tells which. */
        if (outcome == ATTACHED_COMMITTED && p->count > 1) p->over = ATTACHED_COMMITTED;
        if (outcome == ATTACHED_OVER) p->over = ATTACHED_OVER;
        if (p->over) continue;
        const KeyedHash name = p->name;
        AttachedRow *row = hash_table_find(&m->rows, &name);
        REQUIRE(row != NULL, REFUSED_JOURNAL_TAMPERED);
        if (outcome == ATTACHED_COMMITTED) set_state(m, row, &p->states[0]);
        drop_pending(m, &name);
        forget_if_empty(m, &name);
    }
    return OK;
}

/* FREEZE, RELEASE = table u16 | entry... */
static Status apply_frozen(AttachedMemory *m, Cursor *c, bool frozen)
{
    uint16_t table = 0;
    TRY(cursor_u16(c, &table));
    TRY(known_table(m, table));
    while (c->rest.size > 0) {
        AttachedEntry e;
        AttachedRow *row = NULL;
        TRY(attached_take_entry(c, &e));
        TRY(put_row(m, table, &e, &row));
        count_row(m, row, -1);
        row->flags =
                (uint8_t)(frozen ? row->flags | ATTACHED_FROZEN : row->flags & ~ATTACHED_FROZEN);
        count_row(m, row, 1);
        forget_if_empty(m, &e.name);
    }
    return OK;
}

static Status apply(AttachedMemory *m, uint16_t kind, Cursor *c)
{
    switch ((AttachedRecord)kind) {
    case ATTACHED_RECORD_TABLE: return apply_table(m, c);
    case ATTACHED_RECORD_PHASE: return apply_phase(m, c);
    case ATTACHED_RECORD_ROWS: return apply_rows(m, c);
    case ATTACHED_RECORD_PENDING: return apply_pending(m, c);
    case ATTACHED_RECORD_ANNOUNCE: return apply_announce(m, c);
    case ATTACHED_RECORD_SETTLE: return apply_state(m, c, false);
    case ATTACHED_RECORD_RESOLVE: return apply_resolve(m, c);
    case ATTACHED_RECORD_FREEZE: return apply_frozen(m, c, true);
    case ATTACHED_RECORD_RELEASE: return apply_frozen(m, c, false);
    case ATTACHED_RECORD_ACCEPT: return apply_state(m, c, true);
    }
    return REFUSE(REFUSED_JOURNAL_TAMPERED);
}

Status attached_apply(AttachedMemory *m, uint16_t kind, Span payload)
{
    Cursor c = cursor_of(payload);
    const Status s = apply(m, kind, &c);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s) && status_ok(cursor_end(&c)), REFUSED_JOURNAL_TAMPERED);
    return OK;
}
