#include "vault/password_request.h"

#include "base/encoding.h"
#include "base/money.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "vault/approval.h"
#include "vault/legacy_import.h"

enum {
    /* "<class>/<tenant>/<realm>/<user>/<SHA-256 of the box, hex>" */
    SUBJECT_BYTES_MAX = 8 + PASSWORD_REALM_TEXT_MAX + 2 + WIRE_USER_BYTES_MAX + 64,
};

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

/* Everything the box came with, but for the verifier, which may be sealed anew. */
static Status name_use(const PasswordService *service, PasswordRequest *r)
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

static bool is_of_second_factor(uint16_t purpose)
{
    return purpose == BOX_PURPOSE_CODE || purpose == BOX_PURPOSE_SET_SECOND
            || purpose == BOX_PURPOSE_RESET_SECOND;
}

Status password_take_box(const PasswordService *service, const WireOwner *owner, Span box,
        const BoxFacts *facts, PasswordRequest *r)
{
    const bool second = owner->data_class == CLASS_SECOND_FACTOR;
    REQUIRE(second == is_of_second_factor(facts->purpose), REFUSED_PASSWORD_OWNER);
    r->now_us = clock_now_us(&service->clock);
    r->box_bytes = box;
    r->wire = *owner;
    r->facts = *facts;
    TRY(password_owner(&service->names, owner, &r->owner));
    r->facts.data_class = owner->data_class;
    r->facts.tenant = password_owner_realm(&r->owner);
    r->facts.payee = owner->user;
    TRY(box_parse(box, &r->box));
    TRY(box_facts_check(&r->box.context, &r->facts, r->now_us));
    return name_use(service, r);
}

/* By this very box: nobody slips in a secret of his own. */
static Status put_subject(const PasswordRequest *r, Buffer *ret_subject)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    sha256(r->box_bytes, digest);
    TRY(buffer_print(ret_subject, "%u/", r->owner.data_class));
    TRY(buffer_put(ret_subject, password_owner_realm(&r->owner)));
    TRY(buffer_put_u8(ret_subject, '/'));
    TRY(buffer_put(ret_subject, r->owner.user));
    TRY(buffer_put_u8(ret_subject, '/'));
    return hex_encode(SPAN_OF(digest), ret_subject);
}

Status password_take_reset(const PasswordService *service, Cursor *c, Span operation,
        BoxPurpose purpose, MemoryApprovals *ret_approvals, PasswordRequest *r)
{
    Span approved;
    WirePasswordReset reset;
    uint8_t memory[SUBJECT_BYTES_MAX];
    Buffer subject = BUFFER_OF(memory);
    TRY(approval_take(service->memory, c, operation, clock_now_us(&service->clock), &approved,
            ret_approvals));
    TRY(wire_take_password_reset(c, &reset));
    const BoxFacts facts = { .purpose = (uint16_t)purpose, .nonce = reset.nonce };
    TRY(password_take_box(service, &reset.owner, reset.box, &facts, r));
    TRY(put_subject(r, &subject));
    REQUIRE(span_equal(approved, span_of_buffer(&subject)), REFUSED_APPROVAL_INVALID);
    return OK;
}

/* Asked before the box is opened, so that a locked owner costs nothing, and again with the count:
 * another request may have come between. */
Status password_count_box(const PasswordService *service, PasswordRequest *r, bool *ret_repeated,
        uint8_t ret_grant[MEMORY_GRANT_BYTES], Buffer *ret_plain)
{
    TRY(memory_pin_may(service->memory, &r->use, r->now_us, ret_repeated, ret_grant));
    if (*ret_repeated) return OK;
    TRY(keys_box_open(service->keys, &r->box, ret_plain));
    return memory_pin_attempt(service->memory, &r->use, r->now_us, ret_repeated, ret_grant);
}

/* No grant was ever made of a box with such a purpose: the same box again is no proof. */
Status password_count_old(const PasswordService *service, PasswordRequest *r)
{
    bool repeated = false;
    uint8_t unused[MEMORY_GRANT_BYTES];
    TRY(memory_pin_attempt(service->memory, &r->use, r->now_us, &repeated, unused));
    REQUIRE(!repeated, REFUSED_BOX_SPENT);
    return OK;
}

Status password_begin_version(const PasswordService *service, PasswordRequest *r,
        PasswordProof prove, Span shown, Span old, uint32_t *ret_version)
{
    const Status s = memory_pin_set(service->memory, &r->use, false, r->now_us, ret_version);
    if (!status_is(s, REFUSED_PIN_WRONG)) return s;
    TRY(prove(service, r, shown, old));
    return memory_pin_set(service->memory, &r->use, true, r->now_us, ret_version);
}

Status password_binding(const PasswordService *service, const KeyedHash *subject, uint16_t purpose,
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

Status password_verifier_make(const PasswordService *service, const PasswordOwner *owner,
        uint32_t version, Span password, Buffer *ret_verifier)
{
    CLEANUP(verifier_wipe) Verifier verifier = { 0 };
    TRY(verifier_make(service->keys, &service->random, owner->cost, password, &verifier));
    return verifier_close(service->keys, &service->random, password_owner_place(owner), version,
            &verifier, ret_verifier);
}

Status password_try(const PasswordService *service, PasswordRequest *r, const Verifier *verifier,
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

Status password_replace(const PasswordService *service, const PasswordRequest *r,
        const Verifier *verifier, bool old_pepper, Span password, Buffer *ret_verifier)
{
    uint32_t version = 0;
    if (verifier->form != VERIFIER_MODERN) {
        TRY(memory_password_offer(service->memory, &r->use, VERIFIER_MODERN, &version));
        return password_verifier_make(service, &r->owner, version, password, ret_verifier);
    }
    if (!old_pepper) return OK;
    return verifier_close(service->keys, &service->random, password_owner_place(&r->owner),
            r->use.version, verifier, ret_verifier);
}

Status password_answer_right(
        const PasswordService *service, const PasswordRequest *r, Span verifier, Buffer *ret_answer)
{
    Currency currency = CURRENCY_NONE;
    KeyedHash binding;
    uint8_t fresh[MEMORY_GRANT_BYTES];
    WirePasswordRight right = { .verifier = verifier };
    if (r->facts.minor > 0) TRY(currency_parse(SPAN_OF(r->box.context.currency), &currency));
    TRY(password_binding(service, &r->owner.subject, r->facts.purpose, r->facts.order,
            r->facts.minor, (uint32_t)currency, &binding));
    TRY(random_fill(&service->random, fresh, sizeof(fresh)));
    TRY(memory_pin_right(service->memory, &r->use, &binding, r->now_us, fresh, right.grant));
    return wire_put_password_right(ret_answer, &right);
}

Status password_answer_again(const uint8_t grant[MEMORY_GRANT_BYTES], Buffer *ret_answer)
{
    WirePasswordRight right = { .verifier = { NULL, 0 } };
    memcpy(right.grant, grant, sizeof(right.grant));
    return wire_put_password_right(ret_answer, &right);
}

Status password_wrong(const PasswordService *service, const PasswordRequest *r)
{
    TRY(memory_pin_wrong(service->memory, &r->use));
    return REFUSE(REFUSED_PIN_WRONG);
}
