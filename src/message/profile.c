#include "message/profile.h"

#include "base/encoding.h"
#include "crypto/legacy_sign.h"

#define V3_REQUEST                                                                         \
    {                                                                                      \
        MESSAGE_LINES, '\n', true, 5,                                                      \
        {                                                                                  \
            MESSAGE_METHOD, MESSAGE_TARGET, MESSAGE_TIMESTAMP, MESSAGE_NONCE, MESSAGE_BODY \
        }                                                                                  \
    }
#define V3_ANSWER                                                                        \
    {                                                                                    \
        MESSAGE_LINES, '\n', true, 3, { MESSAGE_TIMESTAMP, MESSAGE_NONCE, MESSAGE_BODY } \
    }
#define V3_HEADERS                                                                           \
    {                                                                                        \
        "Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature", \
                "Wechatpay-Signature-Type"                                                   \
    }

const SigningProfile profile_v3_rsa = {
    .number = 1,
    .name = "v3-rsa",
    .scheme = "WECHATPAY2-SHA256-RSA2048",
    .algorithm = KEY_RSA,
    .carrier = CARRIER_AUTHORIZATION,
    .request = V3_REQUEST,
    .answer = V3_ANSWER,
    .headers = V3_HEADERS,
    .skew_s = MESSAGE_SKEW_S,
    .everyones = true,
};

const SigningProfile profile_v3_sm2 = {
    .number = 2,
    .name = "v3-sm2",
    .scheme = "WECHATPAY2-SM2-WITH-SM3",
    .algorithm = KEY_SM2,
    .carrier = CARRIER_AUTHORIZATION,
    .request = V3_REQUEST,
    .answer = V3_ANSWER,
    .headers = V3_HEADERS,
    .skew_s = MESSAGE_SKEW_S,
    .everyones = true,
};

static const char *const sorted_fields[MESSAGE_FIELDS] = {
    [FIELD_CONTENT] = "biz_content",
    [FIELD_MERCHANT] = "mchid",
    [FIELD_METHOD] = "method",
    [FIELD_NONCE] = "nonce_str",
    [FIELD_SERIAL] = "serial_no",
    [FIELD_SIGNATURE] = "sign",
    [FIELD_SCHEME] = "sign_type",
    [FIELD_TIMESTAMP] = "timestamp",
};

#define SORTED_HEADERS                                                                  \
    {                                                                                   \
        "Signature-Timestamp", "Signature-Nonce", "Signature-Serial", "Signature-Data", \
                "Signature-Type"                                                        \
    }

static const SigningProfile sorted_rsa2 = {
    .number = 3,
    .name = "sorted-rsa2",
    .scheme = "RSA2",
    .algorithm = KEY_RSA,
    .carrier = CARRIER_FORM,
    .fields = sorted_fields,
    .request = { MESSAGE_SORTED, '&', false, 0, { 0 } },
    .answer = { MESSAGE_SORTED, '&', false, 0, { 0 } },
    .headers = SORTED_HEADERS,
    .skew_s = MESSAGE_SKEW_S,
};

static const SigningProfile sorted_sm2 = {
    .number = 4,
    .name = "sorted-sm2",
    .scheme = "SM2",
    .algorithm = KEY_SM2,
    .carrier = CARRIER_FORM,
    .fields = sorted_fields,
    .request = { MESSAGE_SORTED, '&', false, 0, { 0 } },
    .answer = { MESSAGE_SORTED, '&', false, 0, { 0 } },
    .headers = SORTED_HEADERS,
    .skew_s = MESSAGE_SKEW_S,
};

#define DIGEST_OF_BODY                     \
    {                                      \
        MESSAGE_DIGEST, 0, false, 0, { 0 } \
    }
#define LIANLIAN_HEADERS                                                   \
    {                                                                      \
        NULL, NULL, "Signature-Serial", "Signature-Data", "Signature-Type" \
    }

static const SigningProfile lianlian_rsa = {
    .number = 5,
    .name = "lianlian-rsa",
    .scheme = "RSA2",
    .algorithm = KEY_RSA,
    .digest = DIGEST_SHA256,
    .carrier = CARRIER_BODY,
    .request = DIGEST_OF_BODY,
    .answer = DIGEST_OF_BODY,
    .headers = LIANLIAN_HEADERS,
    .skew_s = MESSAGE_SKEW_S,
};

static const SigningProfile lianlian_sm2 = {
    .number = 6,
    .name = "lianlian-sm2",
    .scheme = "SM2",
    .algorithm = KEY_SM2,
    .digest = DIGEST_SM3,
    .carrier = CARRIER_BODY,
    .request = DIGEST_OF_BODY,
    .answer = DIGEST_OF_BODY,
    .headers = LIANLIAN_HEADERS,
    .skew_s = MESSAGE_SKEW_S,
};

/* Whoever signs with MD5 lends his signature to another text that he never saw: so the house takes
 * it and does not make it. */
static const SigningProfile lianlian_md5 = {
    .number = 7,
    .name = "lianlian-md5",
    .scheme = "RSA",
    .algorithm = KEY_RSA,
    .carrier = CARRIER_BODY,
    .request = DIGEST_OF_BODY,
    .answer = DIGEST_OF_BODY,
    .headers = LIANLIAN_HEADERS,
    .skew_s = MESSAGE_SKEW_S,
    .legacy = true,
    .answered = &lianlian_rsa,
};

static const SigningProfile *const profiles[] = { &profile_v3_rsa, &profile_v3_sm2, &sorted_rsa2,
    &sorted_sm2, &lianlian_rsa, &lianlian_sm2, &lianlian_md5 };

size_t profile_count(void) { return sizeof(profiles) / sizeof(profiles[0]); }

const SigningProfile *profile_at(size_t index)
{
    ASSERT(index < profile_count());
    return profiles[index];
}

const SigningProfile *profile_by_scheme(MessageCarrier carrier, Span scheme)
{
    for (size_t i = 0; i < profile_count(); i++) {
        if (profiles[i]->carrier == carrier
                && span_equal(scheme, span_of_text(profiles[i]->scheme)))
            return profiles[i];
    }
    return NULL;
}

const SigningProfile *profile_by_name(Span name)
{
    for (size_t i = 0; i < profile_count(); i++) {
        if (span_equal(name, span_of_text(profiles[i]->name))) return profiles[i];
    }
    return NULL;
}

const SigningProfile *profile_of_answers(const SigningProfile *profile)
{
    return profile->answered == NULL ? profile : profile->answered;
}

const SigningProfile *profile_by_algorithm(KeyAlgorithm algorithm)
{
    if (algorithm == KEY_RSA) return &profile_v3_rsa;
    return algorithm == KEY_SM2 ? &profile_v3_sm2 : NULL;
}

static Span part_of(const MessageParts *parts, uint8_t part)
{
    switch ((MessagePart)part) {
    case MESSAGE_METHOD: return parts->method;
    case MESSAGE_TARGET: return parts->target;
    case MESSAGE_TIMESTAMP: return parts->timestamp;
    case MESSAGE_NONCE: return parts->nonce;
    case MESSAGE_BODY: return parts->body;
    }
    status_assert_failed("a profile names an unknown part", __FILE__, __LINE__);
}

MUST_USE static Status put_lines(const MessageLines *lines, const MessageParts *parts, Buffer *text)
{
    for (size_t i = 0; i < lines->count; i++) {
        TRY(buffer_put(text, part_of(parts, lines->parts[i])));
        const bool last = i + 1 == lines->count;
        if (!last || lines->separator_at_end) TRY(buffer_put_u8(text, (uint8_t)lines->separator));
    }
    return OK;
}

static Span field_of(const SigningProfile *profile, const MessageParts *parts, size_t field)
{
    switch ((MessageField)field) {
    case FIELD_CONTENT: return parts->body;
    case FIELD_MERCHANT: return parts->merchant;
    case FIELD_METHOD: return parts->call;
    case FIELD_NONCE: return parts->nonce;
    case FIELD_SERIAL: return parts->serial;
    case FIELD_SCHEME: return span_of_text(profile->scheme);
    case FIELD_TIMESTAMP: return parts->timestamp;
    case FIELD_SIGNATURE:
    case MESSAGE_FIELDS: break;
    }
    return (Span) { NULL, 0 };
}

/* Fields by name: which one comes next behind `last`; MESSAGE_FIELDS: none. */
static size_t field_behind(const SigningProfile *profile, const char *last)
{
    size_t next = MESSAGE_FIELDS;
    for (size_t i = 0; i < MESSAGE_FIELDS; i++) {
        const char *name = profile->fields[i];
        if (last != NULL && strcmp(name, last) <= 0) continue;
        if (next == MESSAGE_FIELDS || strcmp(name, profile->fields[next]) < 0) next = i;
    }
    return next;
}

MUST_USE static Status put_sorted(const SigningProfile *profile, const MessageLines *lines,
        const MessageParts *parts, Buffer *text)
{
    bool first = true;
    for (size_t i = field_behind(profile, NULL); i < MESSAGE_FIELDS;
            i = field_behind(profile, profile->fields[i])) {
        const Span value = field_of(profile, parts, i);
        if (value.size == 0) continue;
        if (!first) TRY(buffer_put_u8(text, (uint8_t)lines->separator));
        first = false;
        TRY(buffer_put(text, span_of_text(profile->fields[i])));
        TRY(buffer_put_u8(text, '='));
        TRY(buffer_put(text, value));
    }
    return OK;
}

MUST_USE static Status put_digest(const SigningProfile *profile, Span body, Buffer *text)
{
    uint8_t digest[DIGEST_BYTES_MAX];
    if (profile->legacy) return legacy_md5_hex_verify_only(body, text);
    digest_parts(profile->digest, &body, 1, digest);
    return hex_encode((Span) { digest, digest_bytes(profile->digest) }, text);
}

/* All or nothing: the size is only taken over when everything fitted. */
MUST_USE static Status put(const SigningProfile *profile, const MessageLines *lines,
        const MessageParts *parts, Buffer *ret_text)
{
    Buffer text = *ret_text;
    switch (lines->form) {
    case MESSAGE_LINES: TRY(put_lines(lines, parts, &text)); break;
    case MESSAGE_SORTED: TRY(put_sorted(profile, lines, parts, &text)); break;
    case MESSAGE_DIGEST: TRY(put_digest(profile, parts->body, &text)); break;
    }
    ret_text->size = text.size;
    return OK;
}

Status message_request(const SigningProfile *profile, const MessageParts *parts, Buffer *ret_text)
{
    return put(profile, &profile->request, parts, ret_text);
}

Status message_answer(const SigningProfile *profile, const MessageParts *parts, Buffer *ret_text)
{
    const SigningProfile *answers = profile_of_answers(profile);
    return put(answers, &answers->answer, parts, ret_text);
}

Status profile_sign(
        const SigningProfile *profile, const PrivateKey *key, Span canonical, Buffer *ret_signature)
{
    REQUIRE(private_key_algorithm(key) == profile->algorithm, REFUSED_KEY_FORMAT);
    ASSERT(!profile->legacy);
    if (profile->sm2_id == NULL) return sign_make(key, canonical, ret_signature);
    return sign_make_sm2(key, span_of_text(profile->sm2_id), canonical, ret_signature);
}

Status profile_verify(
        const SigningProfile *profile, const PublicKey *key, Span canonical, Span signature)
{
    REQUIRE(public_key_algorithm(key) == profile->algorithm, REFUSED_KEY_FORMAT);
    if (profile->legacy) return legacy_md5_rsa_verify_only(key, canonical, signature);
    if (profile->sm2_id == NULL) return sign_verify(key, canonical, signature);
    return sign_verify_sm2(key, span_of_text(profile->sm2_id), canonical, signature);
}
