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

/* Columns beyond the eighth of four rows, eight at a time; the last eight may be fewer. Loads that widen, and stores that
 * narrow, want a lower register for the address. */
#define LN_FOUR_MORE(load) \
    __asm__ volatile("dlstp.16 lr, %[n]\n1:\n\tvldrh.u16 q0, [%[x]], #16\n\t" load "vmladava.s16 %[a], q0, q1\n\t" \
                     load "vmladava.s16 %[b], q0, q1\n\t" load "vmladava.s16 %[c], q0, q1\n\t" \
                     load "vmladava.s16 %[d], q0, q1\n\tletp lr, 1b" \
                     : [x] "+r"(rest), [w] "+l"(w), [a] "+Te"(a), [b] "+Te"(b), [c] "+Te"(c), [d] "+Te"(d) \
                     : [n] "r"(cols - 8) \
                     : "q0", "q1", "lr", "cc", "memory")
#define LN_EIGHT(i) (bytes == 1 ? vldrbq_s16((const int8_t *)w + 8 * (i)) : vldrhq_s16((const int16_t *)w + 8 * (i)))

/* The first columns, eight at a time, of one row of w: at most 24, of which x has as many octets. */
LN_INLINE int32_t ln_row(const int16x8_t *x, const void *w, int32_t row, int32_t octets, int32_t bytes)
{
    int32_t sum = vmladavq_s16(x[0], LN_EIGHT(row));
    sum = octets > 1 ? vmladavaq_s16(sum, x[1], LN_EIGHT(row + 4)) : sum;
    return octets > 2 ? vmladavaq_s16(sum, x[2], LN_EIGHT(row + 8)) : sum;
}

LN_INLINE int16x8_t ln_octet(const int16_t *x, int32_t cols)
{
    return cols <= 0 ? vdupq_n_s16(0) : cols < 8 ? vldrhq_z_s16(x, vctp16q((uint32_t)cols)) : vldrhq_s16(x);
}

/* y = acc + (w x) >> s. w has eight columns of each of four rows, the next eight, ..., then -s. Few columns stay in
 * registers; of many, all but eight are for a loop. */
LN_INLINE void ln_affine_fours(int32_t *y, const int32_t *acc, const int16_t *x, const void *w, int32_t rows, int32_t cols, int32_t bytes)
{
    const int32_t octets = cols > 24 ? 1 : (cols + 7) / 8;
    const int16x8_t first[3] = {ln_octet(x, cols), ln_octet(x + 8, cols - 8), ln_octet(x + 16, cols - 16)};
    w = ln_kept(w); /* no copies of it as literals */
    for (int32_t r = 0; r < rows; r += 4) {
        int32_t a = ln_row(first, w, 0, octets, bytes);
        int32_t b = ln_row(first, w, 1, octets, bytes);
        int32_t c = ln_row(first, w, 2, octets, bytes);
        int32_t d = ln_row(first, w, 3, octets, bytes);
        w = (const int8_t *)w + 32 * octets * bytes;
        const int16_t *rest = x + 8;
        if (cols > 24 && bytes == 1) {
            LN_FOUR_MORE("vldrb.s16 q1, [%[w]], #8\n\t");
        } else if (cols > 24) {
            LN_FOUR_MORE("vldrh.u16 q1, [%[w]], #16\n\t");
        }
        int32x4_t sum = vdupq_n_s32(a);
        sum = vsetq_lane_s32(b, sum, 1);
        sum = vsetq_lane_s32(c, sum, 2);
        sum = vsetq_lane_s32(d, sum, 3);
        sum = vrshlq_s32(sum, bytes == 1 ? vldrbq_s32((const int8_t *)w) : vldrhq_s32((const int16_t *)w));
        w = (const int8_t *)w + 4 * bytes;
        if (rows - r >= 4) {
            vstrwq_s32(y + r, vaddq_s32(vldrwq_s32(acc + r), sum));
        } else {
            const mve_pred16_t some = vctp32q((uint32_t)(rows - r));
            vstrwq_p_s32(y + r, vaddq_s32(vldrwq_z_s32(acc + r, some), sum), some);
        }
    }
}

/* The values at q0, in the lower halves of q4, whose upper halves stay 0. To saturate an index is to clip the input. The
 * fraction goes below -1 in the upper half of q3, by which VQDMLSDH multiplies the value, as the fraction multiplies the rise. */
#define LN_LOOK_UP \
    "vqshl.s32 q1, q0, %[saturate]\n\tvshl.i32 q3, q0, %[up]\n\tvshr.s32 q1, q1, %[index]\n\tvsri.32 %q[one], q3, #17\n\t" \
    "vldrw.u32 q2, [%[nodes], q1, uxtw #2]\n\tvqdmlsdh.s16 q4, q2, %q[one]\n\t"
#define LN_PLACE \
    [nodes] "r"(middle), [saturate] "i"(31 - shift - __builtin_ctz((unsigned)half)), \
        [index] "i"(31 - __builtin_ctz((unsigned)half)), [up] "i"(32 - shift)
#define LN_LOOK_UP_ALL(load) \
    __asm__ volatile("vmov.i32 q4, #0\n\tdlstp.32 lr, %[n]\n1:\n\t" load LN_LOOK_UP "vstrh.32 q4, [%[y]], #8\n\tletp lr, 1b" \
                     : [x] "+l"(x), [y] "+l"(y), [one] "+w"(one) \
                     : [n] "r"((uint32_t)n), LN_PLACE \
                     : "q0", "q1", "q2", "q3", "q4", "lr", "cc", "memory")

/* y = f(x), of n inputs of so many bytes; half nodes on either side of middle. */
LN_INLINE void ln_look_up_mve(int16_t *y, const void *x, const ln_pair *middle, int32_t half, int32_t shift, int32_t bytes, ln_size n)
{
    int32x4_t one = vdupq_n_s32(-1 - INT32_MAX);
    if (bytes == 2) {
        LN_LOOK_UP_ALL("vldrh.s32 q0, [%[x]], #8\n\t");
    } else {
        LN_LOOK_UP_ALL("vldrw.u32 q0, [%[x]], #16\n\t");
    }
}

/* Of n destinations, at least one, the synapses in fours, at least one. The exchanging VMLADAVX multiplies g, alone in its
 * lane, by e, above w. */
LN_INLINE void ln_add_synapses_mve(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const uint16_t *fours, const ln_pair *middle, int32_t half, int32_t shift, ln_size n)
{
    int32x4_t one = vdupq_n_s32(-1 - INT32_MAX);
    int32_t numerator;
    int32_t denominator;
    uint32_t left = n;
    __asm__ volatile("vmov.i32 q4, #0\n2:\n\tldrh lr, [%[fours]], #2\n\tldrd %[e], %[g], [%[base]], #8\n\tdls lr, lr\n1:\n\t"
                     "vldrw.u32 q1, [%[s], #16]\n\tvshr.u32 q2, q1, #16\n\tvldrh.s32 q3, [%[v], q2, uxtw #1]\n\t"
                     "vmullb.s16 q0, q1, q3\n\tvldrw.u32 q2, [%[s]], #48\n\tvadd.i32 q0, q0, q2\n\t" LN_LOOK_UP
                     "vldrw.u32 q1, [%[s], #-16]\n\tvqrdmulh.s16 q2, q4, q1\n\t"
                     "vaddva.s32 %[g], q2\n\tvmladavax.s16 %[e], q2, q1\n\tle lr, 1b\n\t"
                     "strd %[e], %[g], [%[pair]], #8\n\tsubs %[left], %[left], #1\n\tbne 2b"
                     : [pair] "+r"(pair), [base] "+r"(base), [s] "+r"(synapse), [fours] "+r"(fours), [left] "+r"(left),
                       [e] "=&Te"(numerator), [g] "=&Te"(denominator), [one] "+w"(one)
                     : [v] "r"(v), LN_PLACE
                     : "q0", "q1", "q2", "q3", "q4", "lr", "cc", "memory");
}

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
    const int32x4_t d = vaddq_s32(sums.val[1], weight);
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
LN_FN int32_t ln_either(const void *w, uint32_t at, int32_t bytes)
{
    return bytes == 1 ? ((const int8_t *)w)[at] : ((const int16_t *)w)[at];
}

LN_FN void ln_affine_fours(int32_t *y, const int32_t *acc, const int16_t *x, const void *w, int32_t rows, int32_t cols, int32_t bytes)
{
    const uint32_t shifts = ((uint32_t)cols + 7) / 8 * 32;
    for (uint32_t r = 0; (int32_t)r < rows; r++) {
        const uint32_t four = r / 4 * (shifts + 4);
        int32_t sum = 0;
        for (uint32_t i = 0; (int32_t)i < cols; i++) {
            sum = ln_mac(sum, ln_either(w, four + i / 8 * 32 + r % 4 * 8 + i % 8, bytes), x[i]);
        }
        y[r] = ln_add(acc[r], ln_rshift(sum, -ln_either(w, four + shifts + r % 4, bytes)));
    }
}

LN_FN int32_t ln_look_up_one(const ln_pair *middle, int32_t x, int32_t half, int32_t shift)
{
    const int32_t bits = shift < LN_FRACTION_BITS ? shift : LN_FRACTION_BITS;
    const ln_pair node = middle[ln_clip(x >> shift, -half, half - 1)];
    const int32_t fraction = (x >> (shift - bits)) & (((int32_t)1 << bits) - 1);
    return ln_add(ln_upper(node), ln_mul(ln_lower(node), fraction) >> bits);
}

LN_FN void ln_look_up_mve(int16_t *y, const void *x, const ln_pair *middle, int32_t half, int32_t shift, int32_t bytes, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        const int32_t input = bytes == 2 ? ((const int16_t *)x)[i] : ((const int32_t *)x)[i];
        y[i] = ln_narrow(ln_look_up_one(middle, input, half, shift));
    }
}

LN_FN void ln_add_synapses_mve(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const uint16_t *fours, const ln_pair *middle, int32_t half, int32_t shift, ln_size n)
{
    for (ln_size j = 0; j < n; j++) {
        int32_t numerator = base[2 * j];
        int32_t denominator = base[2 * j + 1];
        for (uint32_t k = 4u * fours[j]; k != 0; k--) {
            const int32_t argument = ln_mac(synapse[0], ln_lower(synapse[4]), v[ln_upper(synapse[4])]);
            const int32_t f = ln_look_up_one(middle, argument, half, shift);
            const int32_t g = ln_rshift(ln_mul(ln_lower(synapse[8]), f), 15);
            numerator = ln_mac(numerator, g, ln_upper(synapse[8]));
            denominator = ln_add(denominator, g);
            synapse += k % 4 == 1 ? 9 : 1;
        }
        pair[2 * j] = numerator;
        pair[2 * j + 1] = denominator;
    }
}

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

#endif
