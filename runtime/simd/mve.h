/* Words of Helium, the vectors of Armv8.1-M (Cortex-M55, M85): eight products an instruction, look-ups of four inputs.
 *
 * Loops are assembly, so that their length does not depend on the compiler. Elsewhere the same words are plain C. */
#ifndef LN_SIMD_MVE_H
#define LN_SIMD_MVE_H

#include "dsp.h"

LN_FN int16_t ln_narrow(int32_t x);
LN_FN int16_t ln_div(int32_t n, int32_t d);

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
#include <arm_mve.h>

LN_INLINE void ln_copy_mve(int32_t *y, const int32_t *x, uint32_t n)
{
    if (n != 0) {
        __asm__ volatile("dlstp.32 lr, %[n]\n1:\n\tvldrw.u32 q0, [%[x]], #16\n\tvstrw.32 q0, [%[y]], #16\n\tletp lr, 1b"
                         : [x] "+r"(x), [y] "+r"(y)
                         : [n] "r"(n)
                         : "q0", "lr", "cc", "memory");
    }
}

/* The dividends and divisors of four means, as ln_div has them; a division has no vector. */
LN_INLINE void ln_mean4_mve(int16_t *y, const int32_t *pair, const int16_t *z, const uint16_t *p)
{
    const int32x4x2_t sums = vld2q_s32(pair);
    const int32x4_t weight = vreinterpretq_s32_u32(vldrhq_u32(p));
#ifdef LNN_ANY_WEIGHTS
    const int32x4_t d = vmaxq_s32(vaddq_s32(sums.val[1], weight), vdupq_n_s32(1));
#else
    const int32x4_t d = vaddq_s32(sums.val[1], weight);
#endif
    const int32x4_t n = vaddq_s32(sums.val[0], vmulq_s32(weight, vldrhq_s32(z)));
    const uint32x4_t top = vreinterpretq_u32_s32(vaddq_s32(vaddq_s32(n, vshrq_n_s32(d, 1)), vshlq_n_s32(d, 15)));
    uint32x4_t q = vdupq_n_u32(vgetq_lane_u32(top, 0) / (uint32_t)vgetq_lane_s32(d, 0));
    q = vsetq_lane_u32(vgetq_lane_u32(top, 1) / (uint32_t)vgetq_lane_s32(d, 1), q, 1);
    q = vsetq_lane_u32(vgetq_lane_u32(top, 2) / (uint32_t)vgetq_lane_s32(d, 2), q, 2);
    q = vsetq_lane_u32(vgetq_lane_u32(top, 3) / (uint32_t)vgetq_lane_s32(d, 3), q, 3);
    vstrhq_s32(y, vreinterpretq_s32_u32(veorq_u32(q, vdupq_n_u32(32768))));
}

LN_INLINE void ln_blend_all_mve(int16_t *y, const int16_t *a, const int16_t *b, const int16_t *t, ln_size n)
{
    for (int32_t left = n; left > 0; left -= 4) {
        const mve_pred16_t some = vctp32q((uint32_t)left);
        const int32x4_t from = vldrhq_z_s32(a, some);
        const int32x4_t way = vmulq_s32(vsubq_s32(vldrhq_z_s32(b, some), from), vldrhq_z_s32(t, some));
        vstrhq_p_s32(y, vaddq_s32(from, vrshrq_n_s32(way, 15)), some);
        a += 4;
        b += 4;
        t += 4;
        y += 4;
    }
}
#else
LN_FN void ln_copy_mve(int32_t *y, const int32_t *x, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        y[i] = x[i];
    }
}

LN_FN void ln_mean4_mve(int16_t *y, const int32_t *pair, const int16_t *z, const uint16_t *p)
{
    for (uint32_t j = 0; j < 4; j++) {
        y[j] = ln_div(ln_mac(pair[2 * j], p[j], z[j]), ln_add(pair[2 * j + 1], p[j]));
    }
}

LN_FN void ln_blend_all_mve(int16_t *y, const int16_t *a, const int16_t *b, const int16_t *t, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_add(a[i], ln_rshift(ln_mul(b[i] - a[i], t[i]), 15)));
    }
}
#endif

/* The pairs of all but n destinations from the first on, which have synapses. base MAY be pair. */
LN_INLINE void ln_copy_others_mve(int32_t *pair, const int32_t *base, uint32_t first, uint32_t n, uint32_t all)
{
    const uint32_t end = 2u * first + 2u * n;
    if (pair != base) {
        ln_copy_mve(pair, base, 2u * first);
        ln_copy_mve(pair + end, base + end, 2u * all - end);
    }
}

#include "mve.halves.h"
#include "mve.own.h"
#include "mve.rows.h"
#include "mve.tables.h"

#endif
