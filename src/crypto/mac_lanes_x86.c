#include "crypto/mac_lanes.h"

/* SM3 (GB/T 32905-2016), eight messages side by side: lane i of each vector is message i. */

typedef uint32_t V __attribute__((vector_size(32)));
#define AVX2 __attribute__((target("avx2"), always_inline)) static inline
#define ROTATE(x, n) (((x) << (n)) | ((x) >> (32 - (n))))

typedef struct Sm3 {
    V a, b, c, d, e, f, g, h;
} Sm3;

AVX2 V sm3_word(MacLane lanes[MAC_LANES], size_t at)
{
    V w;
    for (size_t i = 0; i < MAC_LANES; i++) {
        uint32_t word = 0;
        memcpy(&word, lanes[i].bytes + at, sizeof(word));
        w[i] = __builtin_bswap32(word);
    }
    return w;
}

AVX2 void sm3_round(Sm3 *s, int j, V w, V w4)
{
    const uint32_t t0 = j < 16 ? 0x79CC4519U : 0x7A879D8AU;
    const uint32_t t = j % 32 == 0 ? t0 : (t0 << (j % 32)) | (t0 >> (32 - j % 32));
    const V a12 = ROTATE(s->a, 12);
    const V sum = a12 + s->e + t;
    const V ss1 = ROTATE(sum, 7);
    const V ff = j < 16 ? s->a ^ s->b ^ s->c : ((s->a | s->b) & s->c) | (s->a & s->b);
    const V gg = j < 16 ? s->e ^ s->f ^ s->g : ((s->f ^ s->g) & s->e) ^ s->g;
    const V tt1 = ff + s->d + (ss1 ^ a12) + (w ^ w4);
    const V tt2 = gg + s->h + ss1 + w;
    s->d = s->c;
    s->c = ROTATE(s->b, 9);
    s->b = s->a;
    s->a = tt1;
    s->h = s->g;
    s->g = ROTATE(s->f, 19);
    s->f = s->e;
    s->e = tt2 ^ ROTATE(tt2, 9) ^ ROTATE(tt2, 17);
}

AVX2 V sm3_expand(const V w[16], int j)
{
    const V x = w[j % 16] ^ w[(j + 7) % 16] ^ ROTATE(w[(j + 13) % 16], 15);
    return x ^ ROTATE(x, 15) ^ ROTATE(x, 23) ^ ROTATE(w[(j + 3) % 16], 7) ^ w[(j + 10) % 16];
}

__attribute__((target("avx2"))) static void sm3_block(Sm3 *s, MacLane lanes[MAC_LANES], size_t at)
{
    V w[16];
    for (size_t i = 0; i < 16; i++)
        w[i] = sm3_word(lanes, at + 4 * i);
#pragma GCC unroll 64
    for (int j = 0; j < 64; j++) {
        /* W[j + 4] is needed already: the ring grows four words ahead. */
        if (j >= 12) w[(j + 4) % 16] = sm3_expand(w, j + 4);
        sm3_round(s, j, w[j % 16], w[(j + 4) % 16]);
    }
}

__attribute__((target("avx2"))) static void sm3_eight(MacLane lanes[MAC_LANES], size_t blocks)
{
    V chain[8];
    V ends;
    for (size_t i = 0; i < MAC_LANES; i++) {
        ends[i] = (uint32_t)lanes[i].blocks;
        for (size_t k = 0; k < 8; k++)
            chain[k][i] = lanes[i].state[k];
    }
    for (size_t n = 0; n < blocks; n++) {
        Sm3 s = { chain[0], chain[1], chain[2], chain[3], chain[4], chain[5], chain[6], chain[7] };
        sm3_block(&s, lanes, n * MAC_LANE_BLOCK_BYTES);
        const V now = { (uint32_t)n, (uint32_t)n, (uint32_t)n, (uint32_t)n, (uint32_t)n,
            (uint32_t)n, (uint32_t)n, (uint32_t)n };
        const V goes_on = (V)(ends > now); /* a shorter message keeps what it has */
        const V out[8] = { s.a, s.b, s.c, s.d, s.e, s.f, s.g, s.h };
        for (size_t k = 0; k < 8; k++)
            chain[k] ^= out[k] & goes_on;
    }
    for (size_t i = 0; i < MAC_LANES; i++)
        for (size_t k = 0; k < 8; k++)
            lanes[i].state[k] = chain[k][i];
}

bool mac_lanes_here(MacAlgorithm algorithm)
{
    if (algorithm == MAC_HMAC_SHA256) return mac_lanes_here_sha256();
    return algorithm == MAC_HMAC_SM3 && __builtin_cpu_supports("avx2");
}

void mac_lanes_run(MacAlgorithm algorithm, MacLane lanes[MAC_LANES], size_t count)
{
    if (algorithm == MAC_HMAC_SHA256) {
        mac_lanes_run_sha256(lanes, count);
        return;
    }
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = lanes[i].blocks > most ? lanes[i].blocks : most;
    for (size_t i = count; i < MAC_LANES; i++)
        lanes[i].blocks = 0;
    sm3_eight(lanes, most);
}
