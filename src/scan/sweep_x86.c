#include "scan/sweep.h"

#include <immintrin.h>

/* SSE2 is in every x86-64 processor; four loads make one mask of 64 bits. A byte is in first..last
 * when min(byte - first, last - first) is byte - first. */
static inline uint64_t in_range(__m128i bytes, char first, char last)
{
    const __m128i shifted = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    const __m128i low = _mm_min_epu8(shifted, _mm_set1_epi8((char)(last - first)));
    return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(shifted, low));
}

static inline uint64_t equal(__m128i bytes, char value)
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(value)));
}

static void masks_sse2(const uint8_t *bytes, size_t count, SweepMask *ret_masks)
{
    for (size_t i = 0; i < count; i++) {
        SweepMask mask = { 0, 0, 0 };
        for (unsigned k = 0; k < 4; k++) {
            const __m128i b =
                    _mm_loadu_si128((const __m128i *)(bytes + i * HOT_CELL_BYTES + 16 * k));
            mask.digits |= in_range(b, '0', '9') << (16 * k);
            mask.numerals |= (in_range(b, '-', '9') | equal(b, ' ') | equal(b, '_')) << (16 * k);
            mask.escapes |= (in_range(b, '%', '&') | equal(b, '\\')) << (16 * k);
        }
        ret_masks[i] = mask;
    }
}

__attribute__((target("avx2"))) static inline uint64_t bits(__m256i matches)
{
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(matches);
}

__attribute__((target("avx2"))) static inline __m256i range(__m256i bytes, char first, char last)
{
    const __m256i shifted = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first));
    const __m256i low = _mm256_min_epu8(shifted, _mm256_set1_epi8((char)(last - first)));
    return _mm256_cmpeq_epi8(shifted, low);
}

__attribute__((target("avx2"))) static void masks_avx2(
        const uint8_t *bytes, size_t count, SweepMask *ret_masks)
{
    const __m256i space = _mm256_set1_epi8(' ');
    const __m256i line = _mm256_set1_epi8('_');
    const __m256i slash = _mm256_set1_epi8('\\');
    for (size_t i = 0; i < count; i++) {
        SweepMask mask = { 0, 0, 0 };
        for (unsigned k = 0; k < 2; k++) {
            const __m256i b =
                    _mm256_loadu_si256((const __m256i *)(bytes + i * HOT_CELL_BYTES + 32 * k));
            const __m256i joints =
                    _mm256_or_si256(_mm256_cmpeq_epi8(b, space), _mm256_cmpeq_epi8(b, line));
            const __m256i marks = _mm256_or_si256(range(b, '%', '&'), _mm256_cmpeq_epi8(b, slash));
            mask.digits |= bits(range(b, '0', '9')) << (32 * k);
            mask.numerals |= bits(_mm256_or_si256(range(b, '-', '9'), joints)) << (32 * k);
            mask.escapes |= bits(marks) << (32 * k);
        }
        ret_masks[i] = mask;
    }
}

void sweep_masks(const uint8_t *bytes, size_t count, SweepMask *ret_masks)
{
    if (__builtin_cpu_supports("avx2"))
        masks_avx2(bytes, count, ret_masks);
    else
        masks_sse2(bytes, count, ret_masks);
}
