#pragma once
/*
 * request: who signed this request? Step 1 of a payment (LL-4.3.9, DESIGN section 4).
 *
 * Checked in this order: one well-formed Authorization; scheme; clock; then key and signature in
 * one step; then the nonce, which is used up only by a right signature. An unknown merchant or
 * serial costs the same signature check (against a decoy key) and its answer is the same as for a
 * wrong signature (message/errors.h): nobody learns from us which merchants exist. The precise
 * refusal is for the audit log alone.
 */
#include "message/envelope.h"
#include "message/nonce.h"

/*
 * Where public keys come from. `find` refuses MERCHANT_UNKNOWN or MERCHANT_KEY_UNKNOWN; the key it
 * gives is used until `release`, which is called once for each key found and may be NULL. Any
 * thread.
 */
typedef struct MessageKeys {
    void *context;
    MUST_USE Status (*find)(void *context, Span mchid, Span serial, KeyAlgorithm algorithm,
            const PublicKey **ret_key);
    void (*release)(void *context, const PublicKey *key);
} MessageKeys;

typedef struct MessageRequest { /* borrowed, raw, exactly as received */
    Span method;
    Span target;
    Span body;
    Span authorization; /* data NULL when absent */
    size_t authorization_count; /* how often the header was sent */
} MessageRequest;

/* What a right signature proves; spans borrow from the request's header. */
typedef struct MessageSender {
    const SigningProfile *profile;
    Span mchid;
    Span serial;
    Span nonce;
    int64_t timestamp_s;
    int64_t expires_s; /* with nonce_digest: what the audit event keeps for nonce_restore() */
    uint8_t nonce_digest[NONCE_DIGEST_BYTES];
} MessageSender;

typedef struct MessageVerifier MessageVerifier;

/* nonces NULL: replays are not looked at (tools). Both are borrowed for the verifier's life. */
MUST_USE Status message_verifier_open(
        const MessageKeys *keys, NonceSet *nonces, MessageVerifier **ret_verifier);
void message_verifier_close(MessageVerifier *verifier); /* NULL is fine */

/*
 * Verify one request; any thread.
 *
 * scratch     the caller's, emptied first; MESSAGE_CANONICAL_BYTES_MAX is always enough. Holds the
 * canonical string afterwards whenever the header could be read (else it is empty):
 * message_error_body() shows its beginning.
 *
 * Refuses AUTHORIZATION_MISSING / _FORMAT / _SCHEME, NONCE_FORMAT, TIMESTAMP_SKEWED,
 * MERCHANT_UNKNOWN, MERCHANT_KEY_UNKNOWN, SIGNATURE_FORMAT, SIGNATURE_INVALID,
 * NONCE_REPLAYED, STORE_BUSY, BUFFER_FULL (a part over its maximum).
 */
MUST_USE Status message_verify(const MessageVerifier *verifier, const MessageRequest *request,
        int64_t now_us, Buffer *scratch, MessageSender *ret_sender);

/* The same of an envelope; whether the merchant was given its profile is not asked here. Refuses
 * what stands above from TIMESTAMP_SKEWED on. */
MUST_USE Status message_verify_envelope(const MessageVerifier *verifier, const Envelope *envelope,
        int64_t now_us, Buffer *scratch, MessageSender *ret_sender);
