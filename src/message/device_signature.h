#pragma once
/*
 * device_signature: a payer's own device signs each request with a key that never leaves it, so
 * that a stolen session or password alone asks for nothing (TP-17: the user's software and the
 * server prove themselves to each other; the server does so by TLS).
 *
 *   Authorization: HUFU-DEVICE key="base64",nonce="…",session="…",signature="base64",timestamp="…"
 *
 *   signed = "HUFU-DEVICE-1" LF method LF target LF timestamp LF nonce LF session LF
 *            hex SHA-256(body) LF hex SHA-256(key) LF
 *
 * key        SubjectPublicKeyInfo DER of P-256 (signature: DER) or Ed25519: its SHA-256 is the
 *            device's name
 * session    the token in lower-case hex, or "-" before there is one
 * timestamp  seconds; MESSAGE_SKEW_S from ours at most
 *
 * Who signed is thus known without any look-up; whose device that is, the session says. Floor 4.
 */
#include "message/nonce.h"
#include "message/profile.h"

enum {
    DEVICE_HEADER_BYTES_MAX = 1024,
    DEVICE_KEY_NAME_BYTES = 32,
    DEVICE_SPKI_BYTES_MAX = 128,
    DEVICE_SESSION_BYTES = 32,
    DEVICE_SESSION_TEXT_MAX = 2 * DEVICE_SESSION_BYTES,
};

typedef struct DeviceRequest { /* borrowed */
    Span method;
    Span target; /* exactly as sent */
    Span body;
    Span authorization; /* data NULL: none */
    size_t authorization_count;
} DeviceRequest;

typedef struct DeviceSender {
    KeyAlgorithm algorithm;
    uint8_t spki[DEVICE_SPKI_BYTES_MAX];
    size_t spki_size;
    uint8_t name[DEVICE_KEY_NAME_BYTES];
    bool has_session;
    uint8_t session[DEVICE_SESSION_BYTES]; /* secret */
    uint8_t nonce_digest[NONCE_DIGEST_BYTES]; /* of name and nonce: for nonce_remember() */
    int64_t expires_s; /* likewise */
} DeviceSender;

/*
 * Who signed this request? The nonce is not remembered: a stranger's would fill the set.
 *
 * Refuses REFUSED_AUTHORIZATION_MISSING, _FORMAT, _SCHEME, REFUSED_NONCE_FORMAT,
 * REFUSED_TIMESTAMP_SKEWED, REFUSED_KEY_FORMAT, REFUSED_PAYER_SIGNATURE.
 */
MUST_USE Status device_verify(
        const DeviceRequest *request, int64_t now_us, DeviceSender *ret_sender);

/* --- the device's side --- */
typedef struct DeviceSign { /* borrowed */
    const PrivateKey *key; /* KEY_P256 or KEY_ED25519 */
    Span method;
    Span target;
    Span body;
    Span session; /* DEVICE_SESSION_BYTES, or empty */
    Span nonce; /* visible ASCII, 1..MESSAGE_NONCE_BYTES_MAX */
    int64_t now_s;
} DeviceSign;
/* Append the header's value. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status device_sign(const DeviceSign *sign, Buffer *ret_header);
