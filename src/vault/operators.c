#include "vault/operators.h"

#include "base/encoding.h"
#include "crypto/derive.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "vault/approval.h"

enum { SUBJECT_BYTES_MAX = WIRE_OPERATOR_NAME_BYTES_MAX + 1 + 2 * DIGEST_SHA256_BYTES };

/* --- what is stated of them --- */

/* Of a joiner; a ceremony may have had others. */
static bool is_name(Span name)
{
    for (size_t i = 0; i < name.size; i++) {
        const uint8_t c = name.data[i];
        const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!fits && (i == 0 || (c != '-' && c != '_'))) return false;
    }
    return name.size > 0;
}

/* "s-1017" and "S-1017" are one person. */
static Status fold_person(Span person, Buffer *ret_folded)
{
    for (size_t i = 0; i < person.size; i++) {
        const uint8_t c = person.data[i];
        const bool is_lower = c >= 'a' && c <= 'z';
        const bool is_other = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
                || c == '_' || c == '/' || c == '.';
        REQUIRE(is_lower || is_other, REFUSED_OPERATOR_FIELD);
        TRY(buffer_put_u8(ret_folded, is_lower ? (uint8_t)(c - 'a' + 'A') : c));
    }
    return OK;
}

/* Who reads the journal cannot try staff numbers one by one. */
static Status hash_person(const Operators *o, Span person, uint8_t ret_hash[MEMORY_PERSON_BYTES])
{
    CLEANUP(mac_key_wipe) MacKey map = { 0 };
    uint8_t memory[WIRE_OPERATOR_PERSON_BYTES_MAX];
    Buffer folded = BUFFER_OF(memory);
    REQUIRE(person.size <= sizeof(memory), REFUSED_OPERATOR_FIELD);
    TRY(fold_person(person, &folded));
    mac_key_init(&map, MAC_HMAC_SHA256, secret_span(keys_secret(o->keys, KEY_MAP)));
    const Span parts[] = { SPAN("operator person"), span_of_buffer(&folded) };
    derive_expand(&map, parts, 2, ret_hash, MEMORY_PERSON_BYTES);
    return OK;
}

static Status check_key(Span spki)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(public_key_from_spki(spki, &key));
    REQUIRE(public_key_algorithm(key) != KEY_RSA, REFUSED_KEY_FORMAT);
    return OK;
}

static Status check_stated(const WireOperator *wire)
{
    REQUIRE((wire->duties & ~(uint32_t)DUTIES_ALL) == 0, REFUSED_OPERATOR_FIELD);
    return wire->key.size > 0 ? check_key(wire->key) : OK;
}

/* --- the ceremony --- */

Status operators_enroll(const Operators *o, Span request)
{
    Cursor c = cursor_of(request);
    uint8_t hash[MEMORY_PERSON_BYTES];
    Span person = { NULL, 0 };
    MemoryOperatorWork work = { .duties = MEMORY_DUTIES_EVERY, .now_us = clock_now_us(&o->clock) };
    TRY(cursor_framed(&c, MEMORY_OPERATOR_NAME_BYTES_MAX, &work.name));
    TRY(cursor_framed(&c, MEMORY_OPERATOR_KEY_BYTES_MAX, &work.key));
    if (c.rest.size > 0) TRY(cursor_framed(&c, WIRE_OPERATOR_PERSON_BYTES_MAX, &person));
    TRY(cursor_end(&c));
    REQUIRE(work.name.size > 0, REFUSED_OPERATOR_FIELD);
    TRY(check_key(work.key));
    if (person.size > 0) {
        TRY(hash_person(o, person, hash));
        work.person = hash;
    }
    return memory_operator_add(o->memory, &work);
}

/* --- what two people decide --- */

typedef struct Decision {
    WireOperator wire;
    Span approvers[2];
    MemoryApprovals approvals;
    uint8_t person[MEMORY_PERSON_BYTES];
    MemoryOperatorWork work; /* borrows from the others */
} Decision;

static Status take_people(const Operators *o, Cursor *c, Span operation, Decision *d, Span *ret)
{
    WireApproval people[2];
    d->work.now_us = clock_now_us(&o->clock);
    TRY(approval_take_people(o->memory, c, operation, d->work.now_us, people, &d->approvals));
    for (size_t i = 0; i < 2; i++)
        d->approvers[i] = people[i].name;
    *ret = people[0].subject;
    d->work.approvals = &d->approvals;
    return OK;
}

/* "<name>/<SHA-256 of what is sent, hex>" */
static Status check_subject(Span subject, Span name, Span sent)
{
    uint8_t memory[SUBJECT_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer b = BUFFER_OF(memory);
    sha256(sent, digest);
    TRY(buffer_put(&b, name));
    TRY(buffer_put_u8(&b, '/'));
    TRY(hex_encode(SPAN_OF(digest), &b));
    REQUIRE(span_equal(subject, span_of_buffer(&b)), REFUSED_APPROVAL_INVALID);
    return OK;
}

static Status take_decision(const Operators *o, Span request, Span operation, Decision *ret)
{
    Cursor c = cursor_of(request);
    Span subject;
    TRY(take_people(o, &c, operation, ret, &subject));
    const Span sent = c.rest;
    TRY(wire_take_operator(&c, &ret->wire));
    TRY(cursor_end(&c));
    TRY(check_subject(subject, ret->wire.name, sent));
    TRY(check_stated(&ret->wire));
    ret->work.name = ret->wire.name;
    ret->work.key = ret->wire.key;
    ret->work.duties = ret->wire.duties;
    if (ret->wire.person.size == 0) return OK;
    ret->work.person = ret->person;
    return hash_person(o, ret->wire.person, ret->person);
}

Status operators_add(const Operators *o, Span request)
{
    Decision d = { 0 };
    TRY(take_decision(o, request, SPAN(OPERATOR_ACT_ADD), &d));
    REQUIRE(is_name(d.work.name), REFUSED_OPERATOR_FIELD);
    REQUIRE(d.work.key.size > 0 && d.work.duties != 0, REFUSED_OPERATOR_FIELD);
    return memory_operator_add(o->memory, &d.work);
}

static Status check_own_duties(const Operators *o, const Decision *d)
{
    MemoryOperator now;
    const bool signs =
            span_equal(d->approvers[0], d->wire.name) || span_equal(d->approvers[1], d->wire.name);
    if (!signs || !memory_operator(o->memory, d->wire.name, &now)) return OK;
    REQUIRE((d->wire.duties & ~now.duties) == 0, REFUSED_APPROVAL_OWN_DUTIES);
    return OK;
}

Status operators_change(const Operators *o, Span request)
{
    Decision d = { 0 };
    TRY(take_decision(o, request, SPAN(OPERATOR_ACT_CHANGE), &d));
    const bool says = d.work.key.size > 0 || d.work.duties != 0 || d.work.person != NULL;
    REQUIRE(says, REFUSED_OPERATOR_FIELD);
    TRY(check_own_duties(o, &d));
    return memory_operator_change(o->memory, &d.work);
}

Status operators_remove(const Operators *o, Span request)
{
    Cursor c = cursor_of(request);
    Decision d = { 0 };
    Span subject;
    TRY(take_people(o, &c, SPAN(OPERATOR_ACT_REMOVE), &d, &subject));
    TRY(cursor_framed(&c, MEMORY_OPERATOR_NAME_BYTES_MAX, &d.work.name));
    TRY(cursor_end(&c));
    REQUIRE(span_equal(subject, d.work.name), REFUSED_APPROVAL_INVALID);
    return memory_operator_remove(o->memory, &d.work);
}

/* --- who they are --- */

static const char *algorithm_of(const PublicKey *key)
{
    switch (public_key_algorithm(key)) {
    case KEY_ED25519: return "Ed25519";
    case KEY_P256: return "P-256";
    case KEY_SM2: return "SM2";
    default: return "?";
    }
}

static Status put_facts(const MemoryOperator *o, Buffer *b)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(public_key_from_spki((Span) { o->key, o->key_bytes }, &key));
    WireOperatorFacts facts = { .name = memory_operator_name(o),
        .algorithm = span_of_text(algorithm_of(key)),
        .duties = o->duties & DUTIES_ALL,
        .has_person = memory_operator_has_person(o),
        .gone = o->gone,
        .since_us = o->since_us,
        .changed_us = o->changed_us };
    public_key_fingerprint(key, facts.fingerprint);
    return wire_put_operator_facts(b, &facts);
}

Status operators_list(const Operators *o, Buffer *ret_answer)
{
    MemoryOperator operator_;
    uint32_t count = 0;
    while (memory_operator_at(o->memory, count, &operator_))
        count++;
    TRY(wire_put_count(ret_answer, count, WIRE_OPERATORS_MAX));
    for (uint32_t i = 0; i < count; i++) {
        ASSERT(memory_operator_at(o->memory, i, &operator_)); /* nobody is taken off the list */
        TRY(put_facts(&operator_, ret_answer));
    }
    return OK;
}
