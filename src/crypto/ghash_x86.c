#include "crypto/ghash_inside.h"

#include <immintrin.h>

__attribute__((target("pclmul,sse2"))) static void multiply_pclmul(Ghash *hash)
{
    const __m128i y = _mm_set_epi64x((long long)hash->y1, (long long)hash->y0);
    const __m128i h = _mm_set_epi64x((long long)hash->h1, (long long)hash->h0);
    const __m128i low = _mm_clmulepi64_si128(y, h, 0x00);
    const __m128i high = _mm_clmulepi64_si128(y, h, 0x11);
    const __m128i middle =
            _mm_xor_si128(_mm_clmulepi64_si128(y, h, 0x01), _mm_clmulepi64_si128(y, h, 0x10));
    uint64_t l[2], m[2], t[2];
    _mm_storeu_si128((__m128i *)l, low);
    _mm_storeu_si128((__m128i *)m, middle);
    _mm_storeu_si128((__m128i *)t, high);
    ghash_reduce(hash, l[0], l[1] ^ m[0], t[0] ^ m[1], t[1]);
}

GhashMultiply *ghash_processor_multiply(void)
{
    return __builtin_cpu_supports("pclmul") ? multiply_pclmul : NULL;
}
