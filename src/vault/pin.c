#include "vault/pin.h"

#include "base/money.h"
#include "crypto/password.h"
#include "policy/purposes.h"

_Static_assert((int)PASSWORD_RECORD_BYTES == PIN_VERIFIER_BYTES - 4 - (int)SEAL_OVERHEAD_BYTES,
        "a verifier is a version and a sealed record");

enum { PLACE_BYTES_MAX = 3 + 4 + PIN_PAYER_BYTES_MAX + 4 };

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

/* --- what is too easy --- */

static bool all_digits(Span pin)
{
    for (size_t i = 0; i < pin.size; i++) {
        if (pin.data[i] < '0' || pin.data[i] > '9') return false;
    }
    return true;
}

/* Each digit follows from the one `period` before it by one and the same step: 111111, 123456,
 * 987654, 890123, 121212 (period 2, step 0), 123123 (period 3). */
static bool repeats(Span pin, size_t period)
{
    const int step = (pin.data[period] - pin.data[0] + 10) % 10;
    for (size_t i = period; i < pin.size; i++) {
        if ((pin.data[i] - pin.data[i - period] + 10) % 10 != step) return false;
    }
    return period == 1 ? step == 0 || step == 1 || step == 9 : step == 0;
}

bool pin_is_weak(Span pin)
{
    if (pin.size != PIN_DIGITS || !all_digits(pin)) return true;
    const bool halves = pin.data[0] == pin.data[1] && pin.data[1] == pin.data[2]
            && pin.data[3] == pin.data[4] && pin.data[4] == pin.data[5]; /* 111222 */
    return halves || repeats(pin, 1) || repeats(pin, 2) || repeats(pin, 3);
}

/* --- names --- */

void pin_binding(const KeyedHashKey *names, Span payer, Span tenant, Span order, int64_t minor,
        uint32_t currency, KeyedHash *ret_binding)
{
    uint8_t memory[3 * ROW_VALUE_BYTES_MAX + 64];
    Buffer b = BUFFER_OF(memory);
    const bool fits = status_ok(buffer_put_framed(&b, SPAN("grant")))
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

/* --- the box --- */

typedef struct Facts { /* what the box's own context must say */
    BoxPurpose purpose;
    Span tenant;
    Span order;
    Span payee;
    int64_t minor;
    Span nonce;
} Facts;

static bool nonce_fits(Span nonce, const uint8_t in_context[BOX_NONCE_BYTES])
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    if (nonce.size == BOX_NONCE_BYTES)
        return bytes_equal_ct(nonce.data, in_context, BOX_NONCE_BYTES);
    sha256(nonce, digest);
    return bytes_equal_ct(digest, in_context, BOX_NONCE_BYTES);
}

static bool currency_fits(const BoxContext *context)
{
    static const uint8_t none[3];
    Currency currency = CURRENCY_NONE;
    if (context->amount == 0) return bytes_equal_ct(context->currency, none, sizeof(none));
    return status_ok(currency_parse(SPAN_OF(context->currency), &currency));
}

static Status check_context(const BoxContext *context, const Facts *facts, int64_t now_us)
{
    const bool same = context->data_class == CLASS_PIN && context->purpose == facts->purpose
            && span_equal(context->tenant, facts->tenant)
            && span_equal(context->order, facts->order) && span_equal(context->payee, facts->payee)
            && context->amount == facts->minor && currency_fits(context)
            && nonce_fits(facts->nonce, context->server_nonce);
    REQUIRE(same, REFUSED_BOX_CONTEXT);
    REQUIRE(context->expiry_us >= now_us, REFUSED_BOX_EXPIRED);
    REQUIRE(context->expiry_us - now_us <= PIN_BOX_LIFE_MAX_US, REFUSED_BOX_CONTEXT);
    return OK;
}

static PasswordAlgorithm algorithm_of(const Keys *keys)
{
    return keys_suite(keys) == KEYS_SM ? PASSWORD_PBKDF2_SM3 : PASSWORD_ARGON2ID;
}

/* --- the verifier --- */

static Status put_place(Span payer, uint32_t version, Buffer *b)
{
    TRY(buffer_put(b, SPAN("pin")));
    TRY(buffer_put_framed(b, payer));
    return buffer_put_u32(b, version);
}

static Status open_verifier(const Pin *pin, Span payer, Span verifier, uint32_t *ret_version,
        PasswordRecord *ret_record)
{
    Cursor c = cursor_of(verifier);
    uint32_t version = 0;
    REQUIRE(status_ok(cursor_u32(&c, &version)), REFUSED_SEAL_FORMAT);
    uint8_t place_memory[PLACE_BYTES_MAX];
    uint8_t plain_memory[PASSWORD_RECORD_BYTES];
    Buffer place = BUFFER_OF(place_memory);
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    TRY(put_place(payer, version, &place));
    CLEANUP(seal_key_wipe) SealKey pepper = { 0 };
    TRY(keys_seal_copy_for(pin->keys, KEY_PEPPER, c.rest, &pepper));
    TRY(seal_open(&pepper, span_of_buffer(&place), c.rest, &plain));
    TRY(password_record_parse(span_of_buffer(&plain), ret_record));
    *ret_version = version;
    return OK;
}

static Status make_verifier(
        const Pin *pin, Span payer, uint32_t version, Span digits, Buffer *ret_verifier)
{
    CLEANUP(password_record_wipe) PasswordRecord record = { 0 };
    TRY(password_make(&pin->random, algorithm_of(pin->keys), PASSWORD_COST_PIN, digits, &record));
    uint8_t place_memory[PLACE_BYTES_MAX];
    uint8_t plain_memory[PASSWORD_RECORD_BYTES];
    Buffer place = BUFFER_OF(place_memory);
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    TRY(put_place(payer, version, &place));
    TRY(password_record_put(&record, &plain));
    TRY(buffer_put_u32(ret_verifier, version));
    CLEANUP(seal_key_wipe) SealKey pepper = { 0 };
    TRY(keys_seal_copy(pin->keys, KEY_PEPPER, 0, &pepper));
    return seal_close(
            &pepper, &pin->random, span_of_buffer(&place), span_of_buffer(&plain), ret_verifier);
}

/* --- check --- */

static Status facts_of_check(const WirePinCheck *check, Facts *ret_facts)
{
    const BoxPurpose purpose = box_purpose_of(check->purpose);
    const bool is_pay = purpose == BOX_PURPOSE_PAY;
    REQUIRE(is_pay || purpose == BOX_PURPOSE_CODES || purpose == BOX_PURPOSE_WAITING,
            REFUSED_BOX_CONTEXT);
    REQUIRE(is_pay == (check->tenant.size > 0) && is_pay == (check->order.size > 0),
            REFUSED_BOX_CONTEXT);
    REQUIRE(is_pay ? check->minor > 0 : check->minor == 0, REFUSED_BOX_CONTEXT);
    REQUIRE(check->payer.size > 0, REFUSED_BOX_CONTEXT);
    *ret_facts = (Facts) { purpose, check->tenant, check->order,
        is_pay ? check->tenant : check->payer, check->minor, check->nonce };
    return OK;
}

/* The slow part, with the attempt already counted. A PIN that cannot be one is wrong like any
 * other. */
static Status compare(const PasswordRecord *record, Span digits, bool *ret_right)
{
    *ret_right = false;
    if (digits.size == 0 || digits.size > PASSWORD_BYTES_MAX) return OK;
    return password_check(record, digits, ret_right);
}

static Status grant(const Pin *pin, const WirePinCheck *check, const Box *box, const PinUse *use,
        int64_t now_us, Buffer *ret_answer)
{
    Currency currency = CURRENCY_NONE;
    if (check->minor > 0) TRY(currency_parse(SPAN_OF(box->context.currency), &currency));
    KeyedHash binding;
    pin_binding(&pin->names, check->payer, check->tenant, check->order, check->minor,
            (uint32_t)currency, &binding);
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
    CLEANUP(password_record_wipe) PasswordRecord record = { 0 };
    TRY(open_verifier(pin, check->payer, check->verifier, &use->version, &record));
    TRY(memory_pin_may(pin->memory, use, now_us, &repeated, before));
    if (repeated) return buffer_put(ret_answer, SPAN_OF(before));

    uint8_t digits_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer digits = BUFFER_OF(digits_memory);
    TRY(keys_box_open(pin->keys, box, &digits));
    TRY(memory_pin_attempt(pin->memory, use, now_us, &repeated, before));
    if (repeated) return buffer_put(ret_answer, SPAN_OF(before));
    bool right = false;
    TRY(compare(&record, span_of_buffer(&digits), &right));
    if (right) return grant(pin, check, box, use, now_us, ret_answer);
    TRY(memory_pin_wrong(pin->memory, use));
    return REFUSE(REFUSED_PIN_WRONG);
}

Status pin_check(const Pin *pin, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WirePinCheck check;
    Facts facts;
    Box box;
    PinUse use = { 0 };
    const int64_t now_us = clock_now_us(&pin->clock);
    TRY(wire_take_pin_check(&c, &check));
    TRY(cursor_end(&c));
    TRY(box_parse(check.box, &box));
    TRY(facts_of_check(&check, &facts));
    TRY(check_context(&box.context, &facts, now_us));
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
    CLEANUP(password_record_wipe) PasswordRecord record = { 0 };
    TRY(open_verifier(pin, set->payer, set->verifier, &use->version, &record));
    TRY(memory_pin_attempt(pin->memory, use, now_us, &repeated, unused));
    REQUIRE(!repeated, REFUSED_BOX_SPENT); /* no grant was ever made of a box with this purpose */
    TRY(compare(&record, old, &right));
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
    TRY(wire_take_pin_set(&c, &set));
    TRY(cursor_end(&c));
    TRY(box_parse(set.box, &box));
    REQUIRE(set.payer.size > 0, REFUSED_BOX_CONTEXT);
    const Facts facts = { BOX_PURPOSE_SET_PIN, { NULL, 0 }, { NULL, 0 }, set.payer, 0, set.nonce };
    TRY(check_context(&box.context, &facts, now_us));
    TRY(name_use(pin, set.box, SPAN("set-pin"), set.payer, &use));
    use.expires_us = box.context.expiry_us;

    uint8_t digits_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer digits = BUFFER_OF(digits_memory);
    TRY(keys_box_open(pin->keys, &box, &digits));
    /* Six digits alone are both: who had the answer lost may set the same PIN once more. */
    const size_t before = digits.size == PIN_DIGITS + PIN_DIGITS ? PIN_DIGITS : 0;
    const Span old = { digits.data, PIN_DIGITS };
    const Span new = { digits.data + before, digits.size - before };
    REQUIRE(!pin_is_weak(new), REFUSED_PIN_WEAK);
    uint32_t version = 0;
    Status s = memory_pin_set(pin->memory, &use, false, now_us, &version);
    if (status_is(s, REFUSED_PIN_WRONG)) {
        TRY(prove_old(pin, &set, old, &use, now_us));
        s = memory_pin_set(pin->memory, &use, true, now_us, &version);
    }
    TRY(s);
    return make_verifier(pin, set.payer, version, new, ret_answer);
}
