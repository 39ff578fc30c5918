#include "message/attributes.h"

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

MUST_USE static Status attribute_of(
        const AttributeRule *rules, size_t count, Span name, size_t *ret_attribute)
{
    for (size_t i = 0; i < count; i++) {
        if (!span_equal(name, span_of_text(rules[i].name))) continue;
        *ret_attribute = i;
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
        Cursor *c, const AttributeRule *rules, size_t count, Span *values, const char **ret_blame)
{
    Span name = { 0 };
    REQUIRE(status_ok(cursor_until(c, '=', &name)), REFUSED_AUTHORIZATION_FORMAT);
    size_t attribute = 0;
    TRY(attribute_of(rules, count, name, &attribute));
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

Status attributes_take(Cursor *c, const AttributeRule *rules, size_t count, Span *ret_values,
        const char **ret_blame)
{
    for (size_t taken = 0; taken < count; taken++) {
        if (taken > 0) {
            skip_blanks(c);
            TRY(expect_byte(c, ','));
            skip_blanks(c);
        }
        TRY(take_attribute(c, rules, count, ret_values, ret_blame));
    }
    skip_blanks(c);
    REQUIRE(c->rest.size == 0, REFUSED_AUTHORIZATION_FORMAT);
    return OK;
}

Status attributes_timestamp(Span text, int64_t *ret_s)
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
