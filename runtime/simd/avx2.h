/* Lanes of x86-64 with AVX2: eight, in one register. */
#ifndef LN_SIMD_AVX2_H
#define LN_SIMD_AVX2_H

#include <immintrin.h>

#include "scalar.h"

#if !defined(LN_LANES) || LN_LANES == 8
#define LN_LANES 8
#define LN_OWN_LANES
typedef int32_t ln_v32 __attribute__((vector_size(32)));

LN_FN ln_v32 ln_vmin(ln_v32 a, ln_v32 b)
{
    return (ln_v32)_mm256_min_epi32((__m256i)a, (__m256i)b);
}

LN_FN ln_v32 ln_vmax(ln_v32 a, ln_v32 b)
{
    return (ln_v32)_mm256_max_epi32((__m256i)a, (__m256i)b);
}

/* A gather merges into a register. GCC forgets that it begins as 0, and so lets each gather wait for the one before,
 * unless it cannot see that the mask has every lane. */
LN_FN __m256i ln_all_lanes(void)
{
    __m256i mask = _mm256_set1_epi32(-1);
    __asm__("" : "+x"(mask));
    return mask;
}

LN_FN ln_v32 ln_vgather(const int32_t *p, ln_v32 at)
{
    return (ln_v32)_mm256_mask_i32gather_epi32(_mm256_setzero_si256(), (const int *)p, (__m256i)at, ln_all_lanes(), 4);
}

/* Where the places are known beforehand, single loads are no slower than a gather on Intel, and faster on AMD. */
LN_FN __m128i ln_four_pairs(const int16_t *x, const int32_t *at)
{
    __m128i four = _mm_cvtsi32_si128(ln_two(x + at[0]));
    four = _mm_insert_epi32(four, ln_two(x + at[1]), 1);
    four = _mm_insert_epi32(four, ln_two(x + at[2]), 2);
    return _mm_insert_epi32(four, ln_two(x + at[3]), 3);
}

LN_FN ln_v32 ln_vpairs_at(const int16_t *x, const int32_t *at)
{
    return (ln_v32)_mm256_set_m128i(ln_four_pairs(x, at + 4), ln_four_pairs(x, at));
}

LN_FN ln_v32 ln_vdot(ln_v32 acc, ln_v32 w, ln_v32 x)
{
    return (ln_v32)_mm256_add_epi32((__m256i)acc, _mm256_madd_epi16((__m256i)w, (__m256i)x));
}

LN_FN ln_v32 ln_vpairs8(const int8_t *p)
{
    return (ln_v32)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p));
}
#endif

#include "lanes.h"

#endif
