#pragma once
/*
 * key_inside: what a key is made of, for this room only. All fields are constant once the key is
 * made.
 */
#include "crypto/library_inside.h"
#include "crypto/sign.h"

enum { KEY_SCALAR_BYTES = 32, KEY_POINT_BYTES = 65, KEY_SM2_Z_BYTES = 32 };

struct PublicKey {
    KeyAlgorithm algorithm;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *verify; /* prepared; copied for each use; NULL for Ed25519 */
    uint8_t point[KEY_POINT_BYTES]; /* SM2, P-256: 04 | x | y */
    uint8_t z[KEY_SM2_Z_BYTES]; /* SM2: of the default signer ID */
};

struct PrivateKey {
    KeyAlgorithm algorithm;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *sign; /* as above */
    PublicKey *public_half;
    uint8_t scalar[KEY_SCALAR_BYTES]; /* SM2, P-256: secret */
};

/* SM3(ENTL | ID | a | b | G | P), GB/T 32918.2 section 5.5. point: KEY_POINT_BYTES. */
void key_sm2_z(const uint8_t *point, Span id, uint8_t ret_z[KEY_SM2_Z_BYTES]);

/* Takes a reference of its own to pkey. Refuses REFUSED_KEY_FORMAT, REFUSED_KEY_WEAK. */
MUST_USE Status key_public_wrap(EVP_PKEY *pkey, PublicKey **ret_key);

/* The first PEM block: its DER in memory of OPENSSL_malloc, for key_der_free(). `label_max` bytes
 * for its NUL-terminated label. Refuses REFUSED_KEY_FORMAT. */
typedef struct KeyDer {
    uint8_t *data;
    long size;
    char label[32];
} KeyDer;
MUST_USE Status key_der_from_pem(Span pem, KeyDer *ret_der);
void key_der_free(KeyDer *der); /* wipes */
/* The first element of the outer SEQUENCE, header included: of a certificate or a request, the
 * bytes that were signed, exactly as they came. Refuses REFUSED_KEY_FORMAT. */
MUST_USE Status key_signed_part(Span der, Span *ret_part);
/* libcrypto's number of the one signature algorithm that goes with a key of ours in a certificate
 * or request; anything else there (SHA-1) is refused. */
int key_signature_nid(KeyAlgorithm algorithm);
/* The bytes of a signature in a certificate or request. A count of unused bits would give one
 * signature several encodings: it must be zero. Refuses REFUSED_SIGNATURE_FORMAT. */
MUST_USE Status key_signature_bytes(const struct asn1_string_st *bits, Span *ret_signature);
/* Append one PEM block. */
MUST_USE Status key_pem_put(const char *label, Span der, Buffer *ret_pem);
