#include "crypto/ghash_inside.h"

static uint64_t load(const uint8_t *at)
{
    uint64_t v = 0;
    memcpy(&v, at, sizeof(v));
    return __builtin_bswap64(v);
}

static void store(uint8_t *at, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(at, &v, sizeof(v));
}

void ghash_begin(Ghash *ret_hash, const uint8_t key[16])
{
    *ret_hash = (Ghash) { .h1 = load(key), .h0 = load(key + 8) };
}

void ghash_end(const Ghash *hash, uint8_t ret_value[16])
{
    store(ret_value, hash->y1);
    store(ret_value + 8, hash->y0);
}

/* The low 64 bits of the carry-less product. Each factor is cut into four with every fourth bit
 * set, at most 16 of them: sums of 16 bits need 5 positions only in the top one, which falls away.
 */
static uint64_t multiply_low(uint64_t x, uint64_t y)
{
    static const uint64_t every_fourth = 0x1111111111111111u;
    uint64_t z = 0;
    for (unsigned residue = 0; residue < 4; residue++) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < 4; i++)
            sum ^= (x & (every_fourth << i)) * (y & (every_fourth << ((residue - i) & 3)));
        z |= sum & (every_fourth << residue);
    }
    return z;
}

static uint64_t reverse(uint64_t x)
{
    x = ((x & 0x5555555555555555u) << 1) | ((x >> 1) & 0x5555555555555555u);
    x = ((x & 0x3333333333333333u) << 2) | ((x >> 2) & 0x3333333333333333u);
    x = ((x & 0x0F0F0F0F0F0F0F0Fu) << 4) | ((x >> 4) & 0x0F0F0F0F0F0F0F0Fu);
    return __builtin_bswap64(x);
}

/* The high half is the low half of the product of the reversed factors, reversed. */
static uint64_t multiply_high(uint64_t x, uint64_t y)
{
    return reverse(multiply_low(reverse(x), reverse(y))) >> 1;
}

static void multiply_portable(Ghash *hash)
{
    const uint64_t y2 = hash->y0 ^ hash->y1; /* Karatsuba: three products instead of four */
    const uint64_t h2 = hash->h0 ^ hash->h1;
    const uint64_t low0 = multiply_low(hash->y0, hash->h0);
    const uint64_t low1 = multiply_high(hash->y0, hash->h0);
    const uint64_t high0 = multiply_low(hash->y1, hash->h1);
    const uint64_t high1 = multiply_high(hash->y1, hash->h1);
    const uint64_t middle0 = multiply_low(y2, h2) ^ low0 ^ high0;
    const uint64_t middle1 = multiply_high(y2, h2) ^ low1 ^ high1;
    ghash_reduce(hash, low0, low1 ^ middle0, high0 ^ middle1, high1);
}

static void update(Ghash *hash, Span bytes, GhashMultiply *multiply)
{
    size_t i = 0;
    for (; bytes.size - i >= 16; i += 16) {
        hash->y1 ^= load(bytes.data + i);
        hash->y0 ^= load(bytes.data + i + 8);
        multiply(hash);
    }
    if (i == bytes.size) return;
    uint8_t last[16] = { 0 };
    memcpy(last, bytes.data + i, bytes.size - i);
    hash->y1 ^= load(last);
    hash->y0 ^= load(last + 8);
    multiply(hash);
}

void ghash_update_portable(Ghash *hash, Span bytes) { update(hash, bytes, multiply_portable); }

void ghash_update(Ghash *hash, Span bytes)
{
    GhashMultiply *processor = ghash_processor_multiply();
    update(hash, bytes, processor != NULL ? processor : multiply_portable);
}
