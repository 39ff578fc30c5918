#include "message/authorization.h"

#include "message/attributes.h"

typedef enum Attribute {
    ATTRIBUTE_MCHID,
    ATTRIBUTE_NONCE,
    ATTRIBUTE_TIMESTAMP,
    ATTRIBUTE_SERIAL,
    ATTRIBUTE_SIGNATURE,
    ATTRIBUTE_COUNT,
} Attribute;

static const AttributeRule rules[ATTRIBUTE_COUNT] = {
    [ATTRIBUTE_MCHID] = { "mchid", MESSAGE_MCHID_BYTES_MAX, { REFUSED_AUTHORIZATION_FORMAT } },
    [ATTRIBUTE_NONCE] = { "nonce_str", MESSAGE_NONCE_BYTES_MAX, { REFUSED_NONCE_FORMAT } },
    [ATTRIBUTE_TIMESTAMP] = { "timestamp", MESSAGE_TIMESTAMP_BYTES_MAX,
            { REFUSED_AUTHORIZATION_FORMAT } },
    [ATTRIBUTE_SERIAL] = { "serial_no", MESSAGE_SERIAL_BYTES_MAX,
            { REFUSED_AUTHORIZATION_FORMAT } },
    [ATTRIBUTE_SIGNATURE] = { "signature", MESSAGE_SIGNATURE_TEXT_MAX,
            { REFUSED_AUTHORIZATION_FORMAT } },
};

MUST_USE static Status parse(Span header, Authorization *ret_authorization, const char **ret_blame)
{
    *ret_blame = "";
    REQUIRE(header.data != NULL && header.size > 0, REFUSED_AUTHORIZATION_MISSING);
    REQUIRE(header.size <= AUTHORIZATION_BYTES_MAX, REFUSED_AUTHORIZATION_FORMAT);

    Cursor c = cursor_of(header);
    Span scheme = { 0 };
    REQUIRE(status_ok(cursor_until(&c, ' ', &scheme)), REFUSED_AUTHORIZATION_FORMAT);
    const SigningProfile *profile = profile_by_scheme(CARRIER_AUTHORIZATION, scheme);
    REQUIRE(profile != NULL, REFUSED_AUTHORIZATION_SCHEME);

    /* Five attributes are taken, none twice, no other name: so each of the five is there. */
    Span values[ATTRIBUTE_COUNT] = { 0 };
    TRY(attributes_take(&c, rules, ATTRIBUTE_COUNT, values, ret_blame));

    int64_t timestamp_s = 0;
    *ret_blame = rules[ATTRIBUTE_TIMESTAMP].name;
    TRY(attributes_timestamp(values[ATTRIBUTE_TIMESTAMP], &timestamp_s));
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
