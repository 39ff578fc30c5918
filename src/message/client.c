#include "message/client.h"

#include "base/encoding.h"
#include "base/money.h"
#include "base/time.h"

Status client_nonce(const Random *random, char ret_nonce[CLIENT_NONCE_BYTES])
{
    uint8_t bits[CLIENT_NONCE_BYTES / 2];
    TRY(random_fill(random, bits, sizeof(bits)));
    Buffer text = { (uint8_t *)ret_nonce, 0, CLIENT_NONCE_BYTES };
    return hex_encode_upper(SPAN_OF(bits), &text);
}

MUST_USE static Status put_header(const MessageSigner *signer, Span timestamp, Span nonce,
        Span signature, Buffer *ret_authorization)
{
    Buffer header = *ret_authorization;
    TRY(buffer_put(&header, span_of_text(signer->profile->scheme)));
    TRY(buffer_put(&header, SPAN(" mchid=\"")));
    TRY(buffer_put(&header, signer->mchid));
    TRY(buffer_put(&header, SPAN("\",nonce_str=\"")));
    TRY(buffer_put(&header, nonce));
    TRY(buffer_put(&header, SPAN("\",timestamp=\"")));
    TRY(buffer_put(&header, timestamp));
    TRY(buffer_put(&header, SPAN("\",serial_no=\"")));
    TRY(buffer_put(&header, signer->serial));
    TRY(buffer_put(&header, SPAN("\",signature=\"")));
    TRY(base64_encode(signature, &header));
    TRY(buffer_put_u8(&header, '"'));
    ret_authorization->size = header.size;
    return OK;
}

Status client_sign(const MessageSigner *signer, Span method, Span target, Span body,
        int64_t timestamp_s, Span nonce, Buffer *scratch, Buffer *ret_authorization)
{
    char timestamp_text[24];
    Buffer timestamp = BUFFER_OF(timestamp_text);
    TRY(buffer_print(&timestamp, "%lld", (long long)timestamp_s));

    const MessageParts parts = {
        .method = method,
        .target = target,
        .timestamp = span_of_buffer(&timestamp),
        .nonce = nonce,
        .body = body,
    };
    scratch->size = 0;
    TRY(message_request(signer->profile, &parts, scratch));

    uint8_t signature_bytes[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(signature_bytes);
    TRY(profile_sign(signer->profile, signer->key, span_of_buffer(scratch), &signature));
    return put_header(signer, span_of_buffer(&timestamp), nonce, span_of_buffer(&signature),
            ret_authorization);
}

MUST_USE static Status check_clock(const SigningProfile *profile, Span timestamp, int64_t now_us)
{
    int64_t timestamp_s = 0;
    REQUIRE(status_ok(i64_parse(timestamp, &timestamp_s)), REFUSED_AUTHORIZATION_FORMAT);
    REQUIRE(timestamp_s > 0 && timestamp_s < INT64_MAX / 2, REFUSED_TIMESTAMP_SKEWED);
    const int64_t apart_s = now_us / TIME_SECOND_US - timestamp_s;
    REQUIRE(apart_s <= profile->skew_s && apart_s >= -profile->skew_s, REFUSED_TIMESTAMP_SKEWED);
    return OK;
}

Status client_verify_parts(const SigningProfile *profile, const PublicKey *platform_key,
        Span platform_serial, const AnswerParts *parts, int64_t now_us, Buffer *scratch)
{
    REQUIRE(parts->timestamp.data != NULL, REFUSED_AUTHORIZATION_MISSING);
    REQUIRE(parts->nonce.data != NULL, REFUSED_AUTHORIZATION_MISSING);
    REQUIRE(parts->signature.data != NULL, REFUSED_AUTHORIZATION_MISSING);
    REQUIRE(parts->serial.data != NULL, REFUSED_AUTHORIZATION_MISSING);
    TRY(check_clock(profile, parts->timestamp, now_us));
    REQUIRE(span_equal(parts->serial, platform_serial), REFUSED_MERCHANT_KEY_UNKNOWN);

    uint8_t signature_bytes[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(signature_bytes);
    REQUIRE(status_ok(base64_decode(parts->signature, &signature)), REFUSED_SIGNATURE_FORMAT);

    const MessageParts signed_parts = { .timestamp = parts->timestamp,
        .nonce = parts->nonce,
        .body = parts->body,
        .serial = parts->serial };
    scratch->size = 0;
    TRY(message_answer(profile, &signed_parts, scratch));
    return profile_verify(
            profile, platform_key, span_of_buffer(scratch), span_of_buffer(&signature));
}

Status client_verify_answer(const SigningProfile *profile, const PublicKey *platform_key,
        Span platform_serial, const HttpAnswer *answer, int64_t now_us, Buffer *scratch)
{
    const AnswerParts parts = {
        .timestamp = http_answer_header(answer, profile->headers.timestamp),
        .nonce = http_answer_header(answer, profile->headers.nonce),
        .signature = http_answer_header(answer, profile->headers.signature),
        .serial = http_answer_header(answer, profile->headers.serial),
        .body = answer->body,
    };
    return client_verify_parts(profile, platform_key, platform_serial, &parts, now_us, scratch);
}
