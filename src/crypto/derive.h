#pragma once
/*
 * derive: HKDF (RFC 5869) with HMAC-SHA256, HMAC-SM3 or HMAC-SHA512. Nothing here can fail.
 *
 * Extract once from what is not uniform (a shared point), expand as often as keys are needed.
 * A key of ours is uniform already and may be expanded directly (RFC 5869 section 3.3). Floor 1.
 */
#include "crypto/mac.h"

enum { DERIVE_BYTES_MAX = 255 * 32 };

/* Writes mac_bytes() bytes: a secret. An empty salt means zeros. */
void derive_extract(MacAlgorithm algorithm, Span salt, Span key_material, uint8_t *ret_secret);

/* `size` <= DERIVE_BYTES_MAX (asserted). info is the concatenation of `parts`. */
void derive_expand(
        const MacKey *key, const Span *parts, size_t count, uint8_t *ret_bytes, size_t size);

/* Extract, then expand. */
void derive_hkdf(MacAlgorithm algorithm, Span salt, Span key_material, Span info,
        uint8_t *ret_bytes, size_t size);
