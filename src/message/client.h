#pragma once
/*
 * client: the merchant's side: sign a request, verify an answer. For the command line, the
 * simulator and the benchmarks. Strict like the strictest SDK (wechatpay-axios-plugin): all four
 * headers, +-300 s, the serial.
 */
#include "base/seams.h"
#include "http/client.h"
#include "message/profile.h"

enum { CLIENT_AUTHORIZATION_BYTES_MAX = 1200, CLIENT_NONCE_BYTES = 32 };

typedef struct MessageSigner { /* all borrowed */
    const SigningProfile *profile;
    const PrivateKey *key;
    Span mchid;
    Span serial;
} MessageSigner;

/*
 * Append the value of the Authorization header.
 *
 * nonce    1..MESSAGE_NONCE_BYTES_MAX characters; see client_nonce()
 * scratch  emptied first; MESSAGE_CANONICAL_BYTES_MAX; holds the canonical string afterwards
 */
MUST_USE Status client_sign(const MessageSigner *signer, Span method, Span target, Span body,
        int64_t timestamp_s, Span nonce, Buffer *scratch, Buffer *ret_authorization);
/* 32 characters of upper-case hexadecimal, as the SDKs send. */
MUST_USE Status client_nonce(const Random *random, char ret_nonce[CLIENT_NONCE_BYTES]);

/*
 * Verify an answer's signature against the platform key with this serial.
 *
 * Refuses AUTHORIZATION_MISSING (a header is missing), AUTHORIZATION_FORMAT, TIMESTAMP_SKEWED,
 * MERCHANT_KEY_UNKNOWN (another serial), SIGNATURE_FORMAT, SIGNATURE_INVALID.
 */
MUST_USE Status client_verify_answer(const SigningProfile *profile, const PublicKey *platform_key,
        Span platform_serial, const HttpAnswer *answer, int64_t now_us, Buffer *scratch);
/* The same for parts at hand. */
typedef struct AnswerParts {
    Span timestamp;
    Span nonce;
    Span signature; /* base64 */
    Span serial;
    Span body;
} AnswerParts;
MUST_USE Status client_verify_parts(const SigningProfile *profile, const PublicKey *platform_key,
        Span platform_serial, const AnswerParts *parts, int64_t now_us, Buffer *scratch);
