#include "message/profile.h"

const SigningProfile profile_v3_rsa = {
    .scheme = "WECHATPAY2-SHA256-RSA2048",
    .algorithm = KEY_RSA,
    .request = { 5,
            { MESSAGE_METHOD, MESSAGE_TARGET, MESSAGE_TIMESTAMP, MESSAGE_NONCE, MESSAGE_BODY },
            '\n', true },
    .answer = { 3, { MESSAGE_TIMESTAMP, MESSAGE_NONCE, MESSAGE_BODY }, '\n', true },
    .skew_s = MESSAGE_SKEW_S,
};

const SigningProfile profile_v3_sm2 = {
    .scheme = "WECHATPAY2-SM2-WITH-SM3",
    .algorithm = KEY_SM2,
    .request = { 5,
            { MESSAGE_METHOD, MESSAGE_TARGET, MESSAGE_TIMESTAMP, MESSAGE_NONCE, MESSAGE_BODY },
            '\n', true },
    .answer = { 3, { MESSAGE_TIMESTAMP, MESSAGE_NONCE, MESSAGE_BODY }, '\n', true },
    .skew_s = MESSAGE_SKEW_S,
};

static const SigningProfile *const profiles[] = { &profile_v3_rsa, &profile_v3_sm2 };
enum { PROFILE_COUNT = sizeof(profiles) / sizeof(profiles[0]) };

const SigningProfile *profile_by_scheme(Span scheme)
{
    for (size_t i = 0; i < PROFILE_COUNT; i++) {
        if (span_equal(scheme, span_of_text(profiles[i]->scheme))) return profiles[i];
    }
    return NULL;
}

const SigningProfile *profile_by_algorithm(KeyAlgorithm algorithm)
{
    for (size_t i = 0; i < PROFILE_COUNT; i++) {
        if (profiles[i]->algorithm == algorithm) return profiles[i];
    }
    return NULL;
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

/* All or nothing: the size is only taken over when every line fitted. */
Status message_canonical(const MessageLines *lines, const MessageParts *parts, Buffer *ret_text)
{
    Buffer text = *ret_text;
    for (size_t i = 0; i < lines->count; i++) {
        TRY(buffer_put(&text, part_of(parts, lines->parts[i])));
        const bool last = i + 1 == lines->count;
        if (!last || lines->separator_at_end) TRY(buffer_put_u8(&text, (uint8_t)lines->separator));
    }
    ret_text->size = text.size;
    return OK;
}

Status profile_sign(
        const SigningProfile *profile, const PrivateKey *key, Span canonical, Buffer *ret_signature)
{
    REQUIRE(private_key_algorithm(key) == profile->algorithm, REFUSED_KEY_FORMAT);
    if (profile->sm2_id == NULL) return sign_make(key, canonical, ret_signature);
    return sign_make_sm2(key, span_of_text(profile->sm2_id), canonical, ret_signature);
}

Status profile_verify(
        const SigningProfile *profile, const PublicKey *key, Span canonical, Span signature)
{
    REQUIRE(public_key_algorithm(key) == profile->algorithm, REFUSED_KEY_FORMAT);
    if (profile->sm2_id == NULL) return sign_verify(key, canonical, signature);
    return sign_verify_sm2(key, span_of_text(profile->sm2_id), canonical, signature);
}
