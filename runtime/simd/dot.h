/* Words of 64-bit Arm with dot products (SDOT, Armv8.2-A and later): sixteen products of bytes an instruction.
 *
 * An activation of 16 bits is 256 h + l + 128 with h and l of 8 bits, so that w x = 256 (w h) + w l + 128 w: exact. Elsewhere
 * the same words are plain C. */
#ifndef LN_SIMD_DOT_H
#define LN_SIMD_DOT_H

#ifndef LN_LANES
#define LN_LANES 4
#endif

#if defined(__ARM_FEATURE_DOTPROD) && LN_LANES == 4
#include "neon.h"

typedef struct {
    int32x4_t high;
    int32x4_t low;
} ln_halves;

/* Four rows of sixteen columns: of each four columns, four of each row. The halves of x are high and low. */
LN_FN ln_halves ln_dot_four(ln_halves sum, const int8_t *w, int8x16_t high, int8x16_t low)
{
    const int8x16_t a = vld1q_s8(w);
    const int8x16_t b = vld1q_s8(w + 16);
    const int8x16_t c = vld1q_s8(w + 32);
    const int8x16_t d = vld1q_s8(w + 48);
    sum.high = vdotq_laneq_s32(sum.high, a, high, 0);
    sum.low = vdotq_laneq_s32(sum.low, a, low, 0);
    sum.high = vdotq_laneq_s32(sum.high, b, high, 1);
    sum.low = vdotq_laneq_s32(sum.low, b, low, 1);
    sum.high = vdotq_laneq_s32(sum.high, c, high, 2);
    sum.low = vdotq_laneq_s32(sum.low, c, low, 2);
    sum.high = vdotq_laneq_s32(sum.high, d, high, 3);
    sum.low = vdotq_laneq_s32(sum.low, d, low, 3);
    return sum;
}

/* y = acc + (w x) >> s of four rows; more says 128 times the sum of w. What fills up sixteen columns has w = 0, and last
 * holds those of x. */
LN_FN ln_v32 ln_affine_four(const int16_t *x, const int16_t *last, const int8_t *w, const int32_t *more, const int32_t *s, uint32_t cols)
{
    const int32x4_t none = vdupq_n_s32(0);
    ln_halves sum = {none, vld1q_s32(more)};
    for (uint32_t k = 0; k < cols; k += 16) {
        const int8x16x2_t halves = vld2q_s8((const int8_t *)(cols - k < 16 ? last : x + k));
        sum = ln_dot_four(sum, w + 4 * k, halves.val[1], veorq_s8(halves.val[0], vdupq_n_s8(-128)));
    }
    const int32x4_t whole = vaddq_s32(vshlq_n_s32(sum.high, 8), sum.low);
    return (ln_v32)vrshlq_s32(whole, vnegq_s32(vld1q_s32(s)));
}

LN_FN void ln_affine_sixteens(int32_t *y, const int32_t *acc, const int16_t *x, const int8_t *w, const int32_t *s, const int32_t *more, uint32_t rows, uint32_t cols)
{
    const uint32_t row = (cols + 15) / 16 * 16;
    int16_t last[16] = {0};
    for (uint32_t k = cols / 16 * 16; k < cols; k++) {
        last[k % 16] = x[k];
    }
    for (uint32_t r = 0; r < rows; r += 4) {
        const ln_v32 product = ln_affine_four(x, last, w + r * row, more + r, s + r, cols);
        if (rows - r >= 4) {
            vst1q_s32(y + r, vaddq_s32(vld1q_s32(acc + r), (int32x4_t)product));
        } else {
            for (uint32_t i = 0; i < rows - r; i++) {
                y[r + i] = acc[r + i] + product[i];
            }
        }
    }
}
#else
#include "lanes.h"

LN_FN int32_t ln_mac(int32_t acc, int32_t a, int32_t b);
LN_FN int32_t ln_add(int32_t a, int32_t b);
LN_FN int32_t ln_rshift(int32_t x, int32_t shift);

LN_FN void ln_affine_sixteens(int32_t *y, const int32_t *acc, const int16_t *x, const int8_t *w, const int32_t *s, const int32_t *more, uint32_t rows, uint32_t cols)
{
    const uint32_t row = (cols + 15) / 16 * 16;
    for (uint32_t r = 0; r < rows; r++) {
        const int8_t *const four = w + r / 4 * 4 * row + r % 4 * 4;
        int32_t high = 0;
        int32_t low = 0;
        for (uint32_t k = 0; k < cols; k++) {
            const int32_t half = x[k] >> 8;
            high = ln_mac(high, four[k / 4 * 16 + k % 4], half);
            low = ln_mac(low, four[k / 4 * 16 + k % 4], x[k] - 256 * half - 128);
        }
        y[r] = ln_add(acc[r], ln_rshift((int32_t)(256u * (uint32_t)high + (uint32_t)low + (uint32_t)more[r]), s[r]));
    }
}
#endif

#endif
