#include "crypto/sm3.h"

/* The names P0, P1, FF, GG, W and T are those of the standard. */

static inline uint32_t rotate(uint32_t x, int n) { return (x << n) | (x >> (32 - n)); }
static inline uint32_t p0(uint32_t x) { return x ^ rotate(x, 9) ^ rotate(x, 17); }
static inline uint32_t p1(uint32_t x) { return x ^ rotate(x, 15) ^ rotate(x, 23); }
static inline uint32_t ff(uint32_t x, uint32_t y, uint32_t z) { return ((x | y) & z) | (x & y); }
static inline uint32_t gg(uint32_t x, uint32_t y, uint32_t z) { return ((y ^ z) & x) ^ z; }
static inline uint32_t parity(uint32_t x, uint32_t y, uint32_t z) { return x ^ y ^ z; }

static inline uint32_t load(const uint8_t *at)
{
    uint32_t v = 0;
    memcpy(&v, at, sizeof(v));
    return __builtin_bswap32(v);
}

static inline void store(uint8_t *at, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(at, &v, sizeof(v));
}

/* T_j <<< j: 0x79CC4519 for the first 16 rounds, 0x7A879D8A after them. */
#define T1(j) ((0x79CC4519u << (j)) | (0x79CC4519u >> ((32 - (j)) & 31)))
#define T2(j) ((0x7A879D8Au << ((j) % 32)) | (0x7A879D8Au >> ((32 - (j) % 32) & 31)))

/* One round. Instead of moving eight words, the caller turns their names. */
#define ROUND(A, B, C, D, E, F, G, H, T, BOOL_F, BOOL_G, w, w4) \
    do {                                                        \
        const uint32_t a12 = rotate(A, 12);                     \
        const uint32_t ss1 = rotate(a12 + (E) + (T), 7);        \
        D += BOOL_F(A, B, C) + (ss1 ^ a12) + ((w) ^ (w4));      \
        H += BOOL_G(E, F, G) + ss1 + (w);                       \
        B = rotate(B, 9);                                       \
        F = rotate(F, 19);                                      \
        H = p0(H);                                              \
    } while (0)

/* The message schedule, kept as a ring of 16 words: W[j+16] replaces W[j] once round j is done. */
#define EXPAND(j)                                                                       \
    (W[(j) % 16] = p1(W[(j) % 16] ^ W[((j) + 7) % 16] ^ rotate(W[((j) + 13) % 16], 15)) \
                    ^ rotate(W[((j) + 3) % 16], 7) ^ W[((j) + 10) % 16])

#define WORD(j) W[(j) % 16]

#define FOUR_ROUNDS(j, T, BOOL_F, BOOL_G, E0, E1, E2, E3)                                        \
    do {                                                                                         \
        ROUND(a, b, c, d, e, f, g, h, T(j), BOOL_F, BOOL_G, WORD(j), WORD((j) + 4));             \
        E0;                                                                                      \
        ROUND(d, a, b, c, h, e, f, g, T((j) + 1), BOOL_F, BOOL_G, WORD((j) + 1), WORD((j) + 5)); \
        E1;                                                                                      \
        ROUND(c, d, a, b, g, h, e, f, T((j) + 2), BOOL_F, BOOL_G, WORD((j) + 2), WORD((j) + 6)); \
        E2;                                                                                      \
        ROUND(b, c, d, a, f, g, h, e, T((j) + 3), BOOL_F, BOOL_G, WORD((j) + 3), WORD((j) + 7)); \
        E3;                                                                                      \
    } while (0)

#define FOUR_GROWING(j, T, BOOL_F, BOOL_G) \
    FOUR_ROUNDS(j, T, BOOL_F, BOOL_G, EXPAND(j), EXPAND((j) + 1), EXPAND((j) + 2), EXPAND((j) + 3))

static void compress(uint32_t chain[8], const uint8_t *bytes, size_t blocks)
{
    uint32_t W[16];
    for (; blocks > 0; blocks--, bytes += SM3_BLOCK_BYTES) {
        for (size_t i = 0; i < 16; i++)
            W[i] = load(bytes + 4 * i);
        uint32_t a = chain[0], b = chain[1], c = chain[2], d = chain[3];
        uint32_t e = chain[4], f = chain[5], g = chain[6], h = chain[7];
        FOUR_GROWING(0, T1, parity, parity);
        FOUR_GROWING(4, T1, parity, parity);
        FOUR_GROWING(8, T1, parity, parity);
        FOUR_GROWING(12, T1, parity, parity);
        FOUR_GROWING(16, T2, ff, gg);
        FOUR_GROWING(20, T2, ff, gg);
        FOUR_GROWING(24, T2, ff, gg);
        FOUR_GROWING(28, T2, ff, gg);
        FOUR_GROWING(32, T2, ff, gg);
        FOUR_GROWING(36, T2, ff, gg);
        FOUR_GROWING(40, T2, ff, gg);
        FOUR_GROWING(44, T2, ff, gg);
        FOUR_GROWING(48, T2, ff, gg);
        FOUR_ROUNDS(52, T2, ff, gg, (void)0, (void)0, (void)0, (void)0);
        FOUR_ROUNDS(56, T2, ff, gg, (void)0, (void)0, (void)0, (void)0);
        FOUR_ROUNDS(60, T2, ff, gg, (void)0, (void)0, (void)0, (void)0);
        chain[0] ^= a, chain[1] ^= b, chain[2] ^= c, chain[3] ^= d;
        chain[4] ^= e, chain[5] ^= f, chain[6] ^= g, chain[7] ^= h;
    }
}

void sm3_begin(Sm3State *ret_state)
{
    *ret_state = (Sm3State) { .chain = { 0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC,
                                      0x163138AA, 0xE38DEE4D, 0xB0FB0E4E } };
}

void sm3_update(Sm3State *state, Span bytes)
{
    if (bytes.size == 0) return;
    const size_t used = state->size % SM3_BLOCK_BYTES;
    state->size += bytes.size;
    if (used > 0) {
        const size_t room = SM3_BLOCK_BYTES - used;
        const size_t taken = bytes.size < room ? bytes.size : room;
        memcpy(state->block + used, bytes.data, taken);
        if (taken < room) return;
        compress(state->chain, state->block, 1);
        bytes = (Span) { bytes.data + taken, bytes.size - taken };
    }
    const size_t blocks = bytes.size / SM3_BLOCK_BYTES;
    compress(state->chain, bytes.data, blocks);
    const size_t rest = bytes.size - blocks * SM3_BLOCK_BYTES;
    if (rest > 0) memcpy(state->block, bytes.data + blocks * SM3_BLOCK_BYTES, rest);
}

void sm3_end(Sm3State *state, uint8_t ret_digest[32])
{
    size_t used = state->size % SM3_BLOCK_BYTES;
    state->block[used++] = 0x80;
    if (used > SM3_BLOCK_BYTES - 8) {
        memset(state->block + used, 0, SM3_BLOCK_BYTES - used);
        compress(state->chain, state->block, 1);
        used = 0;
    }
    memset(state->block + used, 0, SM3_BLOCK_BYTES - 8 - used);
    const uint64_t bits = state->size * 8;
    store(state->block + 56, (uint32_t)(bits >> 32));
    store(state->block + 60, (uint32_t)bits);
    compress(state->chain, state->block, 1);
    for (size_t i = 0; i < 8; i++)
        store(ret_digest + 4 * i, state->chain[i]);
}
