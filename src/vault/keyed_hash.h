#pragma once
/*
 * keyed_hash: SipHash-2-4 with 128 bits of output: short secret-keyed names for rows, payers and
 * boxes in our own tables. Who does not know the key can neither find two names that collide nor
 * recognise one. Source: Aumasson, Bernstein, SipHash (INDOCRYPT 2012), reference vectors of
 * siphash-128. Nothing can fail.
 */
#include "base/bytes.h"

enum { KEYED_HASH_BYTES = 16, KEYED_HASH_KEY_BYTES = 16 };

typedef struct KeyedHashKey { /* secret: the owner wipes it */
    uint64_t k0;
    uint64_t k1;
} KeyedHashKey;

typedef struct KeyedHash {
    uint8_t bytes[KEYED_HASH_BYTES];
} KeyedHash;

void keyed_hash_key(KeyedHashKey *ret_key, const uint8_t key[KEYED_HASH_KEY_BYTES]);
void keyed_hash(const KeyedHashKey *key, Span bytes, KeyedHash *ret_hash);
bool keyed_hash_equal(const KeyedHash *a, const KeyedHash *b);
