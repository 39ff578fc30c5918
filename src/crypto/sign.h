#pragma once
/*
 * sign: public and private keys; signatures of RSA, SM2, Ed25519 and P-256 (LL-4.3.9).
 *
 *   KEY_RSA      2048..4096 bits, e = 65537; PKCS#1 v1.5 with SHA-256 (the v3 profile)
 *   KEY_SM2      GB/T 32918.2 with SM3; signer ID "1234567812345678" unless given; DER {r, s}
 *   KEY_ED25519  RFC 8032
 *   KEY_P256     ECDSA with SHA-256, DER {r, s}; also the key agreement of box.h
 *
 * Keys are immutable once made: any number of threads may use one at once. DER signatures are
 * parsed strictly by us (minimal, in range, nothing behind) before libcrypto sees them. Floor 1.
 */
#include "base/bytes.h"

enum {
    SIGN_BYTES_MAX = 512, /* RSA-4096 */
    SIGN_DER_BYTES_MAX = 72, /* SM2 and P-256 */
    SIGN_RAW_BYTES = 64, /* the same without DER */
    SIGN_KEY_PEM_BYTES_MAX = 16384,
    SIGN_SPKI_BYTES_MAX = 1024,
    SIGN_PKCS8_BYTES_MAX = 4096,
    SIGN_SM2_ID_BYTES_MAX = 128,
    SIGN_RSA_BITS_MIN = 2048,
    SIGN_RSA_BITS_MAX = 4096,
    SIGN_RSA_OAEP_BYTES_MAX = 512,
};

/* Stored: append only. */
typedef enum KeyAlgorithm {
    KEY_RSA = 1,
    KEY_SM2 = 2,
    KEY_ED25519 = 3,
    KEY_P256 = 4,
} KeyAlgorithm;

typedef struct PublicKey PublicKey;
typedef struct PrivateKey PrivateKey;

/* --- public keys --- */

/*
 * From PEM: "PUBLIC KEY" (SPKI), "CERTIFICATE REQUEST" (its self-signature is verified) or
 * "CERTIFICATE" (only its key is taken: see certificate.h to verify one).
 *
 * Refuses REFUSED_KEY_FORMAT (not such a PEM, or an algorithm we do not take), REFUSED_KEY_WEAK
 * (RSA under 2048 or over 4096 bits, e != 65537), REFUSED_SIGNATURE_INVALID (request). The caller
 * frees.
 */
MUST_USE Status public_key_from_pem(Span pem, PublicKey **ret_key);
/* From SubjectPublicKeyInfo DER; refuses as above. */
MUST_USE Status public_key_from_spki(Span der, PublicKey **ret_key);
/* From an uncompressed point 04 || x || y of 65 bytes (KEY_SM2, KEY_P256). */
MUST_USE Status public_key_from_point(KeyAlgorithm algorithm, Span point, PublicKey **ret_key);
/* Append SubjectPublicKeyInfo DER, at most SIGN_SPKI_BYTES_MAX. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status public_key_to_spki(const PublicKey *key, Buffer *ret_der);
MUST_USE Status public_key_to_pem(const PublicKey *key, Buffer *ret_pem);
KeyAlgorithm public_key_algorithm(const PublicKey *key);
/* SHA-256 of the SPKI DER: the name by which a key is enrolled. */
void public_key_fingerprint(const PublicKey *key, uint8_t ret_digest[32]);
/* Frees; NULL is fine. For CLEANUP(public_key_free). */
void public_key_free(PublicKey **key);

/* --- private keys --- */

/* A fresh key from libcrypto's DRBG (seeded by getrandom). RSA: 2048 bits. Faults FAULT_CRYPTO. */
MUST_USE Status private_key_generate(KeyAlgorithm algorithm, PrivateKey **ret_key);
MUST_USE Status private_key_generate_rsa(int bits, PrivateKey **ret_key);
/* Unencrypted PKCS#8 DER or PEM ("PRIVATE KEY"). Refuses as public_key_from_pem. */
MUST_USE Status private_key_from_pkcs8(Span der, PrivateKey **ret_key);
MUST_USE Status private_key_from_pem(Span pem, PrivateKey **ret_key);
/* Append; what is appended is a secret: the caller wipes it. At most SIGN_PKCS8_BYTES_MAX. */
MUST_USE Status private_key_to_pkcs8(const PrivateKey *key, Buffer *ret_der);
MUST_USE Status private_key_to_pem(const PrivateKey *key, Buffer *ret_pem);
KeyAlgorithm private_key_algorithm(const PrivateKey *key);
/* Its public half, borrowed: lives as long as `key`. */
const PublicKey *private_key_public(const PrivateKey *key);
/* Wipes and frees; NULL is fine. For CLEANUP(private_key_free). */
void private_key_free(PrivateKey **key);

/* --- signatures --- */

/* Append the signature, at most SIGN_BYTES_MAX. Refuses REFUSED_BUFFER_FULL. Faults FAULT_CRYPTO.
 */
MUST_USE Status sign_make(const PrivateKey *key, Span message, Buffer *ret_signature);

/*
 * Refuses REFUSED_SIGNATURE_FORMAT (wrong length, not strict DER, r or s out of range),
 * REFUSED_SIGNATURE_INVALID (does not match).
 */
MUST_USE Status sign_verify(const PublicKey *key, Span message, Span signature);
/* The same for r | s, SIGN_RAW_BYTES, as WebCrypto and PKCS#11 make it; REFUSED_SIGNATURE_FORMAT
 * also for a key that is neither KEY_SM2 nor KEY_P256. */
MUST_USE Status sign_verify_raw(const PublicKey *key, Span message, Span signature);

/* SM2 with another signer ID of 1..SIGN_SM2_ID_BYTES_MAX bytes (asserted: KEY_SM2). */
MUST_USE Status sign_make_sm2(const PrivateKey *key, Span id, Span message, Buffer *ret_signature);
MUST_USE Status sign_verify_sm2(const PublicKey *key, Span id, Span message, Span signature);

/*
 * Strict DER SEQUENCE { INTEGER r, INTEGER s } into two 32-byte big-endian numbers, 1 <= r, s < n
 * of the curve (KEY_SM2 or KEY_P256), for SM2 also r + s != n. Refuses REFUSED_SIGNATURE_FORMAT.
 */
MUST_USE Status sign_der_parse(KeyAlgorithm curve, Span der, uint8_t ret_r[32], uint8_t ret_s[32]);
/* Append the DER of two such numbers. */
MUST_USE Status sign_der_write(const uint8_t r[32], const uint8_t s[32], Buffer *ret_der);

/* --- the v3 profile's sensitive fields: RSA-OAEP with SHA-1 and MGF1-SHA-1 (reference/message.md
 * section 1). SHA-1 is what the wire demands; nothing else of ours uses it. --- */
MUST_USE Status public_key_encrypt_oaep(const PublicKey *key, Span plain, Buffer *ret_sealed);
/* Refuses REFUSED_BOX_TAMPERED. ret_plain will hold a secret. */
MUST_USE Status private_key_decrypt_oaep(const PrivateKey *key, Span sealed, Buffer *ret_plain);
