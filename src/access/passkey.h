#pragma once
/*
 * passkey: WebAuthn credentials (W3C Web Authentication, Level 3, sections 7.1 and 7.2): what an
 * authenticator made is taken in once, and its assertions are verified ever after (LL-4.5.2). Only
 * public keys come here; the private half never leaves the authenticator.
 *
 * ES256 and EdDSA; attestation "none"; one site, one origin, never inside somebody else's frame.
 * clientDataJSON is parsed as strict JSON, members that we do not know are skipped as the standard
 * demands. Pure: challenges are given out and spent by passkey_challenge.h, keys are kept by
 * passkey_book.h. Thread-safe.
 */
#include "crypto/sign.h"

enum {
    PASSKEY_ID_BYTES_MAX = 255,
    PASSKEY_KEY_BYTES_MAX = 128, /* SubjectPublicKeyInfo of P-256 or Ed25519 */
    PASSKEY_CHALLENGE_BYTES = 32,
    PASSKEY_CLIENT_DATA_BYTES_MAX = 4096,
    PASSKEY_ANSWER_BYTES_MAX = 4096, /* an attestation object, authenticator data */
};

/* Where passkeys count. */
typedef struct PasskeySite {
    Span rp_id; /* "console.example.org": as options.rp.id */
    Span origin; /* "https://console.example.org:8443", exactly as the browser writes it */
    bool verify_user; /* the authenticator must have asked for PIN, finger or face */
} PasskeySite;

/* A credential's public half. */
typedef struct PasskeyKey {
    uint8_t id[PASSKEY_ID_BYTES_MAX];
    size_t id_size;
    KeyAlgorithm algorithm; /* KEY_P256 or KEY_ED25519 */
    uint8_t spki[PASSKEY_KEY_BYTES_MAX];
    size_t spki_size;
    uint32_t count; /* of signatures, by the authenticator's own account; 0: it does not count */
    bool may_be_copied; /* backup eligible: it may wander between its owner's devices */
} PasskeyKey;

/* The challenge that an answer was made for, before anything else is believed of it. Refuses
 * PASSKEY_FORMAT. */
MUST_USE Status passkey_challenge_of(
        Span client_data, uint8_t ret_challenge[PASSKEY_CHALLENGE_BYTES]);

/*
 * What navigator.credentials.create() returned: response.clientDataJSON and
 * response.attestationObject, decoded.
 * Refuses PASSKEY_FORMAT, CBOR_FORMAT, PASSKEY_CHALLENGE (another one), PASSKEY_ORIGIN,
 * PASSKEY_PRESENCE, PASSKEY_ATTESTATION, PASSKEY_KEY.
 */
MUST_USE Status passkey_register(const PasskeySite *site,
        const uint8_t challenge[PASSKEY_CHALLENGE_BYTES], Span client_data, Span attestation,
        PasskeyKey *ret_key);

/* What navigator.credentials.get() returned, decoded. */
typedef struct PasskeyAnswer {
    Span client_data;
    Span authenticator_data;
    Span signature;
} PasskeyAnswer;
/*
 * ret_count  keep it as key->count when it is another
 * Refuses PASSKEY_FORMAT, PASSKEY_CHALLENGE, PASSKEY_ORIGIN, PASSKEY_PRESENCE,
 * PASSKEY_SIGNATURE, PASSKEY_COUNT (after all else was right: an alarm is due).
 */
MUST_USE Status passkey_verify(const PasskeySite *site,
        const uint8_t challenge[PASSKEY_CHALLENGE_BYTES], const PasskeyAnswer *answer,
        const PasskeyKey *key, uint32_t *ret_count);
