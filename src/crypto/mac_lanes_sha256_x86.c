/* SHA-256 (FIPS 180-4) with the processor's own instructions, two messages interleaved: one alone
 * waits for each pair of rounds, a second one fills the wait. Three and four at once are no faster,
 * eight side by side in AVX2 half as fast (docs/seal-attach.md). */
#include "crypto/mac_lanes.h"

#include <cpuid.h>
#include <immintrin.h>

#define SHA __attribute__((target("sha,sse4.1"), always_inline)) static inline

static const _Alignas(64) uint32_t constants[64] = { 0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5,
    0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5, 0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3,
    0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174, 0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC,
    0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA, 0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7,
    0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967, 0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13,
    0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85, 0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3,
    0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070, 0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5,
    0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3, 0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208,
    0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2 };

/* The eight words of the chain as the instructions want them, and sixteen words of the message. */
typedef struct Sha256 {
    __m128i abef;
    __m128i cdgh;
    __m128i w[4];
} Sha256;

SHA void take_state(Sha256 *s, const uint32_t state[8])
{
    const __m128i dcba = _mm_loadu_si128((const __m128i *)state);
    const __m128i hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
    const __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1);
    const __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1B);
    s->abef = _mm_alignr_epi8(cdab, efgh, 8);
    s->cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
}

SHA void put_state(const Sha256 *s, uint32_t state[8])
{
    const __m128i feba = _mm_shuffle_epi32(s->abef, 0x1B);
    const __m128i dchg = _mm_shuffle_epi32(s->cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

SHA void take_block(Sha256 *s, const uint8_t *bytes)
{
    const __m128i order = _mm_set_epi64x(0x0C0D0E0F08090A0B, 0x0405060700010203);
    for (int i = 0; i < 4; i++)
        s->w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), order);
}

/* Rounds 4i to 4i + 3, and the words that rounds 4i + 16 on will need. */
SHA void four_rounds(Sha256 *s, int i)
{
    __m128i *w = &s->w[i % 4];
    const __m128i last = s->w[(i + 3) % 4];
    const __m128i k = _mm_add_epi32(*w, _mm_load_si128((const __m128i *)(constants + 4 * i)));
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, k);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(k, 0x0E));
    if (i >= 12) return;
    const __m128i seven_back = _mm_alignr_epi8(last, s->w[(i + 2) % 4], 4);
    const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(*w, s->w[(i + 1) % 4]), seven_back);
    *w = _mm_sha256msg2_epu32(sum, last);
}

SHA void add_chain(Sha256 *s, const Sha256 *before)
{
    s->abef = _mm_add_epi32(s->abef, before->abef);
    s->cdgh = _mm_add_epi32(s->cdgh, before->cdgh);
}

__attribute__((target("sha,sse4.1"))) static void run_two(MacLane *one, MacLane *two, size_t blocks)
{
    Sha256 a;
    Sha256 b;
    take_state(&a, one->state);
    take_state(&b, two->state);
    for (size_t n = 0; n < blocks; n++) {
        const Sha256 a_before = a;
        const Sha256 b_before = b;
        take_block(&a, one->bytes + n * MAC_LANE_BLOCK_BYTES);
        take_block(&b, two->bytes + n * MAC_LANE_BLOCK_BYTES);
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            four_rounds(&a, i);
            four_rounds(&b, i);
        }
        add_chain(&a, &a_before);
        add_chain(&b, &b_before);
    }
    put_state(&a, one->state);
    put_state(&b, two->state);
}

__attribute__((target("sha,sse4.1"))) static void run_one(MacLane *lane, size_t from)
{
    Sha256 s;
    take_state(&s, lane->state);
    for (size_t n = from; n < lane->blocks; n++) {
        const Sha256 before = s;
        take_block(&s, lane->bytes + n * MAC_LANE_BLOCK_BYTES);
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++)
            four_rounds(&s, i);
        add_chain(&s, &before);
    }
    put_state(&s, lane->state);
}

void mac_lanes_run_sha256(MacLane *lanes, size_t count)
{
    size_t i = 0;
    for (; i + 1 < count; i += 2) {
        MacLane *const one = &lanes[i];
        MacLane *const two = &lanes[i + 1];
        const size_t both = one->blocks < two->blocks ? one->blocks : two->blocks;
        run_two(one, two, both);
        if (one->blocks != two->blocks) run_one(one->blocks > both ? one : two, both);
    }
    if (i < count) run_one(&lanes[i], 0);
}

/* cpuid is slow, above all in a virtual machine: asked once. */
bool mac_lanes_here_sha256(void)
{
    enum { LEAF_FEATURES = 7, SHA_BIT = 29 };
    static _Atomic int answer; /* 0: not asked yet, 1: no, 2: yes */
    int known = answer;
    if (known != 0) return known == 2;
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    const bool has_leaf = __get_cpuid_count(LEAF_FEATURES, 0, &a, &b, &c, &d) == 1;
    known = has_leaf && (b >> SHA_BIT & 1) != 0 && __builtin_cpu_supports("sse4.1") ? 2 : 1;
    answer = known;
    return known == 2;
}
