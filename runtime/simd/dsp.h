/* Words of the Armv7E-M DSP extension (Cortex-M4, M7, M33 with DSP): two products a cycle, products of halves.
 *
 * Without that extension, and without optimisation, the same words in plain C give the same bits; so the same folder
 * runs on the desk, too. */
#ifndef LN_SIMD_DSP_H
#define LN_SIMD_DSP_H

#include "scalar.h"

/* Arrays of a step begin at whole words, which kernels read. */
#define LN_WORDS __attribute__((aligned(4)))

LN_FN int32_t ln_mac(int32_t acc, int32_t a, int32_t b);
LN_FN int32_t ln_add(int32_t a, int32_t b);
LN_FN int32_t ln_mul(int32_t a, int32_t b);
LN_FN int32_t ln_rshift(int32_t x, int32_t shift);
LN_FN int32_t ln_clip(int32_t x, int32_t low, int32_t high);
LN_FN int16_t ln_lower(int32_t pair);
LN_FN int16_t ln_upper(int32_t pair);

#include "dsp.told.h"

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
#include <arm_acle.h>

LN_INLINE void ln_copy_pairs(int32_t *y, const int32_t *x, uint32_t n)
{
    if (n % 2 != 0) {
        y[0] = x[0];
        y[1] = x[1];
    }
    if (n > 1) {
        x += n % 2 * 2;
        y += n % 2 * 2;
        n /= 2;
        __asm__ volatile("1:\n\tldmia %[x]!, {r4, r5, r6, r12}\n\tstmia %[y]!, {r4, r5, r6, r12}\n\tsubs %[n], %[n], #1\n\tbne 1b"
                         : [x] "+r"(x), [y] "+r"(y), [n] "+r"(n)
                         :
                         : "r4", "r5", "r6", "r12", "cc", "memory");
    }
}

/* acc + (a times the lower half of b) >> 16, rounded down. */
LN_FN int32_t ln_mac_high(int32_t acc, int32_t a, ln_pair b)
{
    return __smlawb(a, b, acc);
}

/* acc + a b of halves. */
LN_FN int32_t ln_mac_ll(int32_t acc, ln_pair a, ln_pair b)
{
    return __smlabb(a, b, acc);
}

/* acc + a b, both halves. */
LN_FN int32_t ln_mac_both(int32_t acc, ln_pair a, ln_pair b)
{
    return __smlad(a, b, acc);
}

LN_FN int32_t ln_mac_ul(int32_t acc, ln_pair a, ln_pair b)
{
    return __smlatb(a, b, acc);
}

/* Two neighbours, at any address. */
LN_FN ln_pair ln_ld_pair(const int16_t *p)
{
    ln_pair pair;
    __builtin_memcpy(&pair, p, sizeof pair);
    return pair;
}
#else
LN_FN void ln_copy_pairs(int32_t *y, const int32_t *x, uint32_t n)
{
    for (uint32_t i = 0; i < 2 * n; i++) {
        y[i] = x[i];
    }
}

LN_FN int32_t ln_mac_high(int32_t acc, int32_t a, ln_pair b)
{
    return ln_add(acc, (int32_t)(((int64_t)a * ln_lower(b)) >> 16));
}

LN_FN int32_t ln_mac_ll(int32_t acc, ln_pair a, ln_pair b)
{
    return ln_mac(acc, ln_lower(a), ln_lower(b));
}

LN_FN int32_t ln_mac_both(int32_t acc, ln_pair a, ln_pair b)
{
    return ln_mac(ln_mac(acc, ln_lower(a), ln_lower(b)), ln_upper(a), ln_upper(b));
}

LN_FN int32_t ln_mac_ul(int32_t acc, ln_pair a, ln_pair b)
{
    return ln_mac(acc, ln_upper(a), ln_lower(b));
}

LN_FN ln_pair ln_ld_pair(const int16_t *p)
{
    return LN_PAIR(p[0], p[1]);
}

LN_FN int32_t ln_mac_top(int32_t acc, int32_t a, int32_t b)
{
    return ln_add(acc, (int32_t)(((int64_t)a * b + ((int64_t)1 << 31)) >> 32));
}

#endif

#include "dsp.quads.h"
#include "dsp.quads8.h"
#include "dsp.rows.h"
#include "dsp.synapses.h"
#include "dsp.tables.h"
#include "thumb.h"

#endif
