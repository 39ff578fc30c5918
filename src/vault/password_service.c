#include "vault/password_service.h"

#include "base/encoding.h"
#include "base/money.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "vault/approval.h"
#include "vault/box_facts.h"
#include "vault/legacy_import.h"
#include "vault/password_rules.h"

enum { SUBJECT_BYTES_MAX = 8 + PASSWORD_REALM_TEXT_MAX + 2 + WIRE_USER_BYTES_MAX + 64 };

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

/* One request, from its box to its answer. */
typedef struct Request {
    PasswordOwner owner;
    BoxFacts facts;
    Box box;
    Span box_bytes;
    PinUse use;
    int64_t now_us;
} Request;

/* Everything the box came with, but for the verifier, which may be sealed anew. */
static Status name_use(const PasswordService *service, Request *r)
{
    uint8_t memory[512];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN("password-use")));
    TRY(buffer_put_u16(&b, r->facts.purpose));
    TRY(buffer_put(&b, SPAN_OF(r->owner.subject.bytes)));
    TRY(buffer_put_framed(&b, r->facts.order));
    TRY(buffer_put_i64(&b, r->facts.minor));
    keyed_hash(&service->names, span_of_buffer(&b), &r->use.facts);
    keyed_hash(&service->names, r->box_bytes, &r->use.box);
    r->use.payer = r->owner.subject;
    r->use.expires_us = r->box.context.expiry_us;
    return OK;
}

/* The box is what this request says; it is not opened yet. */
static Status take_box(const PasswordService *service, const WireOwner *owner, Span box,
        const BoxFacts *facts, Request *r)
{
    r->now_us = clock_now_us(&service->clock);
    r->box_bytes = box;
    r->facts = *facts;
    TRY(password_owner(&service->names, owner, &r->owner));
    r->facts.data_class = owner->data_class;
    r->facts.tenant = password_owner_realm(&r->owner);
    r->facts.payee = owner->user;
    TRY(box_parse(box, &r->box));
    TRY(box_facts_check(&r->box.context, &r->facts, r->now_us));
    return name_use(service, r);
}

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

static Status binding_of(const PasswordService *service, const KeyedHash *subject, uint16_t purpose,
        Span reference, int64_t minor, uint32_t currency, KeyedHash *ret_binding)
{
    uint8_t memory[256];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN("password-grant")));
    TRY(buffer_put(&b, SPAN_OF(subject->bytes)));
    TRY(buffer_put_u16(&b, purpose));
    TRY(buffer_put_framed(&b, reference));
    TRY(buffer_put_i64(&b, minor));
    TRY(buffer_put_u32(&b, currency));
    keyed_hash(&service->names, span_of_buffer(&b), ret_binding);
    return OK;
}

/* --- verifiers --- */

static Status make(const PasswordService *service, const PasswordOwner *owner, uint32_t version,
        Span password, Buffer *ret_verifier)
{
    CLEANUP(verifier_wipe) Verifier verifier = { 0 };
    TRY(verifier_make(service->keys, &service->random, owner->cost, password, &verifier));
    return verifier_close(service->keys, &service->random, password_owner_place(owner), version,
            &verifier, ret_verifier);
}

/* An attempt, counted before anything slow or telling is done. */
static Status try_password(const PasswordService *service, Request *r, const Verifier *verifier,
        Span password, bool *ret_right)
{
    uint8_t key_memory[LEGACY_KEY_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer key = BUFFER_OF(key_memory);
    TRY(legacy_key(service, &r->owner, verifier, &key));
    const LegacyParts tried = {
        .user = r->owner.user, .key = span_of_buffer(&key), .password = password
    };
    return verifier_check(service->keys, verifier, r->owner.cost, &tried, ret_right);
}

static bool is_weak(const PasswordService *service, const PasswordOwner *owner, Span password)
{
    const size_t least = service->length_min > 0 ? service->length_min : PASSWORD_LENGTH_MIN;
    if (owner->cost == PASSWORD_COST_PIN) return pin_is_weak(password);
    return password_is_weak(password, owner->user, least);
}

static Status must_be_strong(
        const PasswordService *service, const PasswordOwner *owner, Span password)
{
    const bool is_pin = owner->cost == PASSWORD_COST_PIN;
    if (!is_weak(service, owner, password)) return OK;
    return REFUSE(is_pin ? REFUSED_PIN_WEAK : REFUSED_PASSWORD_WEAK);
}

/* --- check --- */

/* The one that comes instead: of the password itself, or the same under today's pepper. */
static Status replace(const PasswordService *service, const Request *r, const Verifier *verifier,
        bool old_pepper, Span password, Buffer *ret_verifier)
{
    uint32_t version = 0;
    if (verifier->form != VERIFIER_MODERN) {
        TRY(memory_password_offer(service->memory, &r->use, VERIFIER_MODERN, &version));
        return make(service, &r->owner, version, password, ret_verifier);
    }
    if (!old_pepper) return OK;
    return verifier_close(service->keys, &service->random, password_owner_place(&r->owner),
            r->use.version, verifier, ret_verifier);
}

static Status answer_right(
        const PasswordService *service, const Request *r, Span verifier, Buffer *ret_answer)
{
    Currency currency = CURRENCY_NONE;
    KeyedHash binding;
    uint8_t fresh[MEMORY_GRANT_BYTES];
    WirePasswordRight right = { .verifier = verifier };
    if (r->facts.minor > 0) TRY(currency_parse(SPAN_OF(r->box.context.currency), &currency));
    TRY(binding_of(service, &r->owner.subject, r->facts.purpose, r->facts.order, r->facts.minor,
            (uint32_t)currency, &binding));
    TRY(random_fill(&service->random, fresh, sizeof(fresh)));
    TRY(memory_pin_right(service->memory, &r->use, &binding, r->now_us, fresh, right.grant));
    return wire_put_password_right(ret_answer, &right);
}

static Status answer_again(const uint8_t grant[MEMORY_GRANT_BYTES], Buffer *ret_answer)
{
    WirePasswordRight right = { .verifier = { NULL, 0 } };
    memcpy(right.grant, grant, sizeof(right.grant));
    return wire_put_password_right(ret_answer, &right);
}

static Status wrong(const PasswordService *service, const Request *r)
{
    TRY(memory_pin_wrong(service->memory, &r->use));
    return REFUSE(REFUSED_PIN_WRONG);
}

static Status check_known(
        const PasswordService *service, Request *r, Span shown, Buffer *ret_answer)
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
    TRY(memory_pin_may(service->memory, &r->use, r->now_us, &repeated, before));
    if (repeated) return answer_again(before, ret_answer);
    TRY(keys_box_open(service->keys, &r->box, &password));
    TRY(memory_pin_attempt(service->memory, &r->use, r->now_us, &repeated, before));
    if (repeated) return answer_again(before, ret_answer);
    TRY(try_password(service, r, &verifier, span_of_buffer(&password), &right));
    if (!right) return wrong(service, r);
    TRY(replace(service, r, &verifier, old_pepper, span_of_buffer(&password), &next));
    return answer_right(service, r, span_of_buffer(&next), ret_answer);
}

/* Nobody has this name: the same box is opened, the same attempt written, the same hash made. */
static Status check_stranger(const PasswordService *service, Request *r)
{
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer password = BUFFER_OF(plain_memory);
    TRY(keys_box_open(service->keys, &r->box, &password));
    TRY(memory_pin_stranger(service->memory, &r->use, r->now_us));
    TRY(verifier_pretend(service->keys, r->owner.cost, span_of_buffer(&password)));
    return wrong(service, r);
}

Status password_check_box(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WirePasswordCheck check;
    Request r = { 0 };
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
    TRY(take_box(service, &check.owner, check.box, &facts, &r));
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
    TRY(binding_of(service, &owner.subject, spend.purpose, spend.reference, spend.minor,
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

/* An attempt like any other: counted first, and refused while its owner is locked. */
static Status prove_old(const PasswordService *service, Request *r, Span shown, Span old)
{
    bool repeated = false;
    bool old_pepper = false;
    bool right = false;
    uint8_t unused[MEMORY_GRANT_BYTES];
    CLEANUP(verifier_wipe) Verifier verifier = { 0 };
    TRY(verifier_open(service->keys, password_owner_place(&r->owner), shown, &r->use.version,
            &old_pepper, &verifier));
    TRY(memory_pin_attempt(service->memory, &r->use, r->now_us, &repeated, unused));
    REQUIRE(!repeated, REFUSED_BOX_SPENT); /* no grant was ever made of a box with this purpose */
    TRY(try_password(service, r, &verifier, old, &right));
    return right ? OK : wrong(service, r);
}

Status password_set(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WirePasswordSet set;
    Request r = { 0 };
    TRY(wire_take_password_set(&c, &set));
    TRY(cursor_end(&c));
    const BoxFacts facts = { .purpose = BOX_PURPOSE_SET_PASSWORD, .nonce = set.nonce };
    TRY(take_box(service, &set.owner, set.box, &facts, &r));

    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    Span old = { NULL, 0 };
    Span new = { NULL, 0 };
    uint32_t version = 0;
    TRY(keys_box_open(service->keys, &r.box, &plain));
    TRY(split(span_of_buffer(&plain), &old, &new));
    TRY(must_be_strong(service, &r.owner, new));
    Status s = memory_pin_set(service->memory, &r.use, false, r.now_us, &version);
    if (status_is(s, REFUSED_PIN_WRONG)) {
        TRY(prove_old(service, &r, set.verifier, old));
        s = memory_pin_set(service->memory, &r.use, true, r.now_us, &version);
    }
    TRY(s);
    return make(service, &r.owner, version, new, ret_answer);
}

/* --- reset --- */

/* What two people sign: whose, and by this very box, so that nobody slips in a password of his
 * own. */
static Status put_subject(const WirePasswordReset *reset, Buffer *b)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    sha256(reset->box, digest);
    TRY(buffer_print(b, "%u/", reset->owner.data_class));
    TRY(password_realm_put(reset->owner.data_class, reset->owner.tenant, reset->owner.realm, b));
    TRY(buffer_put_u8(b, '/'));
    TRY(buffer_put(b, reset->owner.user));
    TRY(buffer_put_u8(b, '/'));
    return hex_encode(SPAN_OF(digest), b);
}

Status password_reset(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    Span approved;
    MemoryApprovals approvals;
    WirePasswordReset reset;
    Request r = { 0 };
    TRY(approval_take(service->memory, &c, SPAN("reset-password"), clock_now_us(&service->clock),
            &approved, &approvals));
    TRY(wire_take_password_reset(&c, &reset));
    TRY(cursor_end(&c));
    const BoxFacts facts = { .purpose = BOX_PURPOSE_RESET_PASSWORD, .nonce = reset.nonce };
    TRY(take_box(service, &reset.owner, reset.box, &facts, &r));
    uint8_t subject_memory[SUBJECT_BYTES_MAX];
    Buffer subject = BUFFER_OF(subject_memory);
    TRY(put_subject(&reset, &subject));
    REQUIRE(span_equal(approved, span_of_buffer(&subject)), REFUSED_APPROVAL_INVALID);

    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    uint32_t version = 0;
    TRY(keys_box_open(service->keys, &r.box, &plain));
    TRY(must_be_strong(service, &r.owner, span_of_buffer(&plain)));
    TRY(memory_password_reset(service->memory, &r.use, &approvals, &version));
    return make(service, &r.owner, version, span_of_buffer(&plain), ret_answer);
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

Status password_counts(const PasswordService *service, Buffer *ret_answer)
{
    PasswordCounts counts;
    memory_password_counts(service->memory, clock_now_us(&service->clock), &counts);
    const WirePasswordCounts wire = { counts.by_form[VERIFIER_MODERN],
        counts.by_form[VERIFIER_LEGACY], counts.by_form[VERIFIER_WRAPPED], counts.locked };
    return wire_put_password_counts(ret_answer, &wire);
}
