#pragma once
/*
 * seal: encrypt one sensitive field so that it opens only in its own place (TP-13, DESIGN
 * section 6).
 *
 *     sealed = magic "HFSF" | version u8 | suite u8 | key id u32 | key version u32
 *            | record id u8[32] | cipher u8[n] | tag u8[16] | commitment u8[16]     (n + 78 bytes)
 *
 * The place is whatever the caller binds to (framed tenant, class, table id, column id, row key);
 * it is not stored, and authenticated together with the header. A fresh random record id per seal
 * derives an own key, nonce and commitment: HKDF-Expand(key, "hufu seal 1" | header). So no nonce
 * repeats, no 2^32 limit is near, and a ciphertext cannot be made to open under two keys. Suite 1:
 * HKDF-SHA256 + AES-256-GCM. Suite 2: HKDF-SM3 + SM4-GCM. Suite 3: HKDF-SHA256 + AES-128-GCM, for
 * who is bound to TP-13's letter. Thread-safe. Floor 1.
 */
#include "base/seams.h"
#include "crypto/mac.h"

enum {
    SEAL_KEY_BYTES = 32,
    SEAL_RECORD_ID_BYTES = 32,
    SEAL_COMMITMENT_BYTES = 16,
    SEAL_HEADER_BYTES = 4 + 1 + 1 + 4 + 4 + SEAL_RECORD_ID_BYTES,
    SEAL_OVERHEAD_BYTES = SEAL_HEADER_BYTES + 16 + SEAL_COMMITMENT_BYTES,
    SEAL_PLAIN_BYTES_MAX = 8192, /* a field, never a file */
    SEAL_PLACE_BYTES_MAX = 1024,
};

/* Stored: append only. */
typedef enum SealSuite {
    SEAL_AES_256_GCM = 1,
    SEAL_SM4_GCM = 2,
    SEAL_AES_128_GCM = 3,
} SealSuite;

typedef struct SealKey { /* secret: the owner wipes it; const use from many threads is safe */
    SealSuite suite;
    uint32_t key_id;
    uint32_t key_version;
    MacKey derive;
} SealKey;

/* What stands readable in a sealed field: enough to find the key. */
typedef struct SealHeader {
    SealSuite suite;
    uint32_t key_id;
    uint32_t key_version;
    uint8_t record_id[SEAL_RECORD_ID_BYTES];
} SealHeader;

/* key  uniform secret bytes */
void seal_key_init(SealKey *ret_key, SealSuite suite, uint32_t key_id, uint32_t key_version,
        const uint8_t key[SEAL_KEY_BYTES]);
/* For CLEANUP. */
void seal_key_wipe(SealKey *key);

/*
 * Append the sealed field (plain.size + SEAL_OVERHEAD_BYTES) to ret_sealed.
 *
 * place  1..SEAL_PLACE_BYTES_MAX bytes, not secret, needed again to open
 * plain  0..SEAL_PLAIN_BYTES_MAX bytes; must not overlap ret_sealed
 * Refuses REFUSED_SEAL_SIZE, REFUSED_BUFFER_FULL. Faults FAULT_CRYPTO, FAULT_RANDOM.
 */
MUST_USE Status seal_close(
        const SealKey *key, const Random *random, Span place, Span plain, Buffer *ret_sealed);

/* Read the header of untrusted bytes. Nothing is authenticated yet. Refuses REFUSED_SEAL_FORMAT. */
MUST_USE Status seal_parse(Span sealed, SealHeader *ret_header);

/*
 * Append what seal_close() sealed under the same key for the same place.
 *
 * ret_plain  will hold a secret: wipe it after use
 * Refuses REFUSED_SEAL_FORMAT (not our bytes, or another suite, key id or version than `key`),
 * REFUSED_SEAL_SIZE (place), REFUSED_SEAL_TAMPERED (bytes, key or place differ; not told apart),
 * REFUSED_BUFFER_FULL. Unless OK, ret_plain is unchanged.
 */
MUST_USE Status seal_open(const SealKey *key, Span place, Span sealed, Buffer *ret_plain);
