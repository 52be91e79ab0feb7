/* Four rows of a matrix with weights of 8 bits for dsp.h, by the loops of dsp.quads.h. */
#ifndef LN_SIMD_DSP_QUADS8_H
#define LN_SIMD_DSP_QUADS8_H

/* What sums of so many columns begin from: -128 times the sum of x. */
LN_FN int64_t ln_start8(const int16_t *x, uint32_t cols)
{
    const ln_pair ones = LN_PAIR(1, 1);
    int32_t sum = 0;
    LN_ROLLED
    for (uint32_t k = cols >> 3; k != 0; k--) {
        sum = ln_mac_both(ln_mac_both(sum, ln_ld_pair(x), ones), ln_ld_pair(x + 2), ones);
        sum = ln_mac_both(ln_mac_both(sum, ln_ld_pair(x + 4), ones), ln_ld_pair(x + 6), ones);
        x += 8;
    }
    for (uint32_t k = cols & 7u; k != 0; k--) {
        sum = ln_add(sum, *x++);
    }
    return -128 * (int64_t)sum;
}

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
/* A halfword is 256 times the weight of one row plus that of the row before plus 128, a word two columns of that. SMLALD sums
 * it times two columns of x, in 64 bits, UXTB16 and SMLAD its lower byte times them; both sums begin from 128 times the sum
 * of x, negative. So the one is that of the row before, the other that plus 256 times that of the row itself. */
#define LN_TWO_ROWS8(word, x, both, high, before) \
    "smlald " both ", " high ", " word ", " x "\n\tuxtb16 " word ", " word "\n\tsmlad " before ", " word ", " x ", " before "\n\t"
#define LN_FOUR_ROWS8(x) \
    "ldrd r4, r5, [%[w]], #8\n\t" LN_TWO_ROWS8("r4", x, "%[b]", "%[bh]", "%[a]") LN_TWO_ROWS8("r5", x, "%[d]", "%[dh]", "%[c]")
#define LN_FOUR_COLUMNS8(load) load LN_FOUR_ROWS8("%[x0]") LN_FOUR_ROWS8("%[x1]")
#define LN_EIGHT_COLUMNS8(load) LN_FOUR_COLUMNS8(load) LN_FOUR_COLUMNS8(load)
#define LN_SUMS8 LN_SUMS, [bh] "+r"(bh), [dh] "+r"(dh)
#define LN_ASM8(body) __asm__ volatile(body : LN_SUMS8, [x] "+r"(x), [x0] "=&r"(x0), [x1] "=&r"(x1) : : "r4", "r5", "cc", "memory")
#define LN_LOOP8(body) \
    __asm__ volatile("1:\n\t" body "subs %[n], %[n], #1\n\tbne 1b" \
                     : LN_SUMS8, [x] "+r"(x), [n] "+r"(n), [x0] "=&r"(x0), [x1] "=&r"(x1) \
                     : \
                     : "r4", "r5", "cc", "memory")

/* The sum of a row, from 256 times that plus that of the row before: 40 bits of both and high. */
LN_FN int32_t ln_row_after(int32_t both, int32_t high, int32_t before)
{
    __asm__("subs %0, %0, %2\n\tsbc %1, %1, %2, asr #31\n\tlsr %0, %0, #8\n\torr %0, %0, %1, lsl #24"
            : "+&r"(both), "+&r"(high)
            : "r"(before)
            : "cc");
    return both;
}

/* ln_affine4: of two columns a word for rows 0 and 1, and one for rows 2 and 3. */
LN_INLINE void ln_affine4_w8(ln_quad *at, const int16_t *x, ln_size rows, ln_size cols, int aligned)
{
    LN_ANEW(cols, x)
    const ln_pair *w = at->w;
    register int32_t a __asm__("r8") = (int32_t)at->start;
    register int32_t b __asm__("r9") = (int32_t)at->start;
    register int32_t c __asm__("r10") = (int32_t)at->start;
    register int32_t d __asm__("r11") = (int32_t)at->start;
    int32_t bh = (int32_t)(at->start >> 32);
    int32_t dh = (int32_t)(at->start >> 32);
    int32_t x0;
    int32_t x1;
    uint32_t n = cols >> 4;
    if ((cols & 8u) != 0) {
        LN_ASM8(LN_EIGHT_COLUMNS8(LN_UNALIGNED));
    }
    if ((cols & 4u) != 0) {
        LN_ASM8(LN_FOUR_COLUMNS8(LN_UNALIGNED));
    }
    if (n != 0 && aligned) {
        LN_LOOP8(LN_EIGHT_COLUMNS8(LN_ALIGNED) LN_EIGHT_COLUMNS8(LN_ALIGNED));
    } else if (n != 0) {
        LN_LOOP8(LN_EIGHT_COLUMNS8(LN_UNALIGNED) LN_EIGHT_COLUMNS8(LN_UNALIGNED));
    }
    if ((cols & 2u) != 0) {
        LN_ASM8("ldr %[x0], [%[x]], #4\n\t" LN_FOUR_ROWS8("%[x0]"));
    }
    if ((cols & 1u) != 0) {
        __asm__ volatile(LN_FOUR_ROWS8("%[x0]") : LN_SUMS8 : [x0] "r"((int32_t)*x) : "r4", "r5", "cc", "memory");
    }
    b = ln_row_after(b, bh, a);
    d = ln_row_after(d, dh, c);
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
