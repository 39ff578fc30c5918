/* What a value of its class must look like (TP-5, TP-8), what is shown of it (TP-11), and its
 * token. */
#include "vault/field_inside.h"

#include "policy/classes.h"
#include "policy/detect.h"
#include "policy/detect_number.h"
#include "policy/mask_value.h"
#include "vault/policy_book.h"

enum { TOKEN_DIGITS_MAX = 19, FULL_BYTE_MAX = 250 };

bool field_role(uint16_t data_class, KeyRole *ret_role)
{
    switch (data_class) {
    case CLASS_CARD:
    case CLASS_CARD_EXPIRY: /* under a grant: field_may_rest() */
    case CLASS_BANK_ACCOUNT: *ret_role = KEY_CARD; return true;
    case CLASS_BINDING: *ret_role = KEY_BINDING; return true;
    case CLASS_IDENTITY:
    case CLASS_IDENTITY_NUMBER:
    case CLASS_PHONE:
    case CLASS_NAME:
    case CLASS_EMAIL:
    case CLASS_ADDRESS: *ret_role = KEY_IDENTITY; return true;
    /* Prohibited data is never kept; passwords, signing keys, codes and biometrics have operations
     * of their own. */
    default: return false;
    }
}

static bool all_digits(Span value)
{
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') return false;
    }
    return true;
}

/* Three or four digits are a verification code, six a bank's PIN: typed into the wrong field. */
static bool is_code(Span value)
{
    return all_digits(value) && (value.size == 3 || value.size == 4 || value.size == 6);
}

static Status check_card(Span value)
{
    if (all_digits(value)) {
        REQUIRE(!is_code(value), REFUSED_DATA_PROHIBITED);
        const bool fits = value.size >= DETECT_DIGITS_MIN && value.size <= DETECT_DIGITS_MAX;
        REQUIRE(fits && detect_card_prefix(value) && detect_luhn(value),
                REFUSED_CARD_NUMBER_INVALID);
        return OK;
    }
    const Status s = detect_free_text(value);
    if (status_is(s, REFUSED_DATA_PROHIBITED)) return s; /* a track, a named code */
    return REFUSE(REFUSED_CARD_NUMBER_INVALID);
}

/* "0931": month and year, as a card shows them. */
static Status check_expiry(Span value)
{
    REQUIRE(value.size == 4 && all_digits(value), REFUSED_DATA_PROHIBITED);
    const int month = (value.data[0] - '0') * 10 + value.data[1] - '0';
    REQUIRE(month >= 1 && month <= 12, REFUSED_DATA_PROHIBITED);
    return OK;
}

/* Some numbers of these classes look like cards, and are where they belong. */
static bool may_look_like_card(uint16_t data_class)
{
    return data_class == CLASS_BANK_ACCOUNT || data_class == CLASS_IDENTITY_NUMBER;
}

Status field_value_check(uint16_t data_class, Span value)
{
    REQUIRE(value.size > 0 && value.size <= WIRE_VALUE_BYTES_MAX, REFUSED_SEAL_SIZE);
    if (data_class == CLASS_CARD) return check_card(value);
    if (data_class == CLASS_CARD_EXPIRY) return check_expiry(value);
    REQUIRE(span_is_utf8(value), REFUSED_TEXT_NOT_UTF8);
    const Status s = detect_free_text(value);
    if (status_is(s, REFUSED_DATA_CARD_NUMBER) && may_look_like_card(data_class)) return OK;
    return s;
}

Status field_allow(const Field *field, uint16_t class, PolicyLayer layer, PolicyPurpose purpose,
        PolicyForm form)
{
    PolicyBook book = { field->config.memory, field->config.clock };
    return policy_book_allow(&book, (DataClass) class, layer, purpose, form);
}

Status field_may_rest(const FieldBatch *b, size_t subject)
{
    PolicyBook book = { b->field->config.memory, b->field->config.clock };
    const uint16_t class = b->head.data_class;
    if (class == CLASS_CARD_EXPIRY)
        return policy_book_expiry(&book, b->subjects[subject].name, b->head.tenant);
    return policy_book_allow(&book, (DataClass) class, LAYER_DOMAIN, PURPOSE_ANY, FORM_ENCRYPT);
}

/* By what two people set, but no looser than the default: a mask is kept beside its field, and
 * would outlive the override that allowed it. */
static PolicyMask mask_to_keep(const FieldBatch *b)
{
    const uint16_t class = b->head.data_class;
    const Policy *policy = memory_policy(b->field->config.memory);
    const PolicyMask mask = policy_mask(policy, class, b->now_us);
    return policy_mask_is_looser(class, mask) ? policy_mask(policy_default(), class, 0) : mask;
}

Status field_mask(const FieldBatch *b, Span value, Buffer *ret_mask)
{
    const DataClass class = (DataClass)b->head.data_class;
    const Status s = mask_value_with(class, mask_to_keep(b), value, ret_mask);
    /* What does not read as its class says is kept all the same, but nothing of it is shown. */
    return status_is(s, REFUSED_MASK_INPUT) ? mask_nothing(ret_mask) : s;
}

Status field_token(const Random *random, size_t size, Buffer *ret_token)
{
    ASSERT(size >= DETECT_DIGITS_MIN && size <= TOKEN_DIGITS_MAX);
    uint8_t digits[TOKEN_DIGITS_MAX];
    size_t made = 0;
    while (made < size) {
        uint8_t bytes[32];
        TRY(random_fill(random, bytes, sizeof(bytes)));
        for (size_t i = 0; i < sizeof(bytes) && made < size; i++) {
            if (bytes[i] < FULL_BYTE_MAX) digits[made++] = (uint8_t)('0' + bytes[i] % 10);
        }
    }
    /* Any other last digit breaks a right check sum. */
    if (detect_luhn((Span) { digits, size })) {
        uint8_t step = 0;
        TRY(random_fill(random, &step, 1));
        const uint8_t last = (uint8_t)(digits[size - 1] - '0');
        digits[size - 1] = (uint8_t)('0' + (last + 1 + step % 9) % 10);
    }
    return buffer_put(ret_token, (Span) { digits, size });
}
