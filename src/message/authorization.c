#include "message/authorization.h"

typedef enum Attribute {
    ATTRIBUTE_MCHID,
    ATTRIBUTE_NONCE,
    ATTRIBUTE_TIMESTAMP,
    ATTRIBUTE_SERIAL,
    ATTRIBUTE_SIGNATURE,
    ATTRIBUTE_COUNT,
} Attribute;

static const struct AttributeRule {
    const char *name;
    size_t size_max;
    Status refusal;
} rules[ATTRIBUTE_COUNT] = {
    [ATTRIBUTE_MCHID] = { "mchid", MESSAGE_MCHID_BYTES_MAX, { REFUSED_AUTHORIZATION_FORMAT } },
    [ATTRIBUTE_NONCE] = { "nonce_str", MESSAGE_NONCE_BYTES_MAX, { REFUSED_NONCE_FORMAT } },
    [ATTRIBUTE_TIMESTAMP] = { "timestamp", MESSAGE_TIMESTAMP_BYTES_MAX,
            { REFUSED_AUTHORIZATION_FORMAT } },
    [ATTRIBUTE_SERIAL] = { "serial_no", MESSAGE_SERIAL_BYTES_MAX,
            { REFUSED_AUTHORIZATION_FORMAT } },
    [ATTRIBUTE_SIGNATURE] = { "signature", MESSAGE_SIGNATURE_TEXT_MAX,
            { REFUSED_AUTHORIZATION_FORMAT } },
};

static void skip_blanks(Cursor *c)
{
    while (c->rest.size > 0 && (c->rest.data[0] == ' ' || c->rest.data[0] == '\t')) {
        c->rest.data++;
        c->rest.size--;
    }
}

MUST_USE static Status expect_byte(Cursor *c, uint8_t wanted)
{
    uint8_t got = 0;
    REQUIRE(status_ok(cursor_u8(c, &got)) && got == wanted, REFUSED_AUTHORIZATION_FORMAT);
    return OK;
}

MUST_USE static Status attribute_of(Span name, Attribute *ret_attribute)
{
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (!span_equal(name, span_of_text(rules[i].name))) continue;
        *ret_attribute = (Attribute)i;
        return OK;
    }
    return REFUSE(REFUSED_AUTHORIZATION_FORMAT);
}

/* Visible ASCII. Quote and backslash end up here never: a quote ends the value, and a backslash
 * would begin an escape that other readers of this header might know and we do not. */
static bool value_clean(Span value)
{
    for (size_t i = 0; i < value.size; i++) {
        const uint8_t byte = value.data[i];
        if (byte <= ' ' || byte >= 0x7F || byte == '\\') return false;
    }
    return value.size > 0;
}

/* name="value"; `ret_blame` names the attribute as soon as it is known. */
MUST_USE static Status take_attribute(
        Cursor *c, Span values[ATTRIBUTE_COUNT], const char **ret_blame)
{
    Span name = { 0 };
    REQUIRE(status_ok(cursor_until(c, '=', &name)), REFUSED_AUTHORIZATION_FORMAT);
    Attribute attribute = ATTRIBUTE_COUNT;
    TRY(attribute_of(name, &attribute));
    *ret_blame = rules[attribute].name;
    REQUIRE(values[attribute].data == NULL, REFUSED_AUTHORIZATION_FORMAT);

    TRY(expect_byte(c, '"'));
    Span value = { 0 };
    REQUIRE(status_ok(cursor_until(c, '"', &value)), REFUSED_AUTHORIZATION_FORMAT);
    const bool fits = value.size <= rules[attribute].size_max && value_clean(value);
    if (!fits) return rules[attribute].refusal;
    values[attribute] = value;
    *ret_blame = "";
    return OK;
}

/* Decimal digits without a leading zero: one number has one text. At most 18 digits, so no
 * overflow. */
MUST_USE static Status parse_timestamp(Span text, int64_t *ret_s)
{
    REQUIRE(text.data[0] != '0', REFUSED_AUTHORIZATION_FORMAT);
    int64_t seconds = 0;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t digit = text.data[i];
        REQUIRE(digit >= '0' && digit <= '9', REFUSED_AUTHORIZATION_FORMAT);
        seconds = seconds * 10 + (digit - '0');
    }
    *ret_s = seconds;
    return OK;
}

MUST_USE static Status take_values(Cursor *c, Span values[ATTRIBUTE_COUNT], const char **ret_blame)
{
    for (size_t taken = 0; taken < ATTRIBUTE_COUNT; taken++) {
        if (taken > 0) {
            skip_blanks(c);
            TRY(expect_byte(c, ','));
            skip_blanks(c);
        }
        TRY(take_attribute(c, values, ret_blame));
    }
    skip_blanks(c);
    REQUIRE(c->rest.size == 0, REFUSED_AUTHORIZATION_FORMAT);
    return OK;
}

MUST_USE static Status parse(Span header, Authorization *ret_authorization, const char **ret_blame)
{
    *ret_blame = "";
    REQUIRE(header.data != NULL && header.size > 0, REFUSED_AUTHORIZATION_MISSING);
    REQUIRE(header.size <= AUTHORIZATION_BYTES_MAX, REFUSED_AUTHORIZATION_FORMAT);

    Cursor c = cursor_of(header);
    Span scheme = { 0 };
    REQUIRE(status_ok(cursor_until(&c, ' ', &scheme)), REFUSED_AUTHORIZATION_FORMAT);
    const SigningProfile *profile = profile_by_scheme(scheme);
    REQUIRE(profile != NULL, REFUSED_AUTHORIZATION_SCHEME);

    /* Five attributes are taken, none twice, no other name: so each of the five is there. */
    Span values[ATTRIBUTE_COUNT] = { 0 };
    TRY(take_values(&c, values, ret_blame));

    int64_t timestamp_s = 0;
    *ret_blame = rules[ATTRIBUTE_TIMESTAMP].name;
    TRY(parse_timestamp(values[ATTRIBUTE_TIMESTAMP], &timestamp_s));
    *ret_blame = "";
    *ret_authorization = (Authorization) {
        .profile = profile,
        .mchid = values[ATTRIBUTE_MCHID],
        .nonce = values[ATTRIBUTE_NONCE],
        .timestamp = values[ATTRIBUTE_TIMESTAMP],
        .timestamp_s = timestamp_s,
        .serial = values[ATTRIBUTE_SERIAL],
        .signature = values[ATTRIBUTE_SIGNATURE],
    };
    return OK;
}

Status authorization_parse(Span header, Authorization *ret_authorization)
{
    const char *blame = "";
    return parse(header, ret_authorization, &blame);
}

const char *authorization_blame(Span header)
{
    Authorization ignored = { 0 };
    const char *blame = "";
    IGNORE(parse(header, &ignored, &blame), "only the name of the attribute is asked for");
    return blame;
}
