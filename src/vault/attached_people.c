/* What people decide about attached tables: which there are, and what frozen rows shall be. */
#include "vault/attached_inside.h"

#include "base/encoding.h"
#include "base/money.h"
#include "vault/approval.h"

enum { SUBJECT_BYTES_MAX = WIRE_TEXT_BYTES_MAX };

/* --- tables --- */

static Status check_columns(Cursor *c)
{
    uint32_t count = 0;
    uint32_t keys = 0;
    bool in_key = true;
    TRY(wire_take_count(c, WIRE_ATTACHED_COLUMNS_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        WireAttachedColumn column;
        TRY(wire_take_attached_column(c, &column));
        REQUIRE(column.kind >= ATTACHED_INT && column.kind <= ATTACHED_TIME,
                REFUSED_ATTACHED_DEFINITION);
        REQUIRE(in_key || !column.is_key, REFUSED_ATTACHED_DEFINITION);
        in_key = column.is_key;
        keys += column.is_key ? 1 : 0;
    }
    REQUIRE(keys >= 1 && keys <= ROW_KEY_COLUMNS_MAX && keys < count, REFUSED_ATTACHED_DEFINITION);
    return OK;
}

static Status check_definition(Span definition, WireAttachedTable *ret_facts)
{
    Cursor c = cursor_of(definition);
    TRY(wire_take_attached_table(&c, ret_facts));
    TRY(check_columns(&c));
    TRY(cursor_end(&c));
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(public_key_from_spki(ret_facts->core_key, &key));
    const KeyAlgorithm algorithm = public_key_algorithm(key);
    REQUIRE(algorithm == KEY_ED25519 || algorithm == KEY_SM2, REFUSED_KEY_FORMAT);
    return OK;
}

/* The rest of the message. Nothing is spent yet. */
static Status take_approvals(
        Attached *a, Cursor *c, Span operation, Span subject, MemoryApprovals *ret_approvals)
{
    Span signed_subject;
    TRY(approval_take(a->config.people, c, operation, clock_now_us(&a->config.clock),
            &signed_subject, ret_approvals));
    REQUIRE(span_equal(signed_subject, subject), REFUSED_APPROVAL_INVALID);
    return cursor_end(c);
}

static Status may_be_added(const AttachedMemory *m, const WireAttachedTable *facts)
{
    REQUIRE(m->table_count < ATTACHED_TABLES_MAX, REFUSED_ATTACHED_FULL);
    for (size_t i = 0; i < m->table_count; i++) {
        const AttachedTable *t = &m->tables[i];
        const bool same = span_equal(t->facts.database, facts->database)
                && span_equal(t->facts.name, facts->name);
        REQUIRE(!same || t->phase == ATTACHED_GONE, REFUSED_ATTACHED_TABLE_EXISTS);
    }
    return OK;
}

static Status check_addition(Attached *a, const WireAttachedTable *facts)
{
    ATTACHED_HOLD(a->memory);
    return may_be_added(a->memory, facts);
}

static Status check_table(Attached *a, uint16_t number)
{
    ATTACHED_HOLD(a->memory);
    REQUIRE(attached_table(a->memory, number) != NULL, REFUSED_ATTACHED_TABLE_UNKNOWN);
    return OK;
}

/* Looked at again: others may have added one since. */
static Status add_table(Attached *a, Span definition, const WireAttachedTable *facts, Buffer *ret)
{
    ATTACHED_HOLD(a->memory);
    AttachedMemory *m = a->memory;
    TRY(may_be_added(m, facts));
    uint8_t memory[3 + WIRE_ATTACHED_DEFINITION_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    const uint16_t number = (uint16_t)(ATTACHED_TABLE_FIRST + m->table_count);
    TRY(buffer_put_u16(&b, number));
    TRY(buffer_put_u8(&b, ATTACHED_FILLING));
    TRY(buffer_put(&b, definition));
    TRY(attached_write(m, ATTACHED_RECORD_TABLE, NULL, span_of_buffer(&b)));
    return buffer_put_u16(ret, number);
}

/* People sign "<database> <table> <SHA-256 of the whole definition>". What cannot be done costs
 * them no signature. */
static Status register_table(Attached *a, Cursor *c, Buffer *ret_answer)
{
    Span definition;
    WireAttachedTable facts;
    MemoryApprovals approvals;
    TRY(cursor_framed(c, WIRE_ATTACHED_DEFINITION_BYTES_MAX, &definition));
    TRY(check_definition(definition, &facts));
    uint8_t memory[SUBJECT_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer subject = BUFFER_OF(memory);
    sha256(definition, digest);
    TRY(buffer_put(&subject, facts.database));
    TRY(buffer_put_u8(&subject, ' '));
    TRY(buffer_put(&subject, facts.name));
    TRY(buffer_put_u8(&subject, ' '));
    TRY(hex_encode(SPAN_OF(digest), &subject));
    TRY(take_approvals(
            a, c, SPAN(ATTACHED_OPERATION_REGISTER), span_of_buffer(&subject), &approvals));
    TRY(check_addition(a, &facts));
    TRY(memory_spend_approvals(a->config.people, &approvals));
    TRY(add_table(a, definition, &facts, ret_answer));
    return attached_sync(a->memory);
}

static Status set_phase(Attached *a, uint16_t number, AttachedPhase phase)
{
    ATTACHED_HOLD(a->memory);
    REQUIRE(attached_table(a->memory, number) != NULL, REFUSED_ATTACHED_TABLE_UNKNOWN);
    uint8_t memory[3];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u16(&b, number));
    TRY(buffer_put_u8(&b, (uint8_t)phase));
    return attached_write(a->memory, ATTACHED_RECORD_PHASE, NULL, span_of_buffer(&b));
}

/* People sign the table's number. */
static Status detach_table(Attached *a, Cursor *c, uint16_t number)
{
    uint8_t memory[16];
    Buffer subject = BUFFER_OF(memory);
    MemoryApprovals approvals;
    TRY(buffer_print(&subject, "%u", number));
    TRY(take_approvals(
            a, c, SPAN(ATTACHED_OPERATION_DETACH), span_of_buffer(&subject), &approvals));
    TRY(check_table(a, number));
    TRY(memory_spend_approvals(a->config.people, &approvals));
    return set_phase(a, number, ATTACHED_GONE);
}

Status attached_table_action(Attached *a, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    uint8_t action = 0;
    uint16_t number = 0;
    TRY(cursor_u8(&c, &action));
    if (action == ATTACHED_REGISTER) return register_table(a, &c, ret_answer);
    TRY(cursor_u16(&c, &number));
    REQUIRE(action == ATTACHED_COMPLETE || action == ATTACHED_DETACH, REFUSED_IPC_FORMAT);
    if (action == ATTACHED_DETACH) {
        TRY(detach_table(a, &c, number));
    } else {
        TRY(cursor_end(&c));
        TRY(set_phase(a, number, ATTACHED_SEALED));
    }
    return attached_sync(a->memory);
}

Status attached_status(Attached *a, Span request, Buffer *ret_answer)
{
    ATTACHED_HOLD(a->memory);
    if (request.size > 0) return attached_put_open(a, request, ret_answer);
    const AttachedMemory *m = a->memory;
    uint32_t count = 0;
    for (size_t i = 0; i < m->table_count; i++)
        count += m->tables[i].phase != ATTACHED_GONE ? 1 : 0;
    TRY(buffer_put_u32(ret_answer, count));
    for (size_t i = 0; i < m->table_count; i++) {
        const AttachedTable *t = &m->tables[i];
        if (t->phase == ATTACHED_GONE) continue;
        const WireAttachedStatus status = { t->number, (uint8_t)t->phase, t->live, t->frozen,
            t->pending, { t->definition, t->definition_bytes } };
        TRY(wire_put_attached_status(ret_answer, &status));
    }
    return OK;
}

/* --- frozen rows --- */

typedef struct Decision {
    bool accept;
    bool absent; /* what is accepted */
    uint8_t key_memory[ROW_KEY_BYTES_MAX];
    Span key;
    uint8_t digest[DIGEST_SHA256_BYTES];
} Decision;

static Status take_key(Cursor *c, bool last, Decision *ret)
{
    Span text;
    int64_t number = 0;
    Buffer key = BUFFER_OF(ret->key_memory);
    TRY(cursor_until(c, ' ', &text));
    TRY(i64_parse(text, &number));
    if (last)
        TRY(cursor_take(c, c->rest.size, &text));
    else
        TRY(cursor_until(c, ' ', &text));
    TRY(hex_decode(text, &key));
    Cursor inside = cursor_of(span_of_buffer(&key));
    uint16_t table = 0;
    TRY(cursor_u16(&inside, &table));
    REQUIRE(table == number, REFUSED_APPROVAL_INVALID);
    ret->key = span_of_buffer(&key);
    return OK;
}

/* "release TABLE KEY" or "accept TABLE KEY DIGEST|absent" */
static Status take_decision(Span subject, Decision *ret)
{
    Cursor c = cursor_of(subject);
    Span verb;
    TRY(cursor_until(&c, ' ', &verb));
    *ret = (Decision) { .accept = span_equal(verb, SPAN("accept")) };
    REQUIRE(ret->accept || span_equal(verb, SPAN("release")), REFUSED_APPROVAL_INVALID);
    TRY(take_key(&c, !ret->accept, ret));
    if (!ret->accept) return OK;
    ret->absent = span_equal(c.rest, SPAN("absent"));
    Buffer digest = BUFFER_OF(ret->digest);
    if (!ret->absent) TRY(hex_decode(c.rest, &digest));
    REQUIRE(ret->absent || digest.size == DIGEST_SHA256_BYTES, REFUSED_APPROVAL_INVALID);
    return OK;
}

static Status write_decision(
        Attached *a, const AttachedShown *shown, AttachedRecord kind, const AttachedState *state)
{
    uint8_t memory[2 + ATTACHED_ENTRY_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    AttachedEntry e;
    attached_entry(a->memory, shown->key, &e);
    e.state = *state;
    TRY(buffer_put_u16(&b, shown->table->number));
    TRY(attached_put_entry(&b, &e));
    return attached_write(a->memory, kind, &e.name, span_of_buffer(&b));
}

static Status release(Attached *a, const Decision *d)
{
    AttachedShown shown;
    ATTACHED_HOLD(a->memory);
    TRY(attached_show(a, true, d->key, (Span) { NULL, 0 }, &shown));
    if (!attached_is_frozen(&shown)) return OK;
    return write_decision(a, &shown, ATTACHED_RECORD_RELEASE, &(AttachedState) { 0 });
}

static Status accept(Attached *a, const Decision *d, Span image, Buffer *ret_answer)
{
    AttachedShown shown;
    AttachedState state;
    uint8_t seal[WIRE_SEAL_BYTES];
    uint8_t digest[DIGEST_SHA256_BYTES];
    ATTACHED_HOLD(a->memory);
    TRY(attached_show(a, d->absent, d->absent ? d->key : image, (Span) { NULL, 0 }, &shown));
    sha256(image, digest);
    const bool same = d->absent
            || (span_equal(shown.key, d->key) && bytes_equal_ct(digest, d->digest, sizeof(digest)));
    REQUIRE(same, REFUSED_APPROVAL_INVALID);
    TRY(attached_next(a, &shown, d->absent ? NULL : &shown.row, seal, &state));
    TRY(write_decision(a, &shown, ATTACHED_RECORD_ACCEPT, &state));
    return buffer_put(ret_answer, SPAN_OF(seal));
}

Status attached_release(Attached *a, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    Span subject;
    Span image;
    MemoryApprovals approvals;
    Decision decision;
    TRY(approval_take(a->config.people, &c, SPAN(ATTACHED_OPERATION_RELEASE),
            clock_now_us(&a->config.clock), &subject, &approvals));
    TRY(cursor_framed(&c, ROW_IMAGE_BYTES_MAX, &image));
    TRY(cursor_end(&c));
    TRY(take_decision(subject, &decision));
    decision.key.data = decision.key_memory;
    TRY(memory_spend_approvals(a->config.people, &approvals));
    TRY(decision.accept ? accept(a, &decision, image, ret_answer) : release(a, &decision));
    return attached_sync(a->memory);
}
