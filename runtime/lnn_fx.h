/* The fixed-point vocabulary, word for word that of lnncc/fx.py: the only arithmetic that kernels use.
 *
 * Every result fits int32; that is proven before this file is compiled. -DLNN_CHECK tests it again at run time and calls
 * lnn_failed(), which the user supplies. Right shifts of negative numbers are arithmetic on every supported compiler. */
#ifndef LNN_FX_H
#define LNN_FX_H

#include <stddef.h>
#include <stdint.h>

#define LN_FN static inline

/* In front of a loop of few trips: unrolling it costs more than it saves. LN_UNROLLED: the number of trips is literal,
 * and so are what the loop reads of tables. */
#if defined(__clang__)
#define LN_ROLLED _Pragma("clang loop unroll(disable)")
#define LN_UNROLLED _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__) && __GNUC__ >= 8
#define LN_ROLLED _Pragma("GCC unroll 1")
#define LN_UNROLLED _Pragma("GCC unroll 1024")
#else
#define LN_ROLLED
#define LN_UNROLLED
#endif

/* Functions that many call and that shall exist once. */
#if defined(__GNUC__)
#define LN_SHARED static __attribute__((noinline, unused))
#else
#define LN_SHARED static
#endif

/* Kernels whose parameters have to be literal when they are compiled. */
#if defined(__GNUC__)
#define LN_INLINE static inline __attribute__((always_inline))
#else
#define LN_INLINE LN_FN
#endif

/* Kernels that are worth specialising for literal parameters at each call, unless they shall exist once. */
#define LN_KERNEL LN_INLINE

#define LN_FRACTION_BITS 15

#ifdef LNN_CHECK
#ifdef __cplusplus
extern "C"
#endif
void lnn_failed(void);
#endif

/* What loads and sums on one machine; generated code names it where it is not the plain one. */
#ifndef LNN_SIMD
#define LNN_SIMD "simd/scalar.h"
#endif
#include LNN_SIMD

#ifndef LN_WORDS
#define LN_WORDS
#endif

typedef struct {
    int32_t b; /* offset of the argument, in its format */
    int16_t a; /* slope of the argument */
    int16_t w; /* conductance, in units of the destination */
    int16_t e; /* reversal potential, in the format of the state */
    uint16_t src;
} ln_synapse;

/* A node of a table, its value above the rise to the next node: one load for both. */
typedef int32_t ln_node;

#define LN_NODE(value, rise) (((int32_t)(value) * 65536) + (int32_t)(uint16_t)(rise))

#ifdef LNN_CHECK
LN_FN int32_t ln_checked(int64_t x)
{
    if (x < INT32_MIN || x > INT32_MAX) {
        lnn_failed();
    }
    return (int32_t)x;
}

LN_FN int32_t ln_add(int32_t a, int32_t b)
{
    return ln_checked((int64_t)a + b);
}

LN_FN int32_t ln_sub(int32_t a, int32_t b)
{
    return ln_checked((int64_t)a - b);
}

LN_FN int32_t ln_mul(int32_t a, int32_t b)
{
    return ln_checked((int64_t)a * b);
}
#elif defined(LNN_ANY_WEIGHTS)
/* Whatever weights come: sums and products that the host's proof does not know of wrap around. */
LN_FN int32_t ln_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

LN_FN int32_t ln_sub(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

LN_FN int32_t ln_mul(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a * (uint32_t)b);
}
#else
LN_FN int32_t ln_add(int32_t a, int32_t b)
{
    return a + b;
}

LN_FN int32_t ln_sub(int32_t a, int32_t b)
{
    return a - b;
}

LN_FN int32_t ln_mul(int32_t a, int32_t b)
{
    return a * b;
}
#endif

LN_FN int32_t ln_abs(int32_t x)
{
    return x < 0 ? ln_sub(0, x) : x;
}

LN_FN int32_t ln_mac(int32_t acc, int32_t a, int32_t b)
{
    return ln_add(acc, ln_mul(a, b));
}

/* Rounds half up. 0 <= shift <= 30. */
LN_FN int32_t ln_rshift(int32_t x, int32_t shift)
{
#ifdef LNN_CHECK
    if (shift < 0 || shift > 30) {
        lnn_failed();
    }
#endif
    return ln_add(x, ((int32_t)1 << shift) >> 1) >> shift;
}

/* How far to the left brings x > 0 into [2^30, 2^31). */
LN_FN int32_t ln_norm(int32_t x)
{
#ifdef LNN_CHECK
    if (x <= 0) {
        lnn_failed();
        return 0;
    }
#endif
    int32_t n = 0;
    for (int32_t step = 16; step != 0; step >>= 1) {
        if (x < (int32_t)1 << (31 - step)) {
            x = (int32_t)((uint32_t)x << step);
            n += step;
        }
    }
    return n;
}

/* The 16 leading bits of x > 0, rounded: x is about mantissa 2^(15 - norm). */
LN_FN int32_t ln_mantissa(int32_t x)
{
    const int32_t left = (int32_t)((uint32_t)x << ln_norm(x));
    const int32_t rounded = ((left >> 14) + 1) >> 1;
    return rounded > 65535 ? 65535 : rounded;
}

/* x m / 2^16, rounded half up, for 0 <= m < 65536. It lies between 0 and x, and no part of it needs 64 bits. */
LN_FN int32_t ln_scale16(int32_t x, int32_t m)
{
#ifdef LNN_CHECK
    if (m < 0 || m > 65535) {
        lnn_failed();
        m = 0;
    }
#endif
    const uint32_t lower = (((uint32_t)x & 65535u) * (uint32_t)m + 32768u) >> 16;
    return (int32_t)((uint32_t)(x >> 16) * (uint32_t)m + lower);
}

LN_FN int32_t ln_clip(int32_t x, int32_t low, int32_t high)
{
    const int32_t least = x < low ? low : x;
    return least > high ? high : least;
}

/* x 2^left, rounded half up. -30 <= left <= 30. */
LN_FN int32_t ln_shift_by(int32_t x, int32_t left)
{
#ifdef LNN_CHECK
    if (left > 30 || (left > 0 && (x > INT32_MAX >> left || x < -(INT32_MAX >> left) - 1))) {
        lnn_failed();
        return 0;
    }
#endif
    return left < 0 ? ln_rshift(x, -left) : (int32_t)((uint32_t)x << left);
}

/* x 2^left, rounded half up, saturated at limit and -limit. -30 <= left <= 30; where left < 0, x MUST leave room for
 * the half that is added. */
LN_FN int32_t ln_sat_shift(int32_t x, int32_t left, int32_t limit)
{
#ifdef LNN_CHECK
    if (left < -30 || left > 30 || limit < 0) {
        lnn_failed();
        return 0;
    }
#endif
    if (left < 0) {
        return ln_clip(ln_rshift(x, -left), -limit, limit);
    }
    const int32_t most = limit >> left;
    if (x > most) {
        return limit;
    }
    if (x < -most) {
        return -limit;
    }
    return (int32_t)((uint32_t)x << left);
}

LN_FN int16_t ln_sat16(int32_t x)
{
    return (int16_t)ln_clip(x, INT16_MIN, INT16_MAX);
}

/* An int32 that is proven to fit 16 bits. */
LN_FN int16_t ln_narrow(int32_t x)
{
#ifdef LNN_CHECK
    if (x < INT16_MIN || x > INT16_MAX) {
        lnn_failed();
    }
#endif
    return (int16_t)x;
}

/* The lower and the upper half of a word that holds two int16. */
LN_FN int16_t ln_lower(int32_t pair)
{
    return (int16_t)(uint16_t)((uint32_t)pair & 65535u);
}

LN_FN int16_t ln_upper(int32_t pair)
{
    return (int16_t)(pair >> 16);
}

/* floor((2n + d) / (2d)) for 0 < d < 65536 and a quotient of 16 bits: the only division there is.
 * A machine may have its own. Raised by 32768 d, the dividend is not negative and fits 32 bits, so that truncating is rounding down. */
#ifndef LN_HAS_DIV
LN_FN int16_t ln_div(int32_t n, int32_t d)
{
#ifdef LNN_CHECK
    const int64_t raised = (int64_t)n + (d >> 1) + ((int64_t)d << 15);
    if (d <= 0 || d > 65535 || raised < 0 || raised >= (int64_t)d << 16) {
        lnn_failed();
    }
#endif
#if defined(LNN_ANY_WEIGHTS) && !defined(LNN_CHECK)
    d = d > 0 ? d : 1;
#endif
    const uint32_t top = (uint32_t)n + ((uint32_t)d >> 1) + ((uint32_t)d << 15);
    return (int16_t)(int32_t)(top / (uint32_t)d - 32768u);
}
#endif

/* Linear interpolation between nodes, the first at low, one every 1 << shift; top is the last input told apart.
 * The position between two nodes rounds down; the nodes are chosen with that in mind.
 * low MUST be a multiple of 1 << shift and not positive: then index and fraction are bit fields of the input. */
LN_FN int32_t ln_lookup(const LN_ROM ln_node *nodes, int32_t x, int32_t low, int32_t top, int32_t shift)
{
    const int32_t bits = shift < LN_FRACTION_BITS ? shift : LN_FRACTION_BITS;
    const int32_t inside = ln_clip(x, low, top);
    const int32_t node = ln_ld32(nodes - (low >> shift) + (inside >> shift));
    const int32_t fraction = (inside >> (shift - bits)) & (((int32_t)1 << bits) - 1);
    return ln_add(ln_upper(node), ln_mul(ln_lower(node), fraction) >> bits);
}

/* The value for the interval of 1 << shift that x lies in, the first from low on; low as above. */
LN_FN int32_t ln_direct(const LN_ROM int16_t *values, int32_t x, int32_t low, int32_t top, int32_t shift)
{
    return ln_ld16(values - (low >> shift) + (ln_clip(x, low, top) >> shift));
}

/* f(x), which table holds as nodes for ln_lookup or, if direct, as values for ln_direct. */
LN_INLINE int32_t ln_read(const LN_ROM void *table, int32_t x, int32_t low, int32_t top, int32_t shift, int direct)
{
    if (direct != 0) {
        return ln_direct((const LN_ROM int16_t *)table, x, low, top, shift);
    }
    return ln_lookup((const LN_ROM ln_node *)table, x, low, top, shift);
}

/* Element i of x, where elements have 4 bytes, or 2. */
LN_INLINE int32_t ln_element(const void *x, ln_size i, int bytes)
{
    return bytes == 2 ? ((const int16_t *)x)[i] : ((const int32_t *)x)[i];
}

/* A table over all of int16 in half units, one node every 1 << shift, shift at most 14. The position is that of the middle
 * of x's last place, so that both parts of an interval fit 15 bits. */
LN_FN int32_t ln_interpolate(const LN_ROM int16_t *nodes, int32_t x, int32_t shift)
{
    const LN_ROM int16_t *const left = nodes + ((x + 32768) >> shift);
    const int32_t part = ((x & (((int32_t)1 << shift) - 1)) << (15 - shift)) + ((int32_t)1 << (14 - shift));
    return ln_rshift(ln_mac(ln_mul(ln_ld16(left), 32768 - part), ln_ld16(left + 1), part), 16);
}

#endif
