#pragma once
/*
 * mac: HMAC (RFC 2104) with its key hashed once.
 *
 * A MacKey holds the digest states after the two padded key blocks, so one MAC over 250 bytes is
 * six compressions and no allocation. Nothing here can fail. A const MacKey may be used by any
 * number of threads at once. What signs rows and fields (TP-10). Vectors: RFC 4231; HMAC-SM3
 * against libcrypto. Floor 1.
 */
#include "crypto/digest.h"

enum { MAC_BYTES_MAX = 64 };

/* Stored in our formats: append only; equal to the DigestAlgorithm below it. */
typedef enum MacAlgorithm {
    MAC_HMAC_SHA256 = DIGEST_SHA256, /* 32 bytes */
    MAC_HMAC_SM3 = DIGEST_SM3, /* 32 bytes */
    MAC_HMAC_SHA512 = DIGEST_SHA512, /* 64 bytes */
} MacAlgorithm;

typedef struct MacKey { /* secret: the owner wipes it */
    MacAlgorithm algorithm;
    DigestState inner;
    DigestState outer;
} MacKey;

/* key  any size, borrowed only during the call */
void mac_key_init(MacKey *ret_key, MacAlgorithm algorithm, Span key);
/* For CLEANUP. */
void mac_key_wipe(MacKey *key);

/* MAC over `parts` one after another (no framing: the caller delimits). Writes mac_bytes() bytes.
 */
void mac_make(const MacKey *key, const Span *parts, size_t count, uint8_t *ret_mac);

/* The same for many messages of `each` parts, one message after another, of an algorithm of 32
 * bytes (asserted); several at once where the processor can. */
void mac_make_many(
        const MacKey *key, const Span *parts, size_t each, size_t count, uint8_t (*ret_macs)[32]);

/* The same for a key used once. */
void mac_once(MacAlgorithm algorithm, Span key, Span message, uint8_t *ret_mac);

/* 32 or 64. Compare with bytes_equal_ct(). */
size_t mac_bytes(MacAlgorithm algorithm);
