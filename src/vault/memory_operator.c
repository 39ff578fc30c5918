#include "vault/memory_operator.h"

#include "crypto/digest.h"

enum {
    PEOPLE_MIN = 2, /* who may approve people: else nobody could ever be enrolled again */
    STATE_BYTES_MAX = 256 + WIRE_OPERATOR_NAME_BYTES_MAX + WIRE_OPERATOR_KEY_BYTES_MAX,
};
_Static_assert((int)MEMORY_OPERATOR_NAME_BYTES_MAX == (int)WIRE_OPERATOR_NAME_BYTES_MAX, "names");
_Static_assert((int)MEMORY_OPERATOR_KEY_BYTES_MAX == (int)WIRE_OPERATOR_KEY_BYTES_MAX, "keys");
_Static_assert((int)MEMORY_KEY_PRINT_BYTES == (int)DIGEST_SHA256_BYTES, "fingerprints");
_Static_assert((int)MEMORY_OPERATORS_MAX == (int)WIRE_OPERATORS_MAX, "operators");

Span memory_operator_name(const MemoryOperator *o) { return (Span) { o->name, o->name_bytes }; }
static Span key_of(const MemoryOperator *o) { return (Span) { o->key, o->key_bytes }; }

bool memory_operator_has_person(const MemoryOperator *o)
{
    static const uint8_t nobody[MEMORY_PERSON_BYTES] = { 0 };
    return !bytes_equal_ct(o->person, nobody, sizeof(nobody));
}

/* --- the journal --- */

/* name framed | key framed: as a release before this enrolled, at the ceremony */
Status memory_apply_operator(Memory *m, Cursor *c)
{
    Span name;
    Span key;
    TRY(cursor_framed(c, MEMORY_OPERATOR_NAME_BYTES_MAX, &name));
    TRY(cursor_framed(c, MEMORY_OPERATOR_KEY_BYTES_MAX, &key));
    REQUIRE(m->operator_count < MEMORY_OPERATORS_MAX, REFUSED_JOURNAL_TAMPERED);
    MemoryOperator *operator_ = &m->operators[m->operator_count++];
    memcpy(operator_->name, name.data, name.size);
    memcpy(operator_->key, key.data, key.size);
    operator_->name_bytes = (uint8_t)name.size;
    operator_->key_bytes = (uint8_t)key.size;
    operator_->duties = MEMORY_DUTIES_EVERY;
    return OK;
}

/* place u8 | gone u8 | duties u32 | since i64 | changed i64 | person [32] | name framed | key
 * framed | spent approvals, none in a snapshot */
static Status put_state(size_t place, const MemoryOperator *o, Buffer *b)
{
    TRY(buffer_put_u8(b, (uint8_t)place));
    TRY(buffer_put_u8(b, o->gone ? 1 : 0));
    TRY(buffer_put_u32(b, o->duties));
    TRY(buffer_put_i64(b, o->since_us));
    TRY(buffer_put_i64(b, o->changed_us));
    TRY(buffer_put(b, SPAN_OF(o->person)));
    TRY(buffer_put_framed(b, memory_operator_name(o)));
    return buffer_put_framed(b, key_of(o));
}

static Status take_state(Cursor *c, uint8_t *ret_place, MemoryOperator *ret)
{
    Span name;
    Span key;
    uint8_t gone = 0;
    TRY(cursor_u8(c, ret_place));
    TRY(cursor_u8(c, &gone));
    TRY(cursor_u32(c, &ret->duties));
    TRY(cursor_i64(c, &ret->since_us));
    TRY(cursor_i64(c, &ret->changed_us));
    TRY(cursor_copy(c, sizeof(ret->person), ret->person));
    TRY(cursor_framed(c, sizeof(ret->name), &name));
    TRY(cursor_framed(c, sizeof(ret->key), &key));
    REQUIRE(gone <= 1, REFUSED_JOURNAL_TAMPERED);
    memcpy(ret->name, name.data, name.size);
    memcpy(ret->key, key.data, key.size);
    ret->name_bytes = (uint8_t)name.size;
    ret->key_bytes = (uint8_t)key.size;
    ret->gone = gone != 0;
    return OK;
}

/* When `state` comes instead of `before`: of another key's owner the old one is remembered. */
static Status keep_replaced(Memory *m, const MemoryOperator *before, const MemoryOperator *state)
{
    if (span_equal(key_of(before), key_of(state))) return OK;
    REQUIRE(m->replaced_key_count < MEMORY_REPLACED_KEYS_MAX, REFUSED_JOURNAL_TAMPERED);
    sha256(key_of(before), m->replaced_keys[m->replaced_key_count++]);
    return OK;
}

Status memory_apply_operator_state(Memory *m, Cursor *c)
{
    MemoryOperator state = { 0 };
    uint8_t place = 0;
    TRY(take_state(c, &place, &state));
    REQUIRE(place <= m->operator_count && place < MEMORY_OPERATORS_MAX, REFUSED_JOURNAL_TAMPERED);
    MemoryOperator *operator_ = &m->operators[place];
    if (place < m->operator_count) {
        const Span name = memory_operator_name(operator_);
        REQUIRE(span_equal(name, memory_operator_name(&state)), REFUSED_JOURNAL_TAMPERED);
        REQUIRE(!operator_->gone, REFUSED_JOURNAL_TAMPERED);
        TRY(keep_replaced(m, operator_, &state));
    } else {
        m->operator_count++;
    }
    *operator_ = state;
    return memory_apply_approvals(m, c);
}

/* fingerprint [32] */
Status memory_apply_replaced_key(Memory *m, Cursor *c)
{
    REQUIRE(m->replaced_key_count < MEMORY_REPLACED_KEYS_MAX, REFUSED_JOURNAL_TAMPERED);
    return cursor_copy(c, MEMORY_KEY_PRINT_BYTES, m->replaced_keys[m->replaced_key_count++]);
}

Status memory_snapshot_operators(const Memory *m, Journal *journal)
{
    for (size_t i = 0; i < m->replaced_key_count; i++)
        TRY(journal_snapshot_put(journal, MEMORY_REPLACED_KEY, SPAN_OF(m->replaced_keys[i])));
    for (size_t i = 0; i < m->operator_count; i++) {
        uint8_t memory[STATE_BYTES_MAX];
        Buffer b = BUFFER_OF(memory);
        TRY(put_state(i, &m->operators[i], &b));
        TRY(journal_snapshot_put(journal, MEMORY_OPERATOR_STATE, span_of_buffer(&b)));
    }
    return OK;
}

/* --- looking --- */

static bool find(const Memory *m, Span name, size_t *ret_place)
{
    for (size_t i = 0; i < m->operator_count; i++) {
        const MemoryOperator *o = &m->operators[i];
        if (o->gone || !span_equal(memory_operator_name(o), name)) continue;
        *ret_place = i;
        return true;
    }
    return false;
}

bool memory_operator(Memory *m, Span name, MemoryOperator *ret_operator)
{
    MEMORY_HOLD(m);
    size_t place = 0;
    if (!find(m, name, &place)) return false;
    *ret_operator = m->operators[place];
    return true;
}

bool memory_operator_at(Memory *m, size_t place, MemoryOperator *ret_operator)
{
    MEMORY_HOLD(m);
    if (place >= m->operator_count) return false;
    *ret_operator = m->operators[place];
    return true;
}

/* --- what must stay true; the lock is held --- */

/* A key that somebody had is nobody's again: it may be why they left, or changed it. */
static Status check_key(const Memory *m, Span key)
{
    uint8_t print[MEMORY_KEY_PRINT_BYTES];
    sha256(key, print);
    for (size_t i = 0; i < m->replaced_key_count; i++)
        REQUIRE(!bytes_equal_ct(m->replaced_keys[i], print, sizeof(print)),
                REFUSED_OPERATOR_EXISTS);
    for (size_t i = 0; i < m->operator_count; i++)
        REQUIRE(!span_equal(key_of(&m->operators[i]), key), REFUSED_OPERATOR_EXISTS);
    return OK;
}

static Status check_name(const Memory *m, Span name)
{
    for (size_t i = 0; i < m->operator_count; i++)
        REQUIRE(!span_equal(memory_operator_name(&m->operators[i]), name), REFUSED_OPERATOR_EXISTS);
    return OK;
}

static Status check_person(const Memory *m, const uint8_t *person)
{
    for (size_t i = 0; i < m->operator_count; i++) {
        const MemoryOperator *o = &m->operators[i];
        const bool same = !o->gone && bytes_equal_ct(o->person, person, MEMORY_PERSON_BYTES);
        REQUIRE(!same, REFUSED_OPERATOR_PERSON_KNOWN);
    }
    return OK;
}

/* Else the joiner could be one of those of whom nobody says who they are. */
static Status check_all_persons_known(const Memory *m)
{
    for (size_t i = 0; i < m->operator_count; i++) {
        const MemoryOperator *o = &m->operators[i];
        REQUIRE(o->gone || memory_operator_has_person(o), REFUSED_OPERATOR_PERSON_MISSING);
    }
    return OK;
}

/* As if the one at `place` were in this state. */
static Status check_enough_left(const Memory *m, size_t place, const MemoryOperator *state)
{
    size_t left = 0;
    for (size_t i = 0; i < m->operator_count; i++) {
        const MemoryOperator *o = i == place ? state : &m->operators[i];
        left += !o->gone && (o->duties & DUTY_PEOPLE) != 0 ? 1 : 0;
    }
    REQUIRE(left >= PEOPLE_MIN, REFUSED_OPERATORS_TOO_FEW);
    return OK;
}

static Status write_state(Memory *m, size_t place, const MemoryOperator *state,
        const MemoryApprovals *approvals, uint64_t *ret_position)
{
    uint8_t memory[STATE_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(put_state(place, state, &b));
    if (approvals != NULL) TRY(memory_put_approvals(approvals, &b));
    return memory_write(m, MEMORY_OPERATOR_STATE, span_of_buffer(&b), ret_position);
}

/* --- acts --- */

static void set_key(MemoryOperator *o, Span key)
{
    memset(o->key, 0, sizeof(o->key));
    memcpy(o->key, key.data, key.size);
    o->key_bytes = (uint8_t)key.size;
}

static Status check_joiner(const Memory *m, const MemoryOperatorWork *work)
{
    const bool ceremony = work->approvals == NULL;
    REQUIRE(!ceremony || !m->ever_prepared, REFUSED_CEREMONY_CLOSED);
    REQUIRE(ceremony || !memory_approvals_are_spent(m, work->approvals), REFUSED_APPROVAL_REPLAYED);
    REQUIRE(m->operator_count < MEMORY_OPERATORS_MAX, REFUSED_OPERATORS_FULL);
    TRY(check_name(m, work->name));
    TRY(check_key(m, work->key));
    if (work->person != NULL) TRY(check_person(m, work->person));
    if (ceremony) return OK;
    REQUIRE(work->person != NULL, REFUSED_OPERATOR_PERSON_MISSING);
    return check_all_persons_known(m);
}

static Status add_locked(Memory *m, const MemoryOperatorWork *work, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    MemoryOperator state = { .duties = work->duties,
        .since_us = work->now_us,
        .changed_us = work->now_us,
        .name_bytes = (uint8_t)work->name.size };
    TRY(check_joiner(m, work));
    memcpy(state.name, work->name.data, work->name.size);
    set_key(&state, work->key);
    if (work->person != NULL) memcpy(state.person, work->person, sizeof(state.person));
    return write_state(m, m->operator_count, &state, work->approvals, ret_position);
}

static Status change_locked(Memory *m, const MemoryOperatorWork *work, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    size_t place = 0;
    REQUIRE(!memory_approvals_are_spent(m, work->approvals), REFUSED_APPROVAL_REPLAYED);
    REQUIRE(find(m, work->name, &place), REFUSED_OPERATOR_UNKNOWN);
    MemoryOperator state = m->operators[place];
    if (work->key.size > 0) {
        REQUIRE(m->replaced_key_count < MEMORY_REPLACED_KEYS_MAX, REFUSED_OPERATORS_FULL);
        TRY(check_key(m, work->key));
        set_key(&state, work->key);
    }
    if (work->person != NULL) {
        REQUIRE(!memory_operator_has_person(&state), REFUSED_OPERATOR_PERSON_KNOWN);
        TRY(check_person(m, work->person));
        memcpy(state.person, work->person, sizeof(state.person));
    }
    if (work->duties != 0) state.duties = work->duties;
    state.changed_us = work->now_us;
    TRY(check_enough_left(m, place, &state));
    return write_state(m, place, &state, work->approvals, ret_position);
}

static Status remove_locked(Memory *m, const MemoryOperatorWork *work, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    size_t place = 0;
    REQUIRE(!memory_approvals_are_spent(m, work->approvals), REFUSED_APPROVAL_REPLAYED);
    REQUIRE(find(m, work->name, &place), REFUSED_OPERATOR_UNKNOWN);
    MemoryOperator state = m->operators[place];
    state.gone = true;
    state.changed_us = work->now_us;
    TRY(check_enough_left(m, place, &state));
    return write_state(m, place, &state, work->approvals, ret_position);
}

typedef Status (*Act)(Memory *memory, const MemoryOperatorWork *work, uint64_t *ret_position);

static Status act(Memory *m, Act locked, const MemoryOperatorWork *work)
{
    uint64_t position = 0;
    TRY(locked(m, work, &position));
    return memory_sync(m, position);
}

static bool fits(const MemoryOperatorWork *work)
{
    return work->name.size >= 1 && work->name.size <= MEMORY_OPERATOR_NAME_BYTES_MAX
            && work->key.size <= MEMORY_OPERATOR_KEY_BYTES_MAX;
}

Status memory_operator_add(Memory *m, const MemoryOperatorWork *work)
{
    ASSERT(fits(work) && work->key.size > 0 && work->duties != 0);
    return act(m, add_locked, work);
}

Status memory_operator_change(Memory *m, const MemoryOperatorWork *work)
{
    ASSERT(fits(work) && work->approvals != NULL);
    return act(m, change_locked, work);
}

Status memory_operator_remove(Memory *m, const MemoryOperatorWork *work)
{
    ASSERT(fits(work) && work->approvals != NULL);
    return act(m, remove_locked, work);
}
