#include "message/device_signature.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "message/attributes.h"

typedef enum Attribute {
    ATTRIBUTE_KEY,
    ATTRIBUTE_NONCE,
    ATTRIBUTE_SESSION,
    ATTRIBUTE_SIGNATURE,
    ATTRIBUTE_TIMESTAMP,
    ATTRIBUTE_COUNT,
} Attribute;

enum {
    KEY_TEXT_MAX = (DEVICE_SPKI_BYTES_MAX + 2) / 3 * 4,
    SIGNATURE_TEXT_MAX = (SIGN_DER_BYTES_MAX + 2) / 3 * 4,
    DIGEST_TEXT_BYTES = 2 * DIGEST_SHA256_BYTES,
    SIGNED_BYTES_MAX = 16 + MESSAGE_METHOD_BYTES_MAX + MESSAGE_TARGET_BYTES_MAX
            + MESSAGE_TIMESTAMP_BYTES_MAX + MESSAGE_NONCE_BYTES_MAX + DEVICE_SESSION_TEXT_MAX
            + 2 * DIGEST_TEXT_BYTES + 8,
};

static const Span scheme_text = { (const uint8_t *)"HUFU-DEVICE", 11 };
static const Span no_session = { (const uint8_t *)"-", 1 };

static const AttributeRule rules[ATTRIBUTE_COUNT] = {
    [ATTRIBUTE_KEY] = { "key", KEY_TEXT_MAX, { REFUSED_AUTHORIZATION_FORMAT } },
    [ATTRIBUTE_NONCE] = { "nonce", MESSAGE_NONCE_BYTES_MAX, { REFUSED_NONCE_FORMAT } },
    [ATTRIBUTE_SESSION] = { "session", DEVICE_SESSION_TEXT_MAX, { REFUSED_AUTHORIZATION_FORMAT } },
    [ATTRIBUTE_SIGNATURE] = { "signature", SIGNATURE_TEXT_MAX, { REFUSED_AUTHORIZATION_FORMAT } },
    [ATTRIBUTE_TIMESTAMP] = { "timestamp", MESSAGE_TIMESTAMP_BYTES_MAX,
            { REFUSED_AUTHORIZATION_FORMAT } },
};

/* --- what is signed --- */

typedef struct Parts {
    Span method;
    Span target;
    Span timestamp;
    Span nonce;
    Span session;
    Span body;
    const uint8_t *name;
} Parts;

static Status put_line(Buffer *b, Span text)
{
    TRY(buffer_put(b, text));
    return buffer_put_u8(b, '\n');
}

static Status put_hex_line(Buffer *b, const uint8_t digest[DIGEST_SHA256_BYTES])
{
    TRY(hex_encode((Span) { digest, DIGEST_SHA256_BYTES }, b));
    return buffer_put_u8(b, '\n');
}

static Status put_signed(const Parts *parts, Buffer *b)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    sha256(parts->body, digest);
    TRY(put_line(b, SPAN("HUFU-DEVICE-1")));
    TRY(put_line(b, parts->method));
    TRY(put_line(b, parts->target));
    TRY(put_line(b, parts->timestamp));
    TRY(put_line(b, parts->nonce));
    TRY(put_line(b, parts->session));
    TRY(put_hex_line(b, digest));
    return put_hex_line(b, parts->name);
}

/* --- our side --- */

static Status parse(Span header, Span values[ATTRIBUTE_COUNT])
{
    Cursor c = cursor_of(header);
    Span scheme = { 0 };
    const char *blame = "";
    REQUIRE(header.data != NULL && header.size > 0, REFUSED_AUTHORIZATION_MISSING);
    REQUIRE(header.size <= DEVICE_HEADER_BYTES_MAX, REFUSED_AUTHORIZATION_FORMAT);
    REQUIRE(status_ok(cursor_until(&c, ' ', &scheme)), REFUSED_AUTHORIZATION_FORMAT);
    REQUIRE(span_equal(scheme, scheme_text), REFUSED_AUTHORIZATION_SCHEME);
    return attributes_take(&c, rules, ATTRIBUTE_COUNT, values, &blame);
}

static Status read_clock(Span timestamp, int64_t now_us, DeviceSender *ret_sender)
{
    int64_t seconds = 0;
    TRY(attributes_timestamp(timestamp, &seconds));
    const int64_t apart_s = now_us / TIME_SECOND_US - seconds;
    REQUIRE(apart_s <= MESSAGE_SKEW_S && apart_s >= -MESSAGE_SKEW_S, REFUSED_TIMESTAMP_SKEWED);
    ret_sender->expires_s = seconds + MESSAGE_SKEW_S;
    return OK;
}

static Status read_session(Span text, DeviceSender *ret_sender)
{
    Buffer session = BUFFER_OF(ret_sender->session);
    ret_sender->has_session = !span_equal(text, no_session);
    if (!ret_sender->has_session) return OK;
    REQUIRE(text.size == DEVICE_SESSION_TEXT_MAX, REFUSED_AUTHORIZATION_FORMAT);
    REQUIRE(status_ok(hex_decode(text, &session)), REFUSED_AUTHORIZATION_FORMAT);
    return OK;
}

static Status read_key(Span text, DeviceSender *ret_sender, PublicKey **ret_key)
{
    Buffer spki = BUFFER_OF(ret_sender->spki);
    REQUIRE(status_ok(base64_decode(text, &spki)), REFUSED_KEY_FORMAT);
    TRY(public_key_from_spki(span_of_buffer(&spki), ret_key));
    ret_sender->spki_size = spki.size;
    ret_sender->algorithm = public_key_algorithm(*ret_key);
    const bool fits = ret_sender->algorithm == KEY_P256 || ret_sender->algorithm == KEY_ED25519;
    REQUIRE(fits, REFUSED_KEY_FORMAT);
    sha256(span_of_buffer(&spki), ret_sender->name);
    return OK;
}

static Status check(const PublicKey *key, const Parts *parts, Span signature_text)
{
    uint8_t text_bytes[SIGNED_BYTES_MAX];
    uint8_t signature_bytes[SIGN_DER_BYTES_MAX];
    Buffer text = BUFFER_OF(text_bytes);
    Buffer signature = BUFFER_OF(signature_bytes);
    TRY(put_signed(parts, &text));
    REQUIRE(status_ok(base64_decode(signature_text, &signature)), REFUSED_PAYER_SIGNATURE);
    const Status s = sign_verify(key, span_of_buffer(&text), span_of_buffer(&signature));
    bytes_wipe(
            text_bytes, sizeof(text_bytes)); /* a path may be why the request is refused (TP-5) */
    if (status_broken(s)) return s;
    return status_ok(s) ? OK : REFUSE(REFUSED_PAYER_SIGNATURE);
}

Status device_verify(const DeviceRequest *request, int64_t now_us, DeviceSender *ret_sender)
{
    Span values[ATTRIBUTE_COUNT] = { 0 };
    DeviceSender sender = { 0 };
    CLEANUP(public_key_free) PublicKey *key = NULL;
    REQUIRE(request->authorization_count <= 1, REFUSED_AUTHORIZATION_FORMAT);
    REQUIRE(request->target.size <= MESSAGE_TARGET_BYTES_MAX, REFUSED_AUTHORIZATION_FORMAT);
    TRY(parse(request->authorization, values));
    TRY(read_clock(values[ATTRIBUTE_TIMESTAMP], now_us, &sender));
    TRY(read_session(values[ATTRIBUTE_SESSION], &sender));
    TRY(read_key(values[ATTRIBUTE_KEY], &sender, &key));
    const Parts parts = { .method = request->method,
        .target = request->target,
        .timestamp = values[ATTRIBUTE_TIMESTAMP],
        .nonce = values[ATTRIBUTE_NONCE],
        .session = values[ATTRIBUTE_SESSION],
        .body = request->body,
        .name = sender.name };
    TRY(check(key, &parts, values[ATTRIBUTE_SIGNATURE]));
    nonce_digest(SPAN_OF(sender.name), values[ATTRIBUTE_NONCE], sender.nonce_digest);
    *ret_sender = sender;
    return OK;
}

/* --- the device's side --- */

static Status put_pair(Buffer *b, const char *before, Span value)
{
    TRY(buffer_put(b, span_of_text(before)));
    TRY(buffer_put(b, value));
    return buffer_put_u8(b, '"');
}

static Status put_base64_pair(Buffer *b, const char *before, Span value)
{
    TRY(buffer_put(b, span_of_text(before)));
    TRY(base64_encode(value, b));
    return buffer_put_u8(b, '"');
}

Status device_sign(const DeviceSign *sign, Buffer *ret_header)
{
    uint8_t spki_bytes[SIGN_SPKI_BYTES_MAX];
    uint8_t time_bytes[MESSAGE_TIMESTAMP_BYTES_MAX];
    uint8_t session_bytes[DEVICE_SESSION_TEXT_MAX];
    uint8_t text_bytes[SIGNED_BYTES_MAX];
    uint8_t signature_bytes[SIGN_BYTES_MAX];
    uint8_t name[DEVICE_KEY_NAME_BYTES];
    Buffer spki = BUFFER_OF(spki_bytes);
    Buffer time = BUFFER_OF(time_bytes);
    Buffer session = BUFFER_OF(session_bytes);
    Buffer text = BUFFER_OF(text_bytes);
    Buffer signature = BUFFER_OF(signature_bytes);
    TRY(public_key_to_spki(private_key_public(sign->key), &spki));
    TRY(buffer_print(&time, "%lld", (long long)sign->now_s));
    if (sign->session.size > 0) TRY(hex_encode(sign->session, &session));
    if (sign->session.size == 0) TRY(buffer_put(&session, no_session));
    sha256(span_of_buffer(&spki), name);
    const Parts parts = { .method = sign->method,
        .target = sign->target,
        .timestamp = span_of_buffer(&time),
        .nonce = sign->nonce,
        .session = span_of_buffer(&session),
        .body = sign->body,
        .name = name };
    TRY(put_signed(&parts, &text));
    TRY(sign_make(sign->key, span_of_buffer(&text), &signature));
    TRY(buffer_put(ret_header, scheme_text));
    TRY(put_base64_pair(ret_header, " key=\"", span_of_buffer(&spki)));
    TRY(put_pair(ret_header, ",nonce=\"", sign->nonce));
    TRY(put_pair(ret_header, ",session=\"", span_of_buffer(&session)));
    TRY(put_base64_pair(ret_header, ",signature=\"", span_of_buffer(&signature)));
    return put_pair(ret_header, ",timestamp=\"", span_of_buffer(&time));
}
