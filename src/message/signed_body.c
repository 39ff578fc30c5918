#include "message/signed_body.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "text/json.h"

enum { STAMP_DIGITS = 14 };

typedef struct BodyJson {
    Span content;
    Span merchant;
    Span call;
    Span nonce;
    Span serial;
    Span timestamp;
} BodyJson;

#define MEMBER(name, required, least, most, member)                        \
    {                                                                      \
        name, JSON_TEXT, required, least, most, offsetof(BodyJson, member) \
    }

static const JsonField fields[] = {
    MEMBER("biz_content", true, 0, ENVELOPE_CONTENT_BYTES_MAX, content),
    MEMBER("method", true, 1, ENVELOPE_CALL_BYTES_MAX, call),
    MEMBER("nonce_str", false, 1, MESSAGE_NONCE_BYTES_MAX, nonce),
    MEMBER("oid_partner", true, 1, MESSAGE_MCHID_BYTES_MAX, merchant),
    MEMBER("serial_no", true, 1, MESSAGE_SERIAL_BYTES_MAX, serial),
    MEMBER("timestamp", true, STAMP_DIGITS, STAMP_DIGITS, timestamp),
};

/* 20261128183000 is 2026-11-28T18:30:00+08:00. */
MUST_USE static Status read_time(Span digits, int64_t *ret_s)
{
    static const char shape[] = "____-__-__T__:__:__+08:00";
    uint8_t text[sizeof(shape) - 1];
    int64_t time_us = 0;
    size_t next = 0;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = shape[i] == '_' ? digits.data[next++] : (uint8_t)shape[i];
    ASSERT(next == STAMP_DIGITS);
    TRY(time_parse(SPAN_OF(text), &time_us));
    *ret_s = time_us / TIME_SECOND_US;
    return OK;
}

Status signed_body_time(int64_t time_us, Buffer *ret_text)
{
    uint8_t bytes[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(bytes);
    TRY(time_format(time_us, &text));
    text.size -= 6; /* the offset */
    for (size_t i = 0; i < text.size; i++)
        if (bytes[i] >= '0' && bytes[i] <= '9') TRY(buffer_put_u8(ret_text, bytes[i]));
    return OK;
}

MUST_USE static Status keep(Span text, Buffer *memory, Span *ret_kept)
{
    const size_t start = memory->size;
    TRY(buffer_put(memory, text));
    *ret_kept = (Span) { memory->data + start, text.size };
    return OK;
}

static bool is_word(Span text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7F) return false;
    return text.size > 0;
}

/* The body's digest stands in the place of a nonce: the same bytes are not taken twice. */
MUST_USE static Status keep_nonce(Span body, Buffer *memory, Span *ret_nonce)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    const size_t start = memory->size;
    sha256(body, digest);
    TRY(hex_encode(SPAN_OF(digest), memory));
    *ret_nonce = (Span) { memory->data + start, memory->size - start };
    return OK;
}

MUST_USE static Status read(Span body, Buffer *memory, Envelope *envelope)
{
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    BodyJson json = { 0 };
    Authorization *who = &envelope->who;
    TRY(json_parse(body, &document, &problem));
    TRY(json_read(document, json_root(document), fields, sizeof(fields) / sizeof(fields[0]), &json,
            &problem));
    REQUIRE(is_word(json.merchant) && is_word(json.serial), REFUSED_PROFILE_BODY);
    TRY(read_time(json.timestamp, &who->timestamp_s));
    TRY(keep(json.content, memory, &envelope->content));
    TRY(keep(json.call, memory, &envelope->call));
    TRY(keep(json.merchant, memory, &who->mchid));
    TRY(keep(json.serial, memory, &who->serial));
    TRY(keep(json.timestamp, memory, &who->timestamp));
    return keep_nonce(body, memory, &who->nonce);
}

Status signed_body_parse(const SignedBody *request, Buffer *memory, Envelope *ret_envelope)
{
    Envelope envelope = { .signed_body = request->body };
    const bool sent = request->scheme_count > 0 && request->signature_count > 0;
    REQUIRE(sent, REFUSED_AUTHORIZATION_MISSING);
    REQUIRE(request->scheme_count == 1 && request->signature_count == 1,
            REFUSED_AUTHORIZATION_FORMAT);
    REQUIRE(request->signature.size <= MESSAGE_SIGNATURE_TEXT_MAX && is_word(request->signature),
            REFUSED_AUTHORIZATION_FORMAT);
    envelope.who.profile = profile_by_scheme(CARRIER_BODY, request->scheme);
    REQUIRE(envelope.who.profile != NULL, REFUSED_AUTHORIZATION_SCHEME);
    envelope.who.signature = request->signature;
    memory->size = 0;
    const Status s = read(request->body, memory, &envelope);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_PROFILE_BODY);
    *ret_envelope = envelope;
    return OK;
}
