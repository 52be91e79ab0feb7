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
#endif

#include "lanes.h"

#endif
