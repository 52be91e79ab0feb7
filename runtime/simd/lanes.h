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

/* Where the lanes from i on lie among n >= LN_LANES elements: at the end of them, rather than beyond. */
LN_FN uint32_t ln_vat(uint32_t i, uint32_t n)
{
    return i + LN_LANES < n ? i : n - LN_LANES;
}

LN_FN ln_v32 ln_vload32(const int32_t *p)
{
    ln_v32 x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}

LN_FN ln_v32 ln_vload16(const int16_t *p)
{
    ln_v16 x;
    __builtin_memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, ln_v32);
}

LN_FN ln_v32 ln_vloadu16(const uint16_t *p)
{
    ln_vu16 x;
    __builtin_memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, ln_v32);
}

LN_FN ln_v32 ln_vpairs(const int16_t *p)
{
    ln_v32 x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}

#ifndef LN_OWN_SUM
/* A sum of products of pairs, while it grows. */
typedef ln_v32 ln_vsum;

LN_FN ln_vsum ln_vsum_of(void)
{
    return (ln_vsum){0};
}

LN_FN ln_vsum ln_vsum_dot(ln_vsum sum, ln_v32 w, ln_v32 x)
{
    return ln_vdot(sum, w, x);
}

LN_FN ln_v32 ln_vsum_all(ln_vsum sum)
{
    return sum;
}
#endif

/* The pairs of a and b, both of 16 bits. */
LN_FN ln_v32 ln_vzip(ln_v32 a, ln_v32 b)
{
    return (a & ln_vset(65535)) | (ln_v32)((ln_vu32)b << 16);
}

/* Pairs of int32, apart. */
LN_FN void ln_vload_apart(const int32_t *p, ln_v32 *first, ln_v32 *second)
{
    ln_v64 both;
    __builtin_memcpy(&both, p, sizeof both);
    *first = __builtin_convertvector(both, ln_v32);
    *second = __builtin_convertvector(both >> 32, ln_v32);
}

LN_FN void ln_vstore32(int32_t *p, ln_v32 x)
{
    __builtin_memcpy(p, &x, sizeof x);
}

/* Every lane fits 16 bits (proven). */
LN_FN void ln_vstore16(int16_t *p, ln_v32 x)
{
    const ln_v16 narrow = __builtin_convertvector(x, ln_v16);
    __builtin_memcpy(p, &narrow, sizeof narrow);
}

LN_FN void ln_vcopy32(int32_t *to, const int32_t *from, uint32_t n)
{
    if (to != from) {
        __builtin_memcpy(to, from, n * sizeof *to);
    }
}

/* 1 in each lane that is not the same in both, else 0. */
LN_FN ln_v32 ln_vdiffer(ln_v32 a, ln_v32 b)
{
    return (a != b) & ln_vset(1);
}

/* Adds a number of each lane to its count. */
LN_FN void ln_vcount(uint32_t *counts, ln_v32 more)
{
    ln_vu32 sum;
    __builtin_memcpy(&sum, counts, sizeof sum);
    sum += (ln_vu32)more;
    __builtin_memcpy(counts, &sum, sizeof sum);
}

/* What was clipped, in the counts of all and in those of its kind. */
LN_FN void ln_vcount_both(uint32_t *all, uint32_t *kind, ln_v32 more)
{
    ln_vcount(all, more);
    ln_vcount(kind, more);
}

LN_FN ln_v32 ln_vclip(ln_v32 x, int32_t low, int32_t high)
{
    return ln_vmin(ln_vmax(x, ln_vset(low)), ln_vset(high));
}

/* Rounds half up. 0 <= shift <= 30, in every lane or in one for all. */
LN_FN ln_v32 ln_vrshift_by(ln_v32 x, ln_v32 shift)
{
    return (ln_v32)((ln_vu32)x + (ln_vu32)((ln_vset(1) << shift) >> 1)) >> shift;
}

LN_FN ln_v32 ln_vrshift(ln_v32 x, int32_t shift)
{
    return (ln_v32)((ln_vu32)x + (ln_vu32)ln_vset(((int32_t)1 << shift) >> 1)) >> shift;
}

/* The lower int16 of w times x. 0 <= x < 32768. */
LN_FN ln_v32 ln_vscale(ln_v32 w, ln_v32 x)
{
    return ln_vdot(ln_vset(0), w, x);
}

#ifndef LN_OWN_NODES
/* The nodes at - first, of count. */
LN_FN ln_v32 ln_vnodes(const int32_t *nodes, ln_v32 at, int32_t first, int32_t count)
{
    (void)count;
    return ln_vgather(nodes - first, at);
}

/* The values at - first, of count. */
LN_FN ln_v32 ln_vvalues(const int16_t *values, ln_v32 at, int32_t first, int32_t count)
{
    ln_v32 found = {0};
    (void)count;
    for (int i = 0; i < LN_LANES; i++) {
        found[i] = values[at[i] - first];
    }
    return found;
}
#endif

/* ln_lookup */
LN_FN ln_v32 ln_vlookup(const int32_t *nodes, ln_v32 x, int32_t low, int32_t top, int32_t shift)
{
    const int32_t bits = shift < LN_FRACTION_BITS ? shift : LN_FRACTION_BITS;
    const ln_v32 inside = ln_vclip(x, low, top);
    const ln_v32 node = ln_vnodes(nodes, inside >> shift, low >> shift, (top >> shift) - (low >> shift) + 1);
    const ln_v32 fraction = (inside >> (shift - bits)) & ln_vset(((int32_t)1 << bits) - 1);
    return (node >> 16) + (ln_vscale(node, fraction) >> bits);
}

/* ln_direct */
LN_FN ln_v32 ln_vdirect(const int16_t *values, ln_v32 x, int32_t low, int32_t top, int32_t shift)
{
    return ln_vvalues(values, ln_vclip(x, low, top) >> shift, low >> shift, (top >> shift) - (low >> shift) + 1);
}

/* ln_div, by a float quotient that is at most 1 off: its error is below 2^-8, in any rounding mode. 0 / 0 is any number. */
LN_FN ln_v32 ln_vdiv(ln_v32 n, ln_v32 d)
{
    const ln_vfloat quotient = __builtin_convertvector(n, ln_vfloat) / __builtin_convertvector(d, ln_vfloat);
    const ln_v32 q = __builtin_convertvector(quotient, ln_v32);
    const ln_v32 rest = (ln_v32)((ln_vu32)n + (ln_vu32)(d >> 1) - (ln_vu32)q * (ln_vu32)d);
    return q + (rest < 0) - (rest >= d);
}

#endif
