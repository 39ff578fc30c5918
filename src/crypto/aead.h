#pragma once
/*
 * aead: AES-GCM and SM4-GCM (NIST SP 800-38D; RFC 8998 for SM4), 12-byte nonce, 16-byte tag.
 *
 * SM4-GCM is composed here from libcrypto's SM4 and our own constant-time GHASH, until libcrypto
 * has it. The v3 profile's keys: AES takes the 32-byte APIv3 key, SM4 the first 16 bytes of its
 * SM3. A nonce must never repeat under one key; seal.h and box.h see to that themselves.
 * TP-13. Thread-safe. Floor 1. Vectors: NIST CAVP, RFC 8998 A.1, Tencent.
 */
#include "base/bytes.h"

enum {
    AEAD_NONCE_BYTES = 12,
    AEAD_TAG_BYTES = 16,
    AEAD_KEY_BYTES_MAX = 32,
    AEAD_BYTES_MAX = 1 << 24, /* plain, and aad: a message, never a file */
};

/* Stored in our formats: append only. */
typedef enum AeadSuite {
    AEAD_AES_256_GCM = 1, /* 32-byte key */
    AEAD_SM4_GCM = 2, /* 16-byte key */
    AEAD_AES_128_GCM = 3, /* 16-byte key: TP-13's smallest, and the published vectors of RFC 9180 */
} AeadSuite;

/* 32 or 16; 0 for an unknown suite. */
size_t aead_key_bytes(AeadSuite suite);

/*
 * Append cipher || tag (plain.size + AEAD_TAG_BYTES) to ret_sealed.
 *
 * key    exactly aead_key_bytes(suite) (asserted)
 * plain  must not overlap ret_sealed
 * Refuses REFUSED_BUFFER_FULL (ret_sealed too small, or over AEAD_BYTES_MAX). Faults FAULT_CRYPTO.
 */
MUST_USE Status aead_close(AeadSuite suite, Span key, const uint8_t nonce[AEAD_NONCE_BYTES],
        Span aad, Span plain, Buffer *ret_sealed);

/*
 * Append the plaintext to ret_plain, after the tag was checked.
 *
 * Refuses REFUSED_AEAD_TAMPERED (bytes, key, nonce or aad differ; not told apart),
 * REFUSED_BUFFER_FULL. Unless OK, ret_plain is unchanged and its free part holds no plaintext.
 */
MUST_USE Status aead_open(AeadSuite suite, Span key, const uint8_t nonce[AEAD_NONCE_BYTES],
        Span aad, Span sealed, Buffer *ret_plain);
