#pragma once
/*
 * hpke: base mode of RFC 9180 with its parts as parameters. Inside this room only: others use
 * box.h.
 *
 * Diffie-Hellman on P-256 or on the SM2 curve, by points and scalars directly: a fresh EVP_PKEY for
 * each message costs more than the multiplication. Secret scalars go through libcrypto's
 * constant-time multiplication. Thread-safe.
 */
#include "crypto/aead.h"
#include "crypto/derive.h"
#include "crypto/sign.h"

enum {
    HPKE_SCALAR_BYTES = 32,
    HPKE_POINT_BYTES = 65,
    HPKE_SECRET_BYTES = 32,
};

typedef struct HpkeSuite {
    KeyAlgorithm curve;
    MacAlgorithm kdf; /* of the KEM and of the key schedule */
    AeadSuite aead;
    uint16_t kem_id; /* RFC 9180 section 7 */
    uint16_t kdf_id;
    uint16_t aead_id;
} HpkeSuite;

typedef struct HpkeKeys { /* secret */
    uint8_t key[AEAD_KEY_BYTES_MAX];
    uint8_t nonce[AEAD_NONCE_BYTES]; /* base_nonce: of sequence number 0 */
} HpkeKeys;

/* For CLEANUP. */
void hpke_keys_wipe(HpkeKeys *keys);

/* point = scalar * G. Refuses REFUSED_KEY_FORMAT (scalar not in 1..n-1). */
MUST_USE Status hpke_public(
        KeyAlgorithm curve, const uint8_t scalar[HPKE_SCALAR_BYTES], uint8_t *ret_point);

/*
 * DHKEM's Encap with the ephemeral scalar given: section 4.1.
 * Refuses REFUSED_KEY_FORMAT (a scalar or point not of the curve).
 */
MUST_USE Status hpke_encapsulate(const HpkeSuite *suite, const uint8_t ephemeral[HPKE_SCALAR_BYTES],
        const uint8_t recipient[HPKE_POINT_BYTES], uint8_t ret_encapsulated[HPKE_POINT_BYTES],
        uint8_t ret_secret[HPKE_SECRET_BYTES]);

/* DHKEM's Decap. `encapsulated` is untrusted. Refuses REFUSED_BOX_TAMPERED. */
MUST_USE Status hpke_decapsulate(const HpkeSuite *suite, const uint8_t scalar[HPKE_SCALAR_BYTES],
        const uint8_t recipient[HPKE_POINT_BYTES], const uint8_t encapsulated[HPKE_POINT_BYTES],
        uint8_t ret_secret[HPKE_SECRET_BYTES]);

/* KeySchedule of mode_base: section 5.1. */
void hpke_schedule(const HpkeSuite *suite, const uint8_t secret[HPKE_SECRET_BYTES], Span info,
        HpkeKeys *ret_keys);

/* base_nonce becomes the nonce of message `number`: ComputeNonce, section 5.2. */
void hpke_message_nonce(uint64_t number, uint8_t nonce[AEAD_NONCE_BYTES]);

/* DeriveKeyPair: section 7.1.3, for the published vectors. */
MUST_USE Status hpke_derive_scalar(
        const HpkeSuite *suite, Span key_material, uint8_t ret_scalar[HPKE_SCALAR_BYTES]);
