#pragma once
/*
 * ghash_inside: what ghash.c and the processor's own multiplication share. Meson chooses
 * ghash_x86.c or ghash_plain.c.
 */
#include "crypto/ghash.h"

/* y = y * h in GCM's field. */
typedef void GhashMultiply(Ghash *hash);

/* The processor's multiplication, or NULL when it has none. */
GhashMultiply *ghash_processor_multiply(void);

/* The product v (256 bits, v[0] lowest) modulo x^128 + x^7 + x^2 + x + 1. GCM numbers bits from the
 * left, so the product of two 128-bit values stands one bit too low: shift first. */
static inline void ghash_reduce(Ghash *hash, uint64_t v0, uint64_t v1, uint64_t v2, uint64_t v3)
{
    v3 = (v3 << 1) | (v2 >> 63);
    v2 = (v2 << 1) | (v1 >> 63);
    v1 = (v1 << 1) | (v0 >> 63);
    v0 = v0 << 1;
    v2 ^= v0 ^ (v0 >> 1) ^ (v0 >> 2) ^ (v0 >> 7);
    v1 ^= (v0 << 63) ^ (v0 << 62) ^ (v0 << 57);
    v3 ^= v1 ^ (v1 >> 1) ^ (v1 >> 2) ^ (v1 >> 7);
    v2 ^= (v1 << 63) ^ (v1 << 62) ^ (v1 << 57);
    hash->y0 = v2;
    hash->y1 = v3;
}
