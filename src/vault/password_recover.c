#include "vault/password_recover.h"

#include "base/secret.h"
#include "policy/classes.h"
#include "vault/password_facts.h"
#include "vault/password_request.h"

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

typedef struct Facts {
    FieldFact of[WIRE_FACTS_MAX];
    size_t count;
} Facts;

/* --- what is asked --- */

static Status take_sealed(Cursor *c, Facts *ret_facts)
{
    uint32_t count = 0;
    TRY(wire_take_count(c, WIRE_FACTS_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        WireSealedFact fact;
        TRY(wire_take_sealed_fact(c, &fact));
        ret_facts->of[i] = (FieldFact) { .data_class = fact.data_class, .sealed = fact.sealed };
    }
    ret_facts->count = count;
    return cursor_end(c);
}

/* --- what is in the box --- */

static Status claim(Facts *facts, const WireClaimedFact *claimed)
{
    for (size_t i = 0; i < facts->count; i++) {
        if (facts->of[i].data_class != claimed->data_class) continue;
        REQUIRE(facts->of[i].claimed.size == 0, REFUSED_BOX_FORMAT); /* said twice */
        facts->of[i].claimed = claimed->value;
    }
    return OK;
}

/* list of WireClaimedFact | the new password */
static Status split(Span plain, Facts *facts, Span *ret_new)
{
    Cursor c = cursor_of(plain);
    uint32_t count = 0;
    REQUIRE(status_ok(wire_take_count(&c, WIRE_FACTS_MAX, &count)), REFUSED_BOX_FORMAT);
    for (uint32_t i = 0; i < count; i++) {
        WireClaimedFact claimed;
        REQUIRE(status_ok(wire_take_claimed_fact(&c, &claimed)), REFUSED_BOX_FORMAT);
        TRY(claim(facts, &claimed));
    }
    *ret_new = c.rest;
    return OK;
}

/* Only what is said and known counts, and what is said must be known. */
static bool is_enough(const Facts *facts)
{
    bool number = false;
    size_t said = 0;
    for (size_t i = 0; i < facts->count; i++) {
        if (facts->of[i].claimed.size == 0) return false;
        number = number || facts->of[i].data_class == CLASS_IDENTITY_NUMBER;
        said++;
    }
    return number && said >= 2;
}

/* --- the try --- */

static Status wrong(const PasswordService *service, const PasswordRequest *r)
{
    TRY(memory_pin_wrong(service->memory, &r->use));
    return REFUSE(REFUSED_IDENTITY_WRONG);
}

static Status prove(const PasswordService *service, Field *field, const WirePasswordRecover *ask,
        PasswordRequest *r, const Facts *facts)
{
    bool old_pepper = false;
    bool is_he = false;
    CLEANUP(verifier_wipe) Verifier verifier = { 0 };
    TRY(verifier_open(service->keys, password_owner_place(&r->owner), ask->verifier,
            &r->use.version, &old_pepper, &verifier));
    TRY(password_count_old(service, r));
    const WireSubjectName subject = { ask->owner.tenant, ask->owner.user };
    if (!is_enough(facts) || ask->wrapped.size == 0) return wrong(service, r);
    TRY(password_facts_try(field, &ask->owner));
    TRY(field_facts_are(field, &subject, ask->wrapped, facts->of, facts->count, &is_he));
    return is_he ? OK : wrong(service, r);
}

static Status stranger(const PasswordService *service, const PasswordRequest *r)
{
    TRY(memory_pin_stranger(service->memory, &r->use, r->now_us));
    return wrong(service, r);
}

/* Whose facts these are has proved it: his new password is compared with them, too. */
static Status is_not_made_of(const PasswordService *service, Field *field,
        const WirePasswordRecover *ask, const PasswordOwner *owner, const Facts *facts, Span new)
{
    CLEANUP(personal_facts_wipe) PersonalFacts personal = { .count = 0 };
    WireKnown known = { .wrapped = ask->wrapped, .count = facts->count };
    for (size_t i = 0; i < facts->count; i++)
        known.of[i] = (WireSealedFact) { facts->of[i].data_class, facts->of[i].sealed };
    TRY(password_facts_open(field, &ask->owner, &known, &personal));
    return password_must_be_strong(service, owner, &personal, new);
}

Status password_recover(
        const PasswordService *service, Field *field, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WirePasswordRecover ask;
    Facts facts = { 0 };
    PasswordRequest r = { 0 };
    TRY(wire_take_password_recover(&c, &ask));
    TRY(take_sealed(&c, &facts));
    const BoxFacts said = { .purpose = BOX_PURPOSE_RECOVER_PASSWORD, .nonce = ask.nonce };
    TRY(password_take_box(service, &ask.owner, ask.box, &said, &r));

    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    Span new = { NULL, 0 };
    uint32_t version = 0;
    TRY(keys_box_open(service->keys, &r.box, &plain));
    TRY(split(span_of_buffer(&plain), &facts, &new));
    static const PersonalFacts none;
    TRY(password_must_be_strong(service, &r.owner, &none, new));
    if (ask.verifier.size == 0) return stranger(service, &r);
    TRY(prove(service, field, &ask, &r, &facts));
    TRY(is_not_made_of(service, field, &ask, &r.owner, &facts, new));
    TRY(memory_pin_set(service->memory, &r.use, true, r.now_us, &version));
    return password_verifier_make(service, &r.owner, version, new, ret_answer);
}
