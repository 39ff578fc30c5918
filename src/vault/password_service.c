#include "vault/password_service.h"

#include "base/secret.h"
#include "vault/password_facts.h"
#include "vault/password_request.h"
#include "vault/password_rules.h"

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

Status password_open_box(const PasswordService *service, Span box, uint16_t data_class,
        BoxPurpose purpose, Span realm, Span nonce, Buffer *ret_plain)
{
    Box parsed;
    const BoxFacts facts = {
        .data_class = data_class, .purpose = (uint16_t)purpose, .tenant = realm, .nonce = nonce
    };
    TRY(box_parse(box, &parsed));
    TRY(box_facts_check(&parsed.context, &facts, clock_now_us(&service->clock)));
    return keys_box_open(service->keys, &parsed, ret_plain);
}

/* --- rules --- */

Status password_must_be_strong(const PasswordService *service, const PasswordOwner *owner,
        const PersonalFacts *facts, Span password)
{
    const size_t least = service->length_min > 0 ? service->length_min : PASSWORD_LENGTH_MIN;
    if (owner->cost == PASSWORD_COST_PIN) {
        REQUIRE(!pin_is_weak(password, facts), REFUSED_PIN_WEAK);
        return OK;
    }
    REQUIRE(!password_is_weak(password, owner->user, least, facts), REFUSED_PASSWORD_WEAK);
    return OK;
}

/* --- check --- */

static Status check_known(
        const PasswordService *service, PasswordRequest *r, Span shown, Buffer *ret_answer)
{
    bool repeated = false;
    bool old_pepper = false;
    bool right = false;
    uint8_t before[MEMORY_GRANT_BYTES];
    uint8_t next_memory[VERIFIER_BYTES_MAX];
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    Buffer next = BUFFER_OF(next_memory);
    CLEANUP(wipe_buffer) Buffer password = BUFFER_OF(plain_memory);
    CLEANUP(verifier_wipe) Verifier verifier = { 0 };
    TRY(verifier_open(service->keys, password_owner_place(&r->owner), shown, &r->use.version,
            &old_pepper, &verifier));
    TRY(password_count_box(service, r, &repeated, before, &password));
    if (repeated) return password_answer_again(before, ret_answer);
    TRY(password_try(service, r, &verifier, span_of_buffer(&password), &right));
    if (!right) return password_wrong(service, r);
    TRY(password_replace(service, r, &verifier, old_pepper, span_of_buffer(&password), &next));
    return password_answer_right(service, r, span_of_buffer(&next), ret_answer);
}

/* Nobody has this name: the same box is opened, the same attempt written, the same hash made. */
static Status check_stranger(const PasswordService *service, PasswordRequest *r)
{
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer password = BUFFER_OF(plain_memory);
    TRY(keys_box_open(service->keys, &r->box, &password));
    TRY(memory_pin_stranger(service->memory, &r->use, r->now_us));
    TRY(verifier_pretend(service->keys, r->owner.cost, span_of_buffer(&password)));
    return password_wrong(service, r);
}

Status password_check_box(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WirePasswordCheck check;
    PasswordRequest r = { 0 };
    TRY(wire_take_password_check(&c, &check));
    TRY(cursor_end(&c));
    const bool login = check.purpose == BOX_PURPOSE_LOGIN;
    REQUIRE(login || check.purpose == BOX_PURPOSE_AUTHORIZE, REFUSED_BOX_CONTEXT);
    REQUIRE(login == (check.reference.size == 0), REFUSED_BOX_CONTEXT);
    REQUIRE(check.minor >= 0 && (!login || check.minor == 0), REFUSED_BOX_CONTEXT);
    const BoxFacts facts = { .purpose = check.purpose,
        .order = check.reference,
        .minor = check.minor,
        .nonce = check.nonce };
    TRY(password_take_box(service, &check.owner, check.box, &facts, &r));
    if (check.verifier.size == 0) return check_stranger(service, &r);
    return check_known(service, &r, check.verifier, ret_answer);
}

Status password_spend(const PasswordService *service, Span request)
{
    Cursor c = cursor_of(request);
    WirePasswordSpend spend;
    PasswordOwner owner;
    KeyedHash binding;
    TRY(wire_take_password_spend(&c, &spend));
    TRY(cursor_end(&c));
    TRY(password_owner(&service->names, &spend.owner, &owner));
    TRY(password_binding(service, &owner.subject, spend.purpose, spend.reference, spend.minor,
            spend.currency, &binding));
    return memory_password_spend(
            service->memory, spend.grant, &binding, clock_now_us(&service->clock));
}

/* --- set --- */

/* u8 length of the old one | the old one | the new one */
static Status split(Span plain, Span *ret_old, Span *ret_new)
{
    Cursor c = cursor_of(plain);
    uint8_t old_size = 0;
    REQUIRE(status_ok(cursor_u8(&c, &old_size)), REFUSED_PASSWORD_WEAK);
    REQUIRE(status_ok(cursor_take(&c, old_size, ret_old)), REFUSED_PASSWORD_WEAK);
    *ret_new = c.rest;
    return OK;
}

static Status prove_old(const PasswordService *service, PasswordRequest *r, Span shown, Span old)
{
    bool old_pepper = false;
    bool right = false;
    CLEANUP(verifier_wipe) Verifier verifier = { 0 };
    TRY(verifier_open(service->keys, password_owner_place(&r->owner), shown, &r->use.version,
            &old_pepper, &verifier));
    TRY(password_count_old(service, r));
    TRY(password_try(service, r, &verifier, old, &right));
    return right ? OK : password_wrong(service, r);
}

Status password_set(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WirePasswordSet set;
    PasswordRequest r = { 0 };
    CLEANUP(personal_facts_wipe) PersonalFacts facts = { .count = 0 };
    TRY(wire_take_password_set(&c, &set));
    const BoxFacts said = { .purpose = BOX_PURPOSE_SET_PASSWORD, .nonce = set.nonce };
    TRY(password_take_box(service, &set.owner, set.box, &said, &r));
    TRY(password_facts_take(service->field, &set.owner, &c, &facts));

    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    Span old = { NULL, 0 };
    Span new = { NULL, 0 };
    uint32_t version = 0;
    TRY(keys_box_open(service->keys, &r.box, &plain));
    TRY(split(span_of_buffer(&plain), &old, &new));
    TRY(password_must_be_strong(service, &r.owner, &facts, new));
    TRY(password_begin_version(service, &r, prove_old, set.verifier, old, &version));
    return password_verifier_make(service, &r.owner, version, new, ret_answer);
}

/* --- reset --- */

Status password_reset(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    MemoryApprovals approvals;
    PasswordRequest r = { 0 };
    CLEANUP(personal_facts_wipe) PersonalFacts facts = { .count = 0 };
    TRY(password_take_reset(
            service, &c, SPAN("reset-password"), BOX_PURPOSE_RESET_PASSWORD, &approvals, &r));
    TRY(password_facts_take(service->field, &r.wire, &c, &facts));

    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    uint32_t version = 0;
    TRY(keys_box_open(service->keys, &r.box, &plain));
    TRY(password_must_be_strong(service, &r.owner, &facts, span_of_buffer(&plain)));
    TRY(memory_password_reset(service->memory, &r.use, &approvals, &version));
    return password_verifier_make(service, &r.owner, version, span_of_buffer(&plain), ret_answer);
}

/* --- what stands in the store --- */

static Status show_one(
        const PasswordService *service, const WirePasswordShown *shown, Buffer *ret_verifier)
{
    PasswordOwner owner;
    uint32_t version = 0;
    bool old_pepper = false;
    CLEANUP(verifier_wipe) Verifier verifier = { 0 };
    TRY(password_owner(&service->names, &shown->owner, &owner));
    const Span place = password_owner_place(&owner);
    TRY(verifier_open(service->keys, place, shown->verifier, &version, &old_pepper, &verifier));
    TRY(memory_password_stored(service->memory, &owner.subject, version));
    if (!old_pepper) return OK;
    return verifier_close(service->keys, &service->random, place, version, &verifier, ret_verifier);
}

Status password_show(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    uint32_t count = 0;
    TRY(wire_take_count(&c, WIRE_SHOWN_MAX, &count));
    TRY(wire_put_count(ret_answer, count, WIRE_SHOWN_MAX));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t memory[VERIFIER_BYTES_MAX];
        Buffer next = BUFFER_OF(memory);
        WirePasswordShown shown;
        TRY(wire_take_password_shown(&c, &shown));
        const Status s = show_one(service, &shown, &next);
        if (status_broken(s)) return s;
        const WirePasswordKept kept = { (uint32_t)s.code, span_of_buffer(&next) };
        TRY(wire_put_password_kept(ret_answer, &kept));
    }
    TRY(cursor_end(&c));
    return memory_password_settle(service->memory);
}

Status password_unlocked(const PasswordService *service, Span request)
{
    Cursor c = cursor_of(request);
    WirePasswordOwner wire;
    PasswordOwner owner;
    TRY(wire_take_password_owner(&c, &wire));
    TRY(cursor_end(&c));
    TRY(password_owner(&service->names, &wire.owner, &owner));
    const int64_t now_us = clock_now_us(&service->clock);
    return memory_pin_unlocked(service->memory, &owner.subject, now_us);
}

Status password_counts(const PasswordService *service, Buffer *ret_answer)
{
    PasswordCounts counts;
    memory_password_counts(service->memory, clock_now_us(&service->clock), &counts);
    const WirePasswordCounts wire = { counts.by_form[VERIFIER_MODERN],
        counts.by_form[VERIFIER_LEGACY], counts.by_form[VERIFIER_WRAPPED], counts.locked };
    return wire_put_password_counts(ret_answer, &wire);
}
