/* Lanes of 64-bit Arm: four, in one register. */
#ifndef LN_SIMD_NEON_H
#define LN_SIMD_NEON_H

#include <arm_neon.h>

#include "scalar.h"

#if !defined(LN_LANES) || LN_LANES == 4
#define LN_LANES 4
#define LN_OWN_LANES
typedef int32_t ln_v32 __attribute__((vector_size(16)));

LN_FN ln_v32 ln_vmin(ln_v32 a, ln_v32 b)
{
    return (ln_v32)vminq_s32((int32x4_t)a, (int32x4_t)b);
}

LN_FN ln_v32 ln_vmax(ln_v32 a, ln_v32 b)
{
    return (ln_v32)vmaxq_s32((int32x4_t)a, (int32x4_t)b);
}

LN_FN ln_v32 ln_vgather(const int32_t *p, ln_v32 at)
{
    int32x4_t x = vld1q_dup_s32(p + at[0]);
    x = vld1q_lane_s32(p + at[1], x, 1);
    x = vld1q_lane_s32(p + at[2], x, 2);
    return (ln_v32)vld1q_lane_s32(p + at[3], x, 3);
}

LN_FN ln_v32 ln_vpairs_at(const int16_t *x, const int32_t *at)
{
    const ln_v32 pairs = {ln_two(x + at[0]), ln_two(x + at[1]), ln_two(x + at[2]), ln_two(x + at[3])};
    return pairs;
}

LN_FN ln_v32 ln_vdot(ln_v32 acc, ln_v32 w, ln_v32 x)
{
    const int16x8_t a = (int16x8_t)w;
    const int16x8_t b = (int16x8_t)x;
    const int32x4_t first = vmull_s16(vget_low_s16(a), vget_low_s16(b));
    return (ln_v32)vaddq_s32((int32x4_t)acc, vpaddq_s32(first, vmull_high_s16(a, b)));
}

/* A sum of products with both products of a pair apart. */
#define LN_OWN_SUM
typedef struct {
    int32x4_t low;
    int32x4_t high;
} ln_vsum;

LN_FN ln_vsum ln_vsum_of(void)
{
    const ln_vsum none = {vdupq_n_s32(0), vdupq_n_s32(0)};
    return none;
}

LN_FN ln_vsum ln_vsum_dot(ln_vsum sum, ln_v32 w, ln_v32 x)
{
    const int16x8_t a = (int16x8_t)w;
    const int16x8_t b = (int16x8_t)x;
    const ln_vsum more = {vmlal_s16(sum.low, vget_low_s16(a), vget_low_s16(b)), vmlal_high_s16(sum.high, a, b)};
    return more;
}

LN_FN ln_v32 ln_vsum_all(ln_vsum sum)
{
    return (ln_v32)vpaddq_s32(sum.low, sum.high);
}

LN_FN ln_v32 ln_vpairs8(const int8_t *p)
{
    return (ln_v32)vmovl_s8(vld1_s8(p));
}
#endif

#include "lanes.h"

#endif
