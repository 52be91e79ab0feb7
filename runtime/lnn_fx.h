/* The fixed-point vocabulary, word for word that of lnncc/fx.py: the only arithmetic that kernels use.
 *
 * Every result fits int32; that is proven before this file is compiled. -DLNN_CHECK tests it again at run time and calls
 * lnn_failed(), which the user supplies. Right shifts of negative numbers are arithmetic on every supported compiler. */
#ifndef LNN_FX_H
#define LNN_FX_H

#include <stddef.h>
#include <stdint.h>

#define LN_FN static inline
#define LN_FRACTION_BITS 15

#include "simd/scalar.h"

typedef struct {
    int32_t b; /* offset of the argument, in its format */
    int16_t a; /* slope of the argument */
    int16_t w; /* conductance, in units of the destination */
    int16_t e; /* reversal potential, in the format of the state */
    uint16_t src;
} ln_synapse;

#ifdef LNN_CHECK
#ifdef __cplusplus
extern "C"
#endif
void lnn_failed(void);

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

LN_FN int32_t ln_mac(int32_t acc, int32_t a, int32_t b)
{
    return ln_add(acc, ln_mul(a, b));
}

/* Rounds half up. 0 <= shift <= 30. */
LN_FN int32_t ln_rshift(int32_t x, int32_t shift)
{
    return ln_add(x, ((int32_t)1 << shift) >> 1) >> shift;
}

LN_FN int32_t ln_clip(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : (x > high ? high : x);
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

/* floor((2n + d) / (2d)), d > 0: as floor((n + d/2) / d), from the quotient that truncates towards zero. */
LN_FN int32_t ln_div(int32_t n, int32_t d)
{
#ifdef LNN_CHECK
    if (d <= 0) {
        lnn_failed();
    }
#endif
    const int32_t top = ln_add(n, d >> 1);
    const int32_t q = top / d;
    return q - (ln_mul(q, d) > top);
}

/* Linear interpolation between nodes, the first at low, one every 1 << shift; top is the last input told apart. */
LN_FN int32_t ln_lookup(const int16_t *nodes, int32_t x, int32_t low, int32_t top, int32_t shift)
{
    const int32_t bits = shift < LN_FRACTION_BITS ? shift : LN_FRACTION_BITS;
    const uint32_t offset = (uint32_t)ln_clip(x, low, top) - (uint32_t)low;
    const int16_t *const node = nodes + (offset >> shift);
    const int32_t fraction = (int32_t)((offset >> (shift - bits)) & (((uint32_t)1 << bits) - 1u));
    const int32_t left = ln_ld16(node);
    const int32_t right = ln_ld16(node + 1);
    return ln_add(left, ln_rshift(ln_mul(ln_sub(right, left), fraction), bits));
}

#endif
