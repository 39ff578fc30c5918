#pragma once
/*
 * digest: SHA-256, SHA-512 (FIPS 180-4) and SM3 (GB/T 32905-2016). Nothing here can fail.
 *
 * A DigestState is plain memory: copy it to fork a running digest (how mac.h gets its speed).
 * SM3 is our own code, because libcrypto's state cannot be copied without an allocation; it is
 * checked against libcrypto in digest_test.c. Floor 1. No shared state.
 */
#include "base/bytes.h"

enum {
    DIGEST_SHA256_BYTES = 32,
    DIGEST_SM3_BYTES = 32,
    DIGEST_SHA512_BYTES = 64,
    DIGEST_BYTES_MAX = 64,
    DIGEST_BLOCK_BYTES_MAX = 128,
};

/* Stored in our formats: append only. */
typedef enum DigestAlgorithm {
    DIGEST_SHA256 = 1,
    DIGEST_SM3 = 2,
    DIGEST_SHA512 = 3,
} DigestAlgorithm;

void sha256(Span bytes, uint8_t ret_digest[DIGEST_SHA256_BYTES]);
void sm3(Span bytes, uint8_t ret_digest[DIGEST_SM3_BYTES]);
void sha512(Span bytes, uint8_t ret_digest[DIGEST_SHA512_BYTES]);

/* One digest over `parts` one after another (no framing: the caller delimits). */
void digest_parts(DigestAlgorithm algorithm, const Span *parts, size_t count, uint8_t *ret_digest);

/* 32 or 64. */
size_t digest_bytes(DigestAlgorithm algorithm);
/* 64 or 128. */
size_t digest_block_bytes(DigestAlgorithm algorithm);

/* --- streaming --- */
typedef struct DigestState {
    DigestAlgorithm algorithm;
    uint64_t opaque[28]; /* libcrypto's SHA256_CTX or SHA512_CTX, or our Sm3State */
} DigestState;

void digest_begin(DigestState *ret_state, DigestAlgorithm algorithm);
void digest_update(DigestState *state, Span bytes);
/* Writes digest_bytes() bytes and wipes the state. */
void digest_end(DigestState *state, uint8_t *ret_digest);
