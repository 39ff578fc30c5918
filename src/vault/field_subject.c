/*
 * Subject keys: 32 random bytes, wrapped under the month's KEY_SHRED for their tenant and subject,
 * kept outside. Unwrapping costs more than sealing a field, so the unwrapped ones are kept for a
 * while in locked memory.
 */
#include "vault/field_inside.h"

#include "base/secret.h"

enum {
    PLACE_BYTES_MAX = 24 + 8 + FIELD_TENANT_BYTES_MAX + WIRE_SUBJECT_BYTES_MAX,
    VERSIONS_MAX = 4, /* of KEY_SHRED that one batch meets, without asking twice */
};

static Status put_place(Span tenant, Span subject, Buffer *b)
{
    TRY(buffer_put(b, SPAN("hufu subject key 1")));
    TRY(buffer_put_framed(b, tenant));
    return buffer_put_framed(b, subject);
}

/* --- the cache --- */

static FieldSubject *set_of(Field *field, const KeyedHash *name)
{
    uint32_t word = 0;
    memcpy(&word, name->bytes, sizeof(word));
    return field->secrets->subjects[word % FIELD_SUBJECT_SETS];
}

static bool cache_get(Field *field, const KeyedHash *name, uint8_t ret_key[FIELD_KEY_BYTES],
        uint32_t *ret_version)
{
    FIELD_HOLD(field);
    FieldSubject *set = set_of(field, name);
    for (size_t i = 0; i < FIELD_SUBJECT_WAYS; i++) {
        if (!keyed_hash_equal(&set[i].name, name)) continue;
        memcpy(ret_key, set[i].key, FIELD_KEY_BYTES);
        *ret_version = set[i].shred_version;
        set[i].tick = ++field->tick;
        return true;
    }
    return false;
}

static void cache_put(Field *field, const KeyedHash *name, const KeyedHash *subject,
        const uint8_t key[FIELD_KEY_BYTES], uint32_t shred_version)
{
    FIELD_HOLD(field);
    FieldSubject *set = set_of(field, name);
    FieldSubject *oldest = &set[0];
    for (size_t i = 1; i < FIELD_SUBJECT_WAYS; i++) {
        if (set[i].tick < oldest->tick) oldest = &set[i]; /* a free one has 0 */
    }
    *oldest = (FieldSubject) {
        .name = *name, .subject = *subject, .shred_version = shred_version, .tick = ++field->tick
    };
    memcpy(oldest->key, key, FIELD_KEY_BYTES);
}

void field_subjects_forget(Field *field, const KeyedHash *subjects, size_t count)
{
    FIELD_HOLD(field);
    FieldSubject *all = field->secrets->subjects[0];
    for (size_t i = 0; i < (size_t)FIELD_SUBJECT_SETS * FIELD_SUBJECT_WAYS; i++) {
        for (size_t k = 0; k < count; k++) {
            if (keyed_hash_equal(&all[i].subject, &subjects[k]))
                bytes_wipe(&all[i], sizeof(all[i]));
        }
    }
}

/* --- wrap and unwrap --- */

/* A key that is unwrapped already opens nothing any more when its month's key is gone. */
static Status require_living(Keys *keys, uint32_t version)
{
    CLEANUP(seal_key_wipe) SealKey shred;
    return keys_seal_copy(keys, KEY_SHRED, version, &shred);
}

static Status unwrap(Field *field, Span tenant, Span subject, Span wrapped,
        uint8_t ret_key[FIELD_KEY_BYTES], uint32_t *ret_version)
{
    uint8_t place_memory[PLACE_BYTES_MAX];
    uint8_t key_memory[FIELD_KEY_BYTES];
    Buffer place = BUFFER_OF(place_memory);
    CLEANUP(field_wipe_buffer) Buffer key = BUFFER_OF(key_memory);
    SealHeader header;
    CLEANUP(seal_key_wipe) SealKey shred = { 0 };
    TRY(seal_parse(wrapped, &header));
    REQUIRE(header.key_id == KEY_SHRED && header.key_version > 0, REFUSED_SEAL_FORMAT);
    TRY(keys_seal_copy(field->config.keys, KEY_SHRED, header.key_version, &shred));
    TRY(put_place(tenant, subject, &place));
    TRY(seal_open(&shred, span_of_buffer(&place), wrapped, &key));
    REQUIRE(key.size == FIELD_KEY_BYTES, REFUSED_SEAL_FORMAT);
    memcpy(ret_key, key.data, FIELD_KEY_BYTES);
    *ret_version = header.key_version;
    return OK;
}

static Status wrap(Field *field, const Random *random, Span tenant, Span subject,
        const uint8_t key[FIELD_KEY_BYTES], Buffer *ret_wrapped)
{
    uint8_t place_memory[PLACE_BYTES_MAX];
    Buffer place = BUFFER_OF(place_memory);
    CLEANUP(seal_key_wipe) SealKey shred = { 0 };
    TRY(keys_seal_copy(field->config.keys, KEY_SHRED, 0, &shred));
    TRY(put_place(tenant, subject, &place));
    return seal_close(
            &shred, random, span_of_buffer(&place), (Span) { key, FIELD_KEY_BYTES }, ret_wrapped);
}

/* The cache knows a key by everything it was given with: another wrapping is another entry. */
static void cache_name(
        const Field *field, const KeyedHash *subject, Span wrapped, KeyedHash *ret_name)
{
    uint8_t memory[KEYED_HASH_BYTES + WIRE_WRAPPED_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    ASSERT(status_ok(buffer_put(&b, SPAN_OF(subject->bytes))));
    ASSERT(status_ok(buffer_put(&b, wrapped)));
    keyed_hash(&field->secrets->names, span_of_buffer(&b), ret_name);
}

typedef struct Living { /* versions of KEY_SHRED that this message found alive */
    uint32_t versions[VERSIONS_MAX];
    size_t count;
} Living;

static Status check_living(Keys *keys, Living *living, uint32_t version)
{
    for (size_t i = 0; i < living->count; i++) {
        if (living->versions[i] == version) return OK;
    }
    TRY(require_living(keys, version));
    if (living->count < VERSIONS_MAX) living->versions[living->count++] = version;
    return OK;
}

static Status get_key(FieldBatch *b, Living *living, const KeyedHash *subject, Span name,
        Span wrapped, uint8_t ret_key[FIELD_KEY_BYTES])
{
    Field *field = b->field;
    KeyedHash in_cache;
    uint32_t version = 0;
    cache_name(field, subject, wrapped, &in_cache);
    if (cache_get(field, &in_cache, ret_key, &version))
        return check_living(field->config.keys, living, version);
    TRY(unwrap(field, b->head.tenant, name, wrapped, ret_key, &version));
    cache_put(field, &in_cache, subject, ret_key, version);
    return OK;
}

static Status make_key(FieldBatch *b, const KeyedHash *subject, Span name,
        uint8_t ret_key[FIELD_KEY_BYTES], Buffer *ret_wrapped)
{
    Field *field = b->field;
    KeyedHash in_cache;
    SealHeader header;
    TRY(random_fill(&b->random, ret_key, FIELD_KEY_BYTES));
    TRY(wrap(field, &b->random, b->head.tenant, name, ret_key, ret_wrapped));
    TRY(seal_parse(span_of_buffer(ret_wrapped), &header));
    cache_name(field, subject, span_of_buffer(ret_wrapped), &in_cache);
    cache_put(field, &in_cache, subject, ret_key, header.key_version);
    return OK;
}

/* --- lists --- */

static Status take_names(FieldBatch *b, Cursor *c, WireSubject *ret_subjects, KeyedHash *ret_names)
{
    uint32_t count = 0;
    TRY(wire_take_count(c, WIRE_BATCH_SUBJECTS_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        TRY(wire_take_subject(c, &ret_subjects[i]));
        field_name(b->field, "subject", b->head.tenant, ret_subjects[i].subject, &ret_names[i]);
        b->subjects[i].name = ret_subjects[i].subject;
    }
    b->subject_count = count;
    return OK;
}

static Status answer_subject(FieldBatch *b, Living *living, size_t i, const WireSubject *given,
        const KeyedHash *name, bool dead, Buffer *ret_answer)
{
    BatchSubject *s = &b->subjects[i];
    uint8_t memory[WIRE_WRAPPED_BYTES_MAX];
    Buffer made = BUFFER_OF(memory);
    Status status = OK;
    if (dead)
        status = REFUSE(REFUSED_SUBJECT_DESTROYED);
    else if (given->wrapped.size > 0)
        status = get_key(b, living, name, s->name, given->wrapped, s->key);
    else
        status = make_key(b, name, s->name, s->key, &made);
    if (status_broken(status)) return status;
    s->status = (uint32_t)status.code;
    return wire_put_subject_answer(
            ret_answer, &(WireSubjectAnswer) { s->status, span_of_buffer(&made) });
}

Status field_subjects_take(FieldBatch *b, Cursor *c, Buffer *ret_answer)
{
    WireSubject given[WIRE_BATCH_SUBJECTS_MAX];
    KeyedHash names[WIRE_BATCH_SUBJECTS_MAX];
    bool dead[WIRE_BATCH_SUBJECTS_MAX];
    Living living = { .count = 0 };
    TRY(take_names(b, c, given, names));
    memory_subjects_dead(b->field->config.memory, names, b->subject_count, dead);
    TRY(buffer_put_u32(ret_answer, b->subject_count));
    for (size_t i = 0; i < b->subject_count; i++)
        TRY(answer_subject(b, &living, i, &given[i], &names[i], dead[i], ret_answer));
    return OK;
}

Status field_subject_find(FieldBatch *b, Span subject, Span wrapped)
{
    KeyedHash name;
    bool dead = false;
    Living living = { .count = 0 };
    field_name(b->field, "subject", b->head.tenant, subject, &name);
    memory_subjects_dead(b->field->config.memory, &name, 1, &dead);
    REQUIRE(!dead, REFUSED_SUBJECT_DESTROYED);
    b->subjects[0].name = subject;
    b->subject_count = 1;
    return get_key(b, &living, &name, subject, wrapped, b->subjects[0].key);
}

/* --- the month turns --- */

static Status turn_one(FieldBatch *b, uint32_t current, const WireTurn *turn, Buffer *ret_wrapped)
{
    Field *field = b->field;
    KeyedHash name;
    bool dead = false;
    uint8_t key[FIELD_KEY_BYTES];
    uint32_t version = 0;
    field_name(field, "subject", turn->tenant, turn->subject, &name);
    memory_subjects_dead(field->config.memory, &name, 1, &dead);
    REQUIRE(!dead, REFUSED_SUBJECT_DESTROYED);
    TRY(unwrap(field, turn->tenant, turn->subject, turn->wrapped, key, &version));
    Status s = OK;
    if (version != current)
        s = wrap(field, &b->random, turn->tenant, turn->subject, key, ret_wrapped);
    bytes_wipe(key, sizeof(key));
    return s;
}

Status field_turn_subjects(Field *field, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    CLEANUP(seal_key_wipe) SealKey shred = { 0 };
    uint32_t count = 0;
    TRY(field_batch_take(field, &b));
    TRY(keys_seal_copy(field->config.keys, KEY_SHRED, 0, &shred));
    TRY(wire_take_count(&c, WIRE_BATCH_SUBJECTS_MAX, &count));
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++) {
        WireTurn turn;
        uint8_t memory[WIRE_WRAPPED_BYTES_MAX];
        Buffer wrapped = BUFFER_OF(memory);
        TRY(wire_take_turn(&c, &turn));
        const Status s = turn_one(b, shred.key_version, &turn, &wrapped);
        if (status_broken(s)) return s;
        TRY(wire_put_subject_answer(
                ret_answer, &(WireSubjectAnswer) { (uint32_t)s.code, span_of_buffer(&wrapped) }));
    }
    return cursor_end(&c);
}
