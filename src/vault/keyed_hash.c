#include "vault/keyed_hash.h"

typedef struct SipState {
    uint64_t v0, v1, v2, v3;
} SipState;

static uint64_t rotate(uint64_t x, int bits) { return (x << bits) | (x >> (64 - bits)); }

static uint64_t load_le(const uint8_t *bytes, size_t size)
{
    uint64_t x = 0;
    for (size_t i = 0; i < size; i++)
        x |= (uint64_t)bytes[i] << (8 * i);
    return x;
}

static void store_le(uint64_t x, uint8_t ret_bytes[8])
{
    for (size_t i = 0; i < 8; i++)
        ret_bytes[i] = (uint8_t)(x >> (8 * i));
}

static inline void rounds(SipState *s, int count)
{
    for (int i = 0; i < count; i++) {
        s->v0 += s->v1;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v2 = rotate(s->v2, 32);
    }
}

static inline void absorb(SipState *s, uint64_t word)
{
    s->v3 ^= word;
    rounds(s, 2);
    s->v0 ^= word;
}

void keyed_hash_key(KeyedHashKey *ret_key, const uint8_t key[KEYED_HASH_KEY_BYTES])
{
    ret_key->k0 = load_le(key, 8);
    ret_key->k1 = load_le(key + 8, 8);
}

void keyed_hash(const KeyedHashKey *key, Span bytes, KeyedHash *ret_hash)
{
    SipState s = {
        key->k0 ^ 0x736f6d6570736575U,
        key->k1 ^ 0x646f72616e646f6dU ^ 0xee, /* 0xee: the 128-bit variant */
        key->k0 ^ 0x6c7967656e657261U,
        key->k1 ^ 0x7465646279746573U,
    };
    const size_t whole = bytes.size / 8 * 8;
    for (size_t i = 0; i < whole; i += 8)
        absorb(&s, load_le(bytes.data + i, 8));
    const uint64_t size_byte = (uint64_t)bytes.size << 56;
    const size_t rest = bytes.size - whole;
    absorb(&s, size_byte | (rest > 0 ? load_le(bytes.data + whole, rest) : 0));

    s.v2 ^= 0xee;
    rounds(&s, 4);
    store_le(s.v0 ^ s.v1 ^ s.v2 ^ s.v3, ret_hash->bytes);
    s.v1 ^= 0xdd;
    rounds(&s, 4);
    store_le(s.v0 ^ s.v1 ^ s.v2 ^ s.v3, ret_hash->bytes + 8);
}

bool keyed_hash_equal(const KeyedHash *a, const KeyedHash *b)
{
    return bytes_equal_ct(a->bytes, b->bytes, KEYED_HASH_BYTES);
}
