#include "vault/pin.h"

#include "base/money.h"
#include "base/secret.h"
#include "vault/box_facts.h"
#include "vault/password_facts.h"
#include "vault/password_owner.h"
#include "vault/password_rules.h"

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

/* --- names --- */

/* Payments' grants are called as they were before there were others. */
static Span label_of(BoxPurpose purpose)
{
    switch (purpose) {
    case BOX_PURPOSE_TRANSFER: return SPAN("grant of a transfer");
    case BOX_PURPOSE_TRANSFER_LIMITS: return SPAN("grant of limits");
    default: return SPAN("grant");
    }
}

void pin_binding(const KeyedHashKey *names, BoxPurpose purpose, Span payer, Span tenant, Span order,
        int64_t minor, uint32_t currency, KeyedHash *ret_binding)
{
    uint8_t memory[3 * ROW_VALUE_BYTES_MAX + 64];
    Buffer b = BUFFER_OF(memory);
    const bool fits = status_ok(buffer_put_framed(&b, label_of(purpose)))
            && status_ok(buffer_put_framed(&b, payer)) && status_ok(buffer_put_framed(&b, tenant))
            && status_ok(buffer_put_framed(&b, order)) && status_ok(buffer_put_i64(&b, minor))
            && status_ok(buffer_put_u32(&b, currency));
    ASSERT(fits); /* columns of a parsed row, or names of a parsed box */
    keyed_hash(names, span_of_buffer(&b), ret_binding);
}

/* Everything the box came with, but for the verifier, which may be sealed anew. */
static Status name_use(const Pin *pin, Span box, Span purpose, Span payer, PinUse *use)
{
    uint8_t memory[64 + 2 * WIRE_NAME_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_framed(&b, purpose));
    TRY(buffer_put_framed(&b, payer));
    keyed_hash(&pin->names, span_of_buffer(&b), &use->facts);
    keyed_hash(&pin->names, payer, &use->payer);
    keyed_hash(&pin->names, box, &use->box);
    return OK;
}

/* --- check --- */

static Status facts_of_check(const WirePinCheck *check, BoxFacts *ret_facts)
{
    const BoxPurpose purpose = box_purpose_of(check->purpose);
    const bool has_terms = purpose == BOX_PURPOSE_PAY || purpose == BOX_PURPOSE_TRANSFER
            || purpose == BOX_PURPOSE_TRANSFER_LIMITS;
    const bool is_of_one = has_terms || purpose == BOX_PURPOSE_CARDS;
    REQUIRE(is_of_one || purpose == BOX_PURPOSE_CODES || purpose == BOX_PURPOSE_WAITING,
            REFUSED_BOX_CONTEXT);
    REQUIRE(has_terms == (check->tenant.size > 0) && is_of_one == (check->order.size > 0),
            REFUSED_BOX_CONTEXT);
    REQUIRE(has_terms ? check->minor > 0 : check->minor == 0, REFUSED_BOX_CONTEXT);
    REQUIRE(check->payer.size > 0, REFUSED_BOX_CONTEXT);
    *ret_facts = (BoxFacts) { CLASS_PIN, (uint16_t)purpose, check->tenant, check->order,
        has_terms ? check->tenant : check->payer, check->minor, check->nonce };
    return OK;
}

/* The slow part, with the attempt already counted. */
static Status compare(const Pin *pin, const Verifier *verifier, Span digits, bool *ret_right)
{
    const LegacyParts tried = { .password = digits };
    return verifier_check(pin->keys, verifier, PASSWORD_COST_PIN, &tried, ret_right);
}

static Status open_verifier(
        const Pin *pin, Span payer, Span bytes, uint32_t *ret_version, Verifier *ret_verifier)
{
    uint8_t memory[VERIFIER_PLACE_BYTES_MAX];
    Buffer place = BUFFER_OF(memory);
    bool old_pepper = false;
    TRY(password_pin_place(payer, &place));
    return verifier_open(
            pin->keys, span_of_buffer(&place), bytes, ret_version, &old_pepper, ret_verifier);
}

static Status grant(const Pin *pin, const WirePinCheck *check, const Box *box, const PinUse *use,
        int64_t now_us, Buffer *ret_answer)
{
    Currency currency = CURRENCY_NONE;
    if (check->minor > 0) TRY(currency_parse(SPAN_OF(box->context.currency), &currency));
    KeyedHash binding;
    pin_binding(&pin->names, box_purpose_of(check->purpose), check->payer, check->tenant,
            check->order, check->minor, (uint32_t)currency, &binding);
    uint8_t fresh[MEMORY_GRANT_BYTES];
    uint8_t given[MEMORY_GRANT_BYTES];
    TRY(random_fill(&pin->random, fresh, sizeof(fresh)));
    TRY(memory_pin_right(pin->memory, use, &binding, now_us, fresh, given));
    return buffer_put(ret_answer, SPAN_OF(given));
}

static Status check_opened(const Pin *pin, const WirePinCheck *check, const Box *box, PinUse *use,
        int64_t now_us, Buffer *ret_answer)
{
    bool repeated = false;
    uint8_t before[MEMORY_GRANT_BYTES];
    CLEANUP(verifier_wipe) Verifier verifier = { 0 };
    TRY(open_verifier(pin, check->payer, check->verifier, &use->version, &verifier));
    TRY(memory_pin_may(pin->memory, use, now_us, &repeated, before));
    if (repeated) return buffer_put(ret_answer, SPAN_OF(before));

    uint8_t digits_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer digits = BUFFER_OF(digits_memory);
    TRY(keys_box_open(pin->keys, box, &digits));
    TRY(memory_pin_attempt(pin->memory, use, now_us, &repeated, before));
    if (repeated) return buffer_put(ret_answer, SPAN_OF(before));
    bool right = false;
    TRY(compare(pin, &verifier, span_of_buffer(&digits), &right));
    if (right) return grant(pin, check, box, use, now_us, ret_answer);
    TRY(memory_pin_wrong(pin->memory, use));
    return REFUSE(REFUSED_PIN_WRONG);
}

Status pin_check(const Pin *pin, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WirePinCheck check;
    BoxFacts facts;
    Box box;
    PinUse use = { 0 };
    const int64_t now_us = clock_now_us(&pin->clock);
    TRY(wire_take_pin_check(&c, &check));
    TRY(cursor_end(&c));
    TRY(box_parse(check.box, &box));
    TRY(facts_of_check(&check, &facts));
    TRY(box_facts_check(&box.context, &facts, now_us));
    TRY(name_use(pin, check.box, check.purpose, check.payer, &use));
    use.expires_us = box.context.expiry_us;
    return check_opened(pin, &check, &box, &use, now_us, ret_answer);
}

/* --- set --- */

/* An attempt like any other: counted first, and refused while the payer is locked. */
static Status prove_old(
        const Pin *pin, const WirePinSet *set, Span old, PinUse *use, int64_t now_us)
{
    bool repeated = false;
    bool right = false;
    uint8_t unused[MEMORY_GRANT_BYTES];
    CLEANUP(verifier_wipe) Verifier verifier = { 0 };
    TRY(open_verifier(pin, set->payer, set->verifier, &use->version, &verifier));
    TRY(memory_pin_attempt(pin->memory, use, now_us, &repeated, unused));
    REQUIRE(!repeated, REFUSED_BOX_SPENT); /* no grant was ever made of a box with this purpose */
    TRY(compare(pin, &verifier, old, &right));
    if (right) return OK;
    TRY(memory_pin_wrong(pin->memory, use));
    return REFUSE(REFUSED_PIN_WRONG);
}

Status pin_set(const Pin *pin, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WirePinSet set;
    Box box;
    PinUse use = { 0 };
    const int64_t now_us = clock_now_us(&pin->clock);
    CLEANUP(personal_facts_wipe) PersonalFacts personal = { .count = 0 };
    TRY(wire_take_pin_set(&c, &set));
    TRY(box_parse(set.box, &box));
    REQUIRE(set.payer.size > 0, REFUSED_BOX_CONTEXT);
    const BoxFacts facts = { CLASS_PIN, BOX_PURPOSE_SET_PIN, { NULL, 0 }, { NULL, 0 }, set.payer, 0,
        set.nonce };
    TRY(box_facts_check(&box.context, &facts, now_us));
    TRY(name_use(pin, set.box, SPAN("set-pin"), set.payer, &use));
    use.expires_us = box.context.expiry_us;
    const WireOwner owner = wire_owner_of_payer(set.payer);
    TRY(password_facts_take(pin->field, &owner, &c, &personal));

    uint8_t digits_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer digits = BUFFER_OF(digits_memory);
    TRY(keys_box_open(pin->keys, &box, &digits));
    /* Six digits alone are both: who had the answer lost may set the same PIN once more. */
    const size_t before = digits.size == PIN_DIGITS + PIN_DIGITS ? PIN_DIGITS : 0;
    const Span old = { digits.data, PIN_DIGITS };
    const Span new = { digits.data + before, digits.size - before };
    REQUIRE(!pin_is_weak(new, &personal), REFUSED_PIN_WEAK);
    uint32_t version = 0;
    Status s = memory_pin_set(pin->memory, &use, false, now_us, &version);
    if (status_is(s, REFUSED_PIN_WRONG)) {
        TRY(prove_old(pin, &set, old, &use, now_us));
        s = memory_pin_set(pin->memory, &use, true, now_us, &version);
    }
    TRY(s);
    uint8_t memory[VERIFIER_PLACE_BYTES_MAX];
    Buffer place = BUFFER_OF(memory);
    CLEANUP(verifier_wipe) Verifier verifier = { 0 };
    TRY(password_pin_place(set.payer, &place));
    TRY(verifier_make(pin->keys, &pin->random, PASSWORD_COST_PIN, new, &verifier));
    return verifier_close(
            pin->keys, &pin->random, span_of_buffer(&place), version, &verifier, ret_answer);
}
