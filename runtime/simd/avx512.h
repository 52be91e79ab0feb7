/* Lanes of x86-64 with AVX-512 and VNNI: sixteen, in one register. */
#ifndef LN_SIMD_AVX512_H
#define LN_SIMD_AVX512_H

#include <immintrin.h>

#include "scalar.h"

#if !defined(LN_LANES) || LN_LANES == 16
#define LN_LANES 16
#define LN_OWN_LANES
typedef int32_t ln_v32 __attribute__((vector_size(64)));

LN_FN ln_v32 ln_vmin(ln_v32 a, ln_v32 b)
{
    return (ln_v32)_mm512_min_epi32((__m512i)a, (__m512i)b);
}

LN_FN ln_v32 ln_vmax(ln_v32 a, ln_v32 b)
{
    return (ln_v32)_mm512_max_epi32((__m512i)a, (__m512i)b);
}

LN_FN ln_v32 ln_vgather(const int32_t *p, ln_v32 at)
{
    return (ln_v32)_mm512_i32gather_epi32((__m512i)at, p, 4);
}

LN_FN ln_v32 ln_vpairs_at(const int16_t *x, const int32_t *at)
{
    return (ln_v32)_mm512_i32gather_epi32(_mm512_loadu_si512(at), x, 2);
}

/* VPDPWSSD does not saturate, unlike VPDPWSSDS. */
LN_FN ln_v32 ln_vdot(ln_v32 acc, ln_v32 w, ln_v32 x)
{
    return (ln_v32)_mm512_dpwssd_epi32((__m512i)acc, (__m512i)w, (__m512i)x);
}

LN_FN ln_v32 ln_vpairs8(const int8_t *p)
{
    return (ln_v32)_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)p));
}

/* Up to 64 nodes fit four registers, from which VPERMI2D takes those of two; a gather is for larger tables. */
#define LN_OWN_NODES
LN_FN __m512i ln_sixteen(const int32_t *p, int32_t from, int32_t count)
{
    const int32_t left = count - from;
    return _mm512_maskz_loadu_epi32((__mmask16)(left >= 16 ? 65535 : left > 0 ? (1 << left) - 1 : 0), left > 0 ? p + from : p);
}

LN_FN ln_v32 ln_vnodes(const int32_t *nodes, ln_v32 at, int32_t first, int32_t count)
{
    if (count > 64) {
        return ln_vgather(nodes - first, at);
    }
    const __m512i index = _mm512_sub_epi32((__m512i)at, _mm512_set1_epi32(first));
    const __m512i low = _mm512_permutex2var_epi32(ln_sixteen(nodes, 0, count), index, ln_sixteen(nodes, 16, count));
    if (count <= 32) {
        return (ln_v32)low;
    }
    const __m512i high = _mm512_permutex2var_epi32(ln_sixteen(nodes, 32, count), index, ln_sixteen(nodes, 48, count));
    return (ln_v32)_mm512_mask_blend_epi32(_mm512_cmpgt_epi32_mask(index, _mm512_set1_epi32(31)), low, high);
}

/* Up to 64 values without interpolation fit two, for one VPERMI2W. */
LN_FN __m512i ln_thirty_two(const int16_t *p, int32_t from, int32_t count)
{
    const int32_t left = count - from;
    return _mm512_maskz_loadu_epi16((__mmask32)(left >= 32 ? 4294967295u : left > 0 ? ((uint32_t)1 << left) - 1 : 0), left > 0 ? p + from : p);
}

LN_FN ln_v32 ln_vvalues(const int16_t *values, ln_v32 at, int32_t first, int32_t count)
{
    const __m512i index = _mm512_sub_epi32((__m512i)at, _mm512_set1_epi32(first));
    if (count > 64) {
        ln_v32 found = {0};
        for (int i = 0; i < LN_LANES; i++) {
            found[i] = values[((ln_v32)index)[i]];
        }
        return found;
    }
    const __m512i found = _mm512_permutex2var_epi16(ln_thirty_two(values, 0, count), index, ln_thirty_two(values, 32, count));
    return (ln_v32)found << 16 >> 16;
}
#endif

#include "lanes.h"

#endif
