/* Lanes: the words of lnn_fx.h on LN_LANES integers at once, in the vector types of GCC and clang.
 *
 * A machine's own header includes this one last. Words that it writes better it defines before, and says so:
 * #define LN_OWN_<WORD>. Lanes hold 32 bits; a *pair* is two int16 in one lane, the first in the lower half. */
#ifndef LN_SIMD_LANES_H
#define LN_SIMD_LANES_H

#include "scalar.h"

/* Kernels are called with literal sizes: inlined, all that depends on those is gone. */
#undef LN_FN
#define LN_FN static inline __attribute__((always_inline))
#pragma GCC diagnostic ignored "-Wpsabi" /* so no vector is ever passed, however wide */

#ifndef LN_LANES
#define LN_LANES 8
#endif

/* Values of many streams: LN_LANES in memory for one element. */
typedef int16_t ln_s16;
typedef int32_t ln_s32;

typedef uint32_t ln_vu32 __attribute__((vector_size(4 * LN_LANES)));
typedef int16_t ln_v16 __attribute__((vector_size(2 * LN_LANES)));
typedef uint16_t ln_vu16 __attribute__((vector_size(2 * LN_LANES)));
typedef int64_t ln_v64 __attribute__((vector_size(8 * LN_LANES)));
typedef float ln_vfloat __attribute__((vector_size(4 * LN_LANES)));
#ifndef LN_OWN_LANES
typedef int32_t ln_v32 __attribute__((vector_size(4 * LN_LANES)));

LN_FN ln_v32 ln_vmin(ln_v32 a, ln_v32 b)
{
    const ln_v32 less = a < b;
    return (a & less) | (b & ~less);
}

LN_FN ln_v32 ln_vmax(ln_v32 a, ln_v32 b)
{
    const ln_v32 less = a < b;
    return (b & less) | (a & ~less);
}

/* The constants p[at]. */
LN_FN ln_v32 ln_vgather(const int32_t *p, ln_v32 at)
{
    ln_v32 x = {0};
    for (int i = 0; i < LN_LANES; i++) {
        x[i] = p[at[i]];
    }
    return x;
}

/* The pairs x[at], x[at + 1]. */
LN_FN ln_v32 ln_vpairs_at(const int16_t *x, const int32_t *at)
{
    ln_v32 pairs = {0};
    for (int i = 0; i < LN_LANES; i++) {
        pairs[i] = ln_two(x + at[i]);
    }
    return pairs;
}

/* acc + both products of the pairs of w and x. */
LN_FN ln_v32 ln_vdot(ln_v32 acc, ln_v32 w, ln_v32 x)
{
    const ln_v32 lower = ((ln_v32)((ln_vu32)w << 16) >> 16) * ((ln_v32)((ln_vu32)x << 16) >> 16);
    return (ln_v32)((ln_vu32)acc + (ln_vu32)lower + (ln_vu32)((w >> 16) * (x >> 16)));
}

/* Pairs of int8, widened. */
LN_FN ln_v32 ln_vpairs8(const int8_t *p)
{
    ln_v32 x;
    for (int i = 0; i < LN_LANES; i++) {
        x[i] = (int32_t)((uint32_t)p[2 * i] & 65535u) | p[2 * i + 1] * 65536;
    }
    return x;
}
#endif

LN_FN ln_v32 ln_vset(int32_t x)
{
    return x - (ln_v32){0};
}

#include "lanes.memory.h"
#include "lanes.values.h"

#endif
