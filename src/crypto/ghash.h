#pragma once
/*
 * ghash: the universal hash of GCM (NIST SP 800-38D section 6.4), in constant time. Inside this
 * room only. With PCLMULQDQ where the processor has it, otherwise with integer multiplications on
 * bits spread four apart, so that no carry reaches the next one (Thomas Pornin's method in
 * BearSSL).
 */
#include "base/bytes.h"

typedef struct Ghash { /* secret: the owner wipes it */
    uint64_t h1, h0; /* the key, most significant word first */
    uint64_t y1, y0; /* the running value */
} Ghash;

void ghash_begin(Ghash *ret_hash, const uint8_t key[16]);
/* Absorb `bytes`, padded with zeros to whole blocks. */
void ghash_update(Ghash *hash, Span bytes);
void ghash_end(const Ghash *hash, uint8_t ret_value[16]);

/* The same without processor support: for the test that compares both. */
void ghash_update_portable(Ghash *hash, Span bytes);
