#include "message/envelope.h"

#include "message/attributes.h"

/* The names are the same in every profile of this carrier: which one it is, a value says. */
static const struct {
    const char *name;
    size_t size_max;
} fields[MESSAGE_FIELDS] = {
    [FIELD_CONTENT] = { "biz_content", ENVELOPE_CONTENT_BYTES_MAX },
    [FIELD_MERCHANT] = { "mchid", MESSAGE_MCHID_BYTES_MAX },
    [FIELD_METHOD] = { "method", ENVELOPE_CALL_BYTES_MAX },
    [FIELD_NONCE] = { "nonce_str", MESSAGE_NONCE_BYTES_MAX },
    [FIELD_SERIAL] = { "serial_no", MESSAGE_SERIAL_BYTES_MAX },
    [FIELD_SIGNATURE] = { "sign", MESSAGE_SIGNATURE_TEXT_MAX },
    [FIELD_SCHEME] = { "sign_type", 32 },
    [FIELD_TIMESTAMP] = { "timestamp", MESSAGE_TIMESTAMP_BYTES_MAX },
};

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Control characters have no place in any field; JSON escapes them. */
MUST_USE static Status put_value(Span text, Buffer *memory, Span *ret_value)
{
    const size_t start = memory->size;
    Cursor c = cursor_of(text);
    while (c.rest.size > 0) {
        uint8_t byte = 0;
        TRY(cursor_u8(&c, &byte));
        if (byte == '+') byte = ' ';
        if (byte == '%') {
            Span digits = { 0 };
            REQUIRE(status_ok(cursor_take(&c, 2, &digits)), REFUSED_ENVELOPE_FORMAT);
            const int high = digit_of(digits.data[0]);
            const int low = digit_of(digits.data[1]);
            REQUIRE(high >= 0 && low >= 0, REFUSED_ENVELOPE_FORMAT);
            byte = (uint8_t)(high * 16 + low);
        }
        REQUIRE(byte >= ' ' && byte != 0x7F, REFUSED_ENVELOPE_FORMAT);
        REQUIRE(status_ok(buffer_put_u8(memory, byte)), REFUSED_ENVELOPE_FORMAT);
    }
    *ret_value = (Span) { memory->data + start, memory->size - start };
    REQUIRE(span_is_utf8(*ret_value), REFUSED_ENVELOPE_FORMAT);
    return OK;
}

MUST_USE static Status take_field(Span pair, Buffer *memory, Span *values)
{
    Cursor c = cursor_of(pair);
    Span name = { 0 };
    Span value = { 0 };
    REQUIRE(status_ok(cursor_until(&c, '=', &name)), REFUSED_ENVELOPE_FORMAT);
    for (size_t i = 0; i < MESSAGE_FIELDS; i++) {
        if (!span_equal(name, span_of_text(fields[i].name))) continue;
        REQUIRE(values[i].data == NULL, REFUSED_ENVELOPE_FORMAT);
        TRY(put_value(c.rest, memory, &value));
        REQUIRE(value.size <= fields[i].size_max, REFUSED_ENVELOPE_FORMAT);
        values[i] = value;
        return OK;
    }
    return REFUSE(REFUSED_ENVELOPE_FORMAT);
}

/* All but the content are needed, and all but content and call are one word. Only the content may
 * hold the separator: so what was signed is read back in one way. */
MUST_USE static Status check(const Span *values)
{
    for (size_t i = 0; i < MESSAGE_FIELDS; i++) {
        REQUIRE(values[i].data != NULL, REFUSED_ENVELOPE_FORMAT);
        if (i == FIELD_CONTENT) continue;
        REQUIRE(values[i].size > 0, REFUSED_ENVELOPE_FORMAT);
        REQUIRE(memchr(values[i].data, '&', values[i].size) == NULL, REFUSED_ENVELOPE_FORMAT);
        for (size_t k = 0; i != FIELD_METHOD && k < values[i].size; k++)
            REQUIRE(values[i].data[k] > ' ' && values[i].data[k] < 0x7F, REFUSED_ENVELOPE_FORMAT);
    }
    return OK;
}

Status envelope_parse(Span form, Buffer *memory, Envelope *ret_envelope)
{
    Span values[MESSAGE_FIELDS] = { 0 };
    Cursor c = cursor_of(form);
    memory->size = 0;
    for (bool more = true; more;) {
        Span pair = c.rest;
        more = c.rest.size > 0 && memchr(c.rest.data, '&', c.rest.size) != NULL;
        if (more) TRY(cursor_until(&c, '&', &pair));
        TRY(take_field(pair, memory, values));
    }
    TRY(check(values));
    const SigningProfile *profile = profile_by_scheme(CARRIER_FORM, values[FIELD_SCHEME]);
    REQUIRE(profile != NULL, REFUSED_AUTHORIZATION_SCHEME);
    int64_t timestamp_s = 0;
    TRY(attributes_timestamp(values[FIELD_TIMESTAMP], &timestamp_s));
    *ret_envelope = (Envelope) { .who = { .profile = profile,
                                         .mchid = values[FIELD_MERCHANT],
                                         .nonce = values[FIELD_NONCE],
                                         .timestamp = values[FIELD_TIMESTAMP],
                                         .timestamp_s = timestamp_s,
                                         .serial = values[FIELD_SERIAL],
                                         .signature = values[FIELD_SIGNATURE] },
        .call = values[FIELD_METHOD],
        .content = values[FIELD_CONTENT] };
    return OK;
}

MessageParts envelope_parts(const Envelope *envelope)
{
    if (envelope->who.profile->carrier == CARRIER_BODY)
        return (MessageParts) { .body = envelope->signed_body };
    return (MessageParts) { .timestamp = envelope->who.timestamp,
        .nonce = envelope->who.nonce,
        .body = envelope->content,
        .merchant = envelope->who.mchid,
        .serial = envelope->who.serial,
        .call = envelope->call };
}
