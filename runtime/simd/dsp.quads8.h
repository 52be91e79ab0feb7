/* Four rows of a matrix with weights of 8 bits for dsp.h, by the loops of dsp.quads.h. */
#ifndef LN_SIMD_DSP_QUADS8_H
#define LN_SIMD_DSP_QUADS8_H

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
/* A word has four weights: SXTB16 takes the first two columns, then the others. */
#define LN_ROW8(word, sum) \
    "sxtb16 r6, " word "\n\tsxtb16 " word ", " word ", ror #8\n\t" \
    "smlad " sum ", r6, %[x0], " sum "\n\tsmlad " sum ", " word ", %[x1], " sum "\n\t"
#define LN_FOUR_ROWS8 \
    "ldrd r4, r5, [%[w]], #8\n\t" LN_ROW8("r4", "%[a]") LN_ROW8("r5", "%[b]") \
    "ldrd r4, r5, [%[w]], #8\n\t" LN_ROW8("r4", "%[c]") LN_ROW8("r5", "%[d]")

/* ln_affine4: of each row a word of columns k, k + 2, k + 1, k + 3. */
LN_INLINE void ln_affine4_w8(ln_quad *at, const int16_t *x, ln_size rows, ln_size cols, int aligned)
{
    LN_ANEW(cols, x)
    const ln_pair *w = at->w;
    register int32_t a __asm__("r8") = 0;
    register int32_t b __asm__("r9") = 0;
    register int32_t c __asm__("r10") = 0;
    register int32_t d __asm__("r11") = 0;
    int32_t x0;
    int32_t x1;
    uint32_t n = cols >> 4;
    if ((cols & 8u) != 0) {
        LN_ASM(LN_UNALIGNED LN_FOUR_ROWS8 LN_UNALIGNED LN_FOUR_ROWS8);
    }
    if ((cols & 4u) != 0) {
        LN_ASM(LN_UNALIGNED LN_FOUR_ROWS8);
    }
    if (n != 0 && aligned) {
        LN_LOOP(LN_ALIGNED LN_FOUR_ROWS8 LN_ALIGNED LN_FOUR_ROWS8 LN_ALIGNED LN_FOUR_ROWS8 LN_ALIGNED LN_FOUR_ROWS8);
    } else if (n != 0) {
        LN_LOOP(LN_UNALIGNED LN_FOUR_ROWS8 LN_UNALIGNED LN_FOUR_ROWS8 LN_UNALIGNED LN_FOUR_ROWS8 LN_UNALIGNED LN_FOUR_ROWS8);
    }
    if ((cols & 3u) != 0) {
        x0 = (cols & 2u) != 0 ? ln_ld_pair(x) : *x;
        x1 = (cols & 3u) == 3 ? x[2] : 0;
        __asm__ volatile(LN_FOUR_ROWS8 : LN_SUMS : [x0] "r"(x0), [x1] "r"(x1) : LN_TAKEN);
    }
    if (rows < 4) {
        LN_SHIFTED_FEW(rows)
        return;
    }
    LN_SHIFTED;
    at->w = w;
}
#else
LN_INLINE void ln_affine4_w8(ln_quad *at, const int16_t *x, ln_size rows, ln_size cols, int aligned)
{
    (void)aligned;
    ln_affine4_plain(at, x, rows, cols, 1);
}
#endif

#endif
