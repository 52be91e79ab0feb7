/* Four rows of a matrix for mve.h, eight columns in an instruction. */
#ifndef LN_SIMD_MVE_ROWS_H
#define LN_SIMD_MVE_ROWS_H

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
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
        y[r] = ln_add(acc[r], ln_rshift(sum, -ln_either(w, four + shifts + r % 4, bytes) & 31));
    }
}
#endif

#endif
