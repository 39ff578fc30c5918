#pragma once
/*
 * profile: how a message is signed, as data: scheme, lines of the signed string, algorithm, clock.
 *
 * The room's first file. Two profiles are built in, both of WeChat Pay API v3 (reference/message.md
 * section 1): RSA (PKCS#1 v1.5 with SHA-256) and SM2 (SM3, ID 1234567812345678, strict DER). All
 * else is equal. LL-4.3.9. Floor 4. No shared state.
 */
#include "crypto/sign.h"

enum {
    MESSAGE_PARTS_MAX = 5,
    MESSAGE_METHOD_BYTES_MAX = 16,
    MESSAGE_TARGET_BYTES_MAX = 8 * 1024,
    MESSAGE_NONCE_BYTES_MAX = 128,
    MESSAGE_TIMESTAMP_BYTES_MAX = 18, /* so that milliseconds are read too, and refused by name */
    MESSAGE_BODY_BYTES_MAX = 96 * 1024,
    MESSAGE_MCHID_BYTES_MAX = 32,
    MESSAGE_SERIAL_BYTES_MAX = 64,
    MESSAGE_SIGNATURE_TEXT_MAX = 684, /* base64 of RSA-4096 */
    MESSAGE_CANONICAL_BYTES_MAX = MESSAGE_METHOD_BYTES_MAX + MESSAGE_TARGET_BYTES_MAX
            + MESSAGE_NONCE_BYTES_MAX + MESSAGE_TIMESTAMP_BYTES_MAX + MESSAGE_BODY_BYTES_MAX
            + MESSAGE_PARTS_MAX,
    MESSAGE_SKEW_S = 300, /* 300 is accepted, 301 refused */
};

typedef enum MessagePart {
    MESSAGE_METHOD = 1,
    MESSAGE_TARGET, /* path and raw query, exactly as sent */
    MESSAGE_TIMESTAMP, /* the text, exactly as sent */
    MESSAGE_NONCE,
    MESSAGE_BODY, /* raw bytes */
} MessagePart;

/* Which parts are signed, in which order. */
typedef struct MessageLines {
    uint8_t count;
    uint8_t parts[MESSAGE_PARTS_MAX]; /* MessagePart */
    char separator;
    bool separator_at_end;
} MessageLines;

typedef struct SigningProfile {
    const char *scheme; /* of Authorization, and Wechatpay-Signature-Type */
    KeyAlgorithm algorithm;
    const char *sm2_id; /* NULL: the standard's own, 1234567812345678 */
    MessageLines request;
    MessageLines answer; /* and notifications */
    int64_t skew_s;
} SigningProfile;

extern const SigningProfile profile_v3_rsa; /* WECHATPAY2-SHA256-RSA2048 */
extern const SigningProfile profile_v3_sm2; /* WECHATPAY2-SM2-WITH-SM3 */

/* Exact match, or NULL. */
const SigningProfile *profile_by_scheme(Span scheme);
const SigningProfile *profile_by_algorithm(KeyAlgorithm algorithm);

/* The parts of one message; those that the lines do not name are not looked at. */
typedef struct MessageParts {
    Span method;
    Span target;
    Span timestamp;
    Span nonce;
    Span body;
} MessageParts;

/* Append the canonical string. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status message_canonical(
        const MessageLines *lines, const MessageParts *parts, Buffer *ret_text);

/* Sign and verify under the profile's algorithm and ID; keys of another algorithm refuse
 * REFUSED_KEY_FORMAT. */
MUST_USE Status profile_sign(const SigningProfile *profile, const PrivateKey *key, Span canonical,
        Buffer *ret_signature);
MUST_USE Status profile_verify(
        const SigningProfile *profile, const PublicKey *key, Span canonical, Span signature);
