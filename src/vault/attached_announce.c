/* What only the core may say: it is signed with its key (TP-12, DESIGN section 2). */
#include "vault/attached_inside.h"

Status attached_session(Attached *a, Span request, Buffer *ret_answer)
{
    REQUIRE(request.size == 0, REFUSED_BYTES_TRAILING);
    uint8_t id[WIRE_ATTACHED_SESSION_BYTES];
    TRY(random_fill(&a->config.random, id, sizeof(id)));
    TRY(buffer_put(ret_answer, SPAN_OF(id)));
    ATTACHED_HOLD(a->memory);
    AttachedSession *oldest = &a->sessions[0];
    for (size_t i = 1; i < ATTACHED_SESSIONS_MAX; i++) {
        if (a->sessions[i].used < oldest->used) oldest = &a->sessions[i];
    }
    *oldest = (AttachedSession) { .used = ++a->uses };
    memcpy(oldest->id, id, sizeof(id));
    return OK;
}

/* The lock is held. */
static Status advance_session(Attached *a, const WireAttachedHead *head)
{
    for (size_t i = 0; i < ATTACHED_SESSIONS_MAX; i++) {
        AttachedSession *s = &a->sessions[i];
        if (s->used == 0) continue;
        if (!bytes_equal_ct(s->id, head->session, sizeof(s->id))) continue;
        REQUIRE(head->sequence > s->sequence, REFUSED_ATTACHED_REPLAYED);
        s->sequence = head->sequence;
        s->used = ++a->uses;
        return OK;
    }
    return REFUSE(REFUSED_ATTACHED_SESSION_UNKNOWN);
}

/* A table's definition and key do not change while the program runs: they may be used without the
 * lock. */
static AttachedTable *table_of(Attached *a, uint16_t number)
{
    ATTACHED_HOLD(a->memory);
    return attached_table(a->memory, number);
}

/* Without the lock: a signature takes longer than all the rest. */
static Status take_signed(Attached *a, uint8_t operation, Span request, Buffer *scratch,
        WireAttachedHead *ret_head, Cursor *ret_rest)
{
    Cursor c = cursor_of(request);
    WireAttachedSigned message;
    TRY(wire_take_attached_signed(&c, &message));
    TRY(cursor_end(&c));
    *ret_rest = cursor_of(message.message);
    TRY(wire_take_attached_head(ret_rest, ret_head));
    const AttachedTable *t = table_of(a, ret_head->table);
    REQUIRE(t != NULL, REFUSED_ATTACHED_TABLE_UNKNOWN);
    REQUIRE(ret_head->transaction > 0, REFUSED_IPC_FORMAT);

    /* Behind what the answer will hold there is room, and it is wiped with it. */
    const size_t before = scratch->size;
    TRY(wire_attached_signed_bytes(operation, message.message, scratch));
    const Span bytes = { scratch->data + before, scratch->size - before };
    const Status s = sign_verify(t->core, bytes, message.signature);
    scratch->size = before;
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_ATTACHED_SIGNATURE);
    return OK;
}

/* --- one change --- */

static Status write_change(
        Attached *a, const WireAttachedHead *head, Span key, const AttachedState *state)
{
    uint8_t memory[10 + ATTACHED_ENTRY_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    AttachedEntry e;
    attached_entry(a->memory, key, &e);
    e.state = *state;
    TRY(buffer_put_u16(&b, head->table));
    TRY(buffer_put_u64(&b, head->transaction));
    TRY(attached_put_entry(&b, &e));
    return attached_write(a->memory, ATTACHED_RECORD_ANNOUNCE, &e.name, span_of_buffer(&b));
}

/* Nobody holds a lock of a row that is not there: while another's insert or delete of it is open,
 * nothing can be said about it. */
static Status check_insert(Attached *a, const WireAttachedHead *head, AttachedShown *shown)
{
    REQUIRE(!attached_is_frozen(shown), REFUSED_ROW_FROZEN);
    const AttachedPending *open = shown->pending;
    const bool others = open != NULL && open->transaction != head->transaction;
    REQUIRE(!others || open->over, REFUSED_ATTACHED_UNRESOLVED);
    shown->absent = true;
    REQUIRE(status_ok(attached_judge(a, shown)), REFUSED_ROW_EXISTS);
    return others ? attached_settle(a, shown) : OK;
}

/* The row as it was must be right. Whoever shows it holds its lock, so whatever another transaction
 * had open with it is over. */
static Status check_old(Attached *a, const WireAttachedHead *head, AttachedShown *shown)
{
    const Status s = attached_judge(a, shown);
    const bool lost = status_is(s, REFUSED_ATTACHED_SEAL_LOST); /* it gets a new one now */
    const bool unsealed = status_is(s, REFUSED_ATTACHED_ROW_UNSEALED);
    REQUIRE(!attached_is_frozen(shown), REFUSED_ROW_FROZEN);
    if (!status_ok(s) && !lost && !unsealed) {
        TRY(attached_freeze(a, shown));
        return s;
    }
    const bool own = shown->pending != NULL && shown->pending->transaction == head->transaction;
    return own || unsealed ? OK : attached_settle(a, shown);
}

static Status check_new(const AttachedShown *shown, Span image, RowView *ret_row)
{
    TRY(row_parse(image, ret_row));
    REQUIRE(span_equal(ret_row->key, shown->key), REFUSED_ROW_INVALID);
    return OK;
}

static Status change_row(
        Attached *a, const WireAttachedHead *head, const WireAttachedChange *change, Buffer *ret)
{
    AttachedShown shown;
    RowView row;
    uint8_t seal[WIRE_SEAL_BYTES];
    AttachedState state;
    const bool insert = change->old_image.size == 0;
    const bool erase = change->new_image.size == 0;
    REQUIRE(!insert || !erase, REFUSED_IPC_FORMAT);
    TRY(attached_show(
            a, false, insert ? change->new_image : change->old_image, change->old_seal, &shown));
    REQUIRE(shown.table->number == head->table, REFUSED_ROW_INVALID);
    if (!erase) {
        AttachedShown new_shown;
        TRY(attached_show(a, false, change->new_image, (Span) { NULL, 0 }, &new_shown));
        TRY(check_new(&shown, change->new_image, &row));
    }
    TRY(insert ? check_insert(a, head, &shown) : check_old(a, head, &shown));
    TRY(attached_next(a, &shown, erase ? NULL : &row, seal, &state));
    TRY(write_change(a, head, shown.key, &state));
    return buffer_put(ret, SPAN_OF(seal));
}

static Status change_rows(Attached *a, const WireAttachedHead *head, Cursor *c, Buffer *ret_answer)
{
    ATTACHED_HOLD(a->memory);
    TRY(advance_session(a, head));
    uint32_t count = 0;
    TRY(wire_take_count(c, WIRE_ATTACHED_CHANGES_MAX, &count));
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++) {
        WireAttachedChange change;
        TRY(wire_take_attached_change(c, &change));
        TRY(change_row(a, head, &change, ret_answer));
    }
    return cursor_end(c);
}

Status attached_announce(Attached *a, Span request, Buffer *ret_answer)
{
    WireAttachedHead head;
    Cursor rest;
    TRY(take_signed(a, VAULT_ATTACHED_ANNOUNCE, request, ret_answer, &head, &rest));
    const Status s = change_rows(a, &head, &rest, ret_answer);
    /* Durable before a seal is known, or a row is called frozen. */
    TRY(attached_sync(a->memory));
    return s;
}

/* --- its outcome --- */

static bool is_open(const Attached *a, uint64_t transaction)
{
    size_t at = 0;
    for (const AttachedPending *p = hash_table_next(&a->memory->pending, &at); p != NULL;
            p = hash_table_next(&a->memory->pending, &at)) {
        if (p->transaction == transaction && !p->over) return true;
    }
    return false;
}

/* Not waited for: an outcome that a crash forgets is told again by whoever scans, or by the next
 * holder of the row's lock. */
Status attached_resolve(Attached *a, Span request)
{
    uint8_t memory[512];
    Buffer scratch = BUFFER_OF(memory);
    WireAttachedHead head;
    Cursor rest;
    uint8_t outcome = 0;
    TRY(take_signed(a, VAULT_ATTACHED_RESOLVE, request, &scratch, &head, &rest));
    TRY(cursor_u8(&rest, &outcome));
    TRY(cursor_end(&rest));
    REQUIRE(outcome <= ATTACHED_OVER, REFUSED_IPC_FORMAT);
    ATTACHED_HOLD(a->memory);
    TRY(advance_session(a, &head));
    if (!is_open(a, head.transaction)) return OK;
    uint8_t record[16];
    Buffer b = BUFFER_OF(record);
    TRY(buffer_put_u16(&b, head.table));
    TRY(buffer_put_u64(&b, head.transaction));
    TRY(buffer_put_u8(&b, outcome));
    return attached_write(a->memory, ATTACHED_RECORD_RESOLVE, NULL, span_of_buffer(&b));
}
