/* Four rows of weights of 8 bits for mve.h: sixteen columns in an instruction, of x in halves.
 *
 * x = 256 h + l + 128 with h and l of 8 bits, so that w x = 256 (w h) + w l + 128 w: exact. */
#ifndef LN_SIMD_MVE_HALVES_H
#define LN_SIMD_MVE_HALVES_H

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
/* Of each sixteen columns of x the halves h, then the halves l; what fills up the last sixteen is any. */
LN_INLINE void ln_halve(int32_t *halves, const int16_t *x, uint32_t cols)
{
    const int8x16_t middle = vdupq_n_s8(-128);
    int8_t *y = (int8_t *)halves;
    LN_ROLLED
    for (uint32_t k = cols / 16; k != 0; k--) {
        const int8x16x2_t both = vld2q_s8((const int8_t *)x);
        vst1q_s8(y, both.val[1]);
        vst1q_s8(y + 16, veorq_s8(both.val[0], middle));
        x += 16;
        y += 32;
    }
    for (uint32_t k = 0; k < cols % 16; k += 8) {
        const mve_pred16_t some = vctp16q(cols % 16 - k);
        const int16x8_t both = vldrhq_z_s16(x + k, some);
        vstrbq_s16(y + k, vshrq_n_s16(both, 8));
        vstrbq_s16(y + 16 + k, veorq_s16(both, vdupq_n_s16(128)));
    }
}

/* Sixteen columns of a row. VMLADAV sums into even registers alone: four rows take all eight. */
#define LN_HALF_ROW(low, high, l, mac, h) \
    "vldrw.u32 q5, [%[w]], #16\n\tvmladava.s8 " low ", q5, " l "\n\t" mac ".s8 " high ", q5, " h "\n\t"
#define LN_HALF_ROWS(l, mac, h) \
    LN_HALF_ROW("r0", "r8", l, mac, h) LN_HALF_ROW("r2", "r10", l, mac, h) LN_HALF_ROW("r4", "r12", l, mac, h) \
    LN_HALF_ROW("r6", "lr", l, mac, h)
#define LN_BEYOND(sixteen) ".if %c[sixteens] > " #sixteen "\n\t"
#define LN_HALF_LOAD(q, at) "vldrw.u32 " q ", [%[x], #(" at " - 256)]\n\t"
#define LN_LATER(sixteen) \
    LN_BEYOND(sixteen) LN_HALF_LOAD("q6", #sixteen " * 32") LN_HALF_LOAD("q7", #sixteen " * 32 + 16") \
    LN_HALF_ROWS("q7", "vmladava", "q6") ".endif\n\t"

/* y = acc + (w x) >> s of so many fours of rows. x points to the middle of 512 bytes of halves, of which the first 40 columns
 * stay in registers; w has 128 times the sum of each of four rows, sixteen columns of each, the next sixteen, ..., then -s. */
LN_INLINE const int32_t *ln_half_fours(int32_t *y, const int32_t *acc, const int32_t *x, const int32_t *w, uint32_t fours, int32_t sixteens)
{
    __asm__ volatile(
        LN_HALF_LOAD("q0", "0") LN_HALF_LOAD("q1", "16") LN_BEYOND(1) LN_HALF_LOAD("q2", "32") LN_HALF_LOAD("q3", "48")
        ".endif\n\t" LN_BEYOND(2) LN_HALF_LOAD("q4", "64") ".endif\n1:\n\tldm %[w]!, {r0, r2, r4, r6}\n\t"
        LN_HALF_ROWS("q1", "vmladav", "q0") LN_BEYOND(1) LN_HALF_ROWS("q3", "vmladava", "q2") ".endif\n\t"
        LN_BEYOND(2) LN_HALF_LOAD("q6", "80") LN_HALF_ROWS("q6", "vmladava", "q4") ".endif\n\t"
        LN_LATER(3) LN_LATER(4) LN_LATER(5) LN_LATER(6) LN_LATER(7) LN_LATER(8) LN_LATER(9) LN_LATER(10) LN_LATER(11)
        LN_LATER(12) LN_LATER(13) LN_LATER(14) LN_LATER(15)
        "vmov q6[2], q6[0], r8, r12\n\tvmov q6[3], q6[1], r10, lr\n\tvmov q7[2], q7[0], r0, r4\n\tvmov q7[3], q7[1], r2, r6\n\t"
        "vshl.i32 q6, q6, #8\n\tvadd.i32 q6, q6, q7\n\tvldrb.s32 q5, [%[w]], #4\n\tvrshl.s32 q6, q6, q5\n\t"
        "vldrw.u32 q5, [%[acc]], #16\n\tvadd.i32 q6, q6, q5\n\tvstrw.32 q6, [%[y]], #16\n\t"
        "subs %[left], %[left], #1\n\tbne 1b"
        : [y] "+r"(y), [acc] "+r"(acc), [w] "+l"(w), [left] "+r"(fours)
        : [x] "r"(x + 64), [sixteens] "i"(sixteens)
        : "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "cc", "memory");
    return w;
}

/* The last rows, if they are no four, are summed aside. */
LN_INLINE void ln_affine_halves(int32_t *y, const int32_t *acc, const int32_t *halves, const int32_t *w, uint32_t rows, uint32_t cols)
{
    const uint32_t whole = rows & ~3u;
    int32_t last[4] = {0, 0, 0, 0};
    for (uint32_t r = whole; r < rows; r++) {
        last[r % 4] = acc[r];
    }
    LN_ROLLED
    for (uint32_t r = 0; r < rows; r += whole) {
        const uint32_t left = rows - r;
        w = ln_half_fours(left < 4 ? last : y, left < 4 ? last : acc, halves, w, left < 4 ? 1 : left / 4, (int32_t)(cols + 15) / 16);
    }
    for (uint32_t r = whole; r < rows; r++) {
        y[r] = last[r % 4];
    }
}
#else
LN_FN int32_t ln_byte(const int32_t *words, uint32_t at)
{
    return (int8_t)(uint8_t)((uint32_t)words[at / 4] >> at % 4 * 8 & 255u);
}

LN_FN void ln_halve(int32_t *halves, const int16_t *x, uint32_t cols)
{
    for (uint32_t k = 0; k < cols; k++) {
        uint8_t *const sixteen = (uint8_t *)halves + k / 16 * 32 + k % 16;
        sixteen[0] = (uint8_t)((uint32_t)(x[k] >> 8) & 255u);
        sixteen[16] = (uint8_t)(((uint32_t)x[k] & 255u) ^ 128u);
    }
}

LN_FN void ln_affine_halves(int32_t *y, const int32_t *acc, const int32_t *halves, const int32_t *w, uint32_t rows, uint32_t cols)
{
    const uint32_t row = (cols + 15) / 16 * 16;
    for (uint32_t r = 0; r < rows; r++) {
        const int32_t *const four = w + r / 4 * (5 + row);
        int32_t high = 0;
        int32_t low = 0;
        for (uint32_t k = 0; k < cols; k++) {
            const int8_t *const sixteen = (const int8_t *)halves + k / 16 * 32 + k % 16;
            const int32_t weight = ln_byte(four + 4, k / 16 * 64 + r % 4 * 16 + k % 16);
            high = ln_mac(high, weight, sixteen[0]);
            low = ln_mac(low, weight, sixteen[16]);
        }
        const int32_t sum = (int32_t)(256u * (uint32_t)high + (uint32_t)low + (uint32_t)four[r % 4]);
        y[r] = ln_add(acc[r], ln_rshift(sum, -ln_byte(four + 4 + row, r % 4) & 31));
    }
}
#endif

#endif
