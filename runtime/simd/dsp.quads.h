/* Four rows of a matrix for dsp.h, where sizes are not literal. */
#ifndef LN_SIMD_DSP_QUADS_H
#define LN_SIMD_DSP_QUADS_H

/* Where a matrix is multiplied, four rows at a time. */
typedef struct {
    int32_t *y;
    const int32_t *acc;
    const ln_pair *w;
    int64_t start; /* of sums with weights of 8 bits */
} ln_quad;

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
/* acc and the upper word of a b, rounded. */
LN_FN int32_t ln_mac_top(int32_t acc, int32_t a, int32_t b)
{
    int32_t sum;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
}

/* One pair of columns, of four rows; the loops are assembly so that their length does not depend on the compiler. */
#define LN_FOUR_ROWS(x) \
    "ldmia %[w]!, {r4, r5, r6, r12}\n\t" \
    "smlad %[a], r4, " x ", %[a]\n\tsmlad %[b], r5, " x ", %[b]\n\t" \
    "smlad %[c], r6, " x ", %[c]\n\tsmlad %[d], r12, " x ", %[d]\n\t"
#define LN_ALIGNED "ldrd %[x0], %[x1], [%[x]], #8\n\t"
#define LN_UNALIGNED "ldr %[x0], [%[x]], #4\n\tldr %[x1], [%[x]], #4\n\t"
#define LN_ONE "ldr %[x0], [%[x]], #4\n\t" LN_FOUR_ROWS("%[x0]")
#define LN_TWO(load) load LN_FOUR_ROWS("%[x0]") LN_FOUR_ROWS("%[x1]")
#define LN_FOUR(load) LN_TWO(load) LN_TWO(load)
#define LN_SUMS [w] "+r"(w), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d)
#define LN_TAKEN "r4", "r5", "r6", "r12", "cc", "memory"
#define LN_ASM(body) __asm__ volatile(body : LN_SUMS, [x] "+r"(x), [x0] "=&r"(x0), [x1] "=&r"(x1) : : LN_TAKEN)
#define LN_LOOP(body) \
    __asm__ volatile("1:\n\t" body "subs %[n], %[n], #1\n\tbne 1b" \
                     : LN_SUMS, [x] "+r"(x), [n] "+r"(n), [x0] "=&r"(x0), [x1] "=&r"(x1) \
                     : \
                     : LN_TAKEN)
/* y = acc + the sums times 2^(32 - s), of which the upper word is kept, rounded. */
#define LN_SHIFTED \
    __asm__ volatile("ldrd r4, r5, [%[w]], #8\n\tldrd r6, r12, [%[acc]], #8\n\t" \
                     "smmlar %[a], %[a], r4, r6\n\tsmmlar %[b], %[b], r5, r12\n\t" \
                     "ldrd r4, r5, [%[w]], #8\n\tldrd r6, r12, [%[acc]], #8\n\t" \
                     "smmlar %[c], %[c], r4, r6\n\tsmmlar %[d], %[d], r5, r12\n\tstmia %[y]!, {%[a], %[b], %[c], %[d]}" \
                     : LN_SUMS, [y] "+r"(at->y), [acc] "+r"(at->acc) \
                     : \
                     : LN_TAKEN)
/* The same of the first rows alone, fewer than four. */
#define LN_SHIFTED_FEW(rows) \
    at->y[0] = ln_mac_top(at->acc[0], a, w[0]); \
    if ((rows) > 1) { \
        at->y[1] = ln_mac_top(at->acc[1], b, w[1]); \
    } \
    if ((rows) > 2) { \
        at->y[2] = ln_mac_top(at->acc[2], c, w[2]); \
    }
/* What follows from these sizes is found anew, which takes no longer than to load it: it is not kept on the stack. */
#define LN_ANEW(cols, x) \
    if (!__builtin_constant_p(cols)) { \
        __asm__ volatile("" : "+r"(cols), "+r"(x)); \
    }

/* What is left of so many columns, in pairs, beyond sixteen at a time. */
#define LN_PAIRS(load) \
    if ((pairs & 4u) != 0) { \
        LN_ASM(LN_FOUR(load)); \
    } \
    if ((pairs & 2u) != 0) { \
        LN_ASM(LN_TWO(load)); \
    } \
    if ((pairs & 1u) != 0) { \
        LN_ASM(LN_ONE); \
    } \
    if (n != 0) { \
        LN_LOOP(LN_FOUR(load) LN_FOUR(load)); \
    }

/* y = acc + (w x) >> s for four rows, or the last ones, whose sums are shifted and rounded by SMMLAR; aligned says that x is so to words.
 * w has two columns of row 0, of row 1, 2 and 3, then the next two columns, and after the last of them the four
 * 2^(32 - s). The first products begin the sums; at is moved to the next rows. */
LN_INLINE void ln_affine4(ln_quad *at, const int16_t *x, ln_size rows, ln_size cols, int aligned)
{
    LN_ANEW(cols, x)
    int32_t x0 = cols > 1 ? ln_ld_pair(x) : *x;
    int32_t x1;
    const ln_pair *w = at->w;
    register int32_t a __asm__("r8");
    register int32_t b __asm__("r9");
    register int32_t c __asm__("r10");
    register int32_t d __asm__("r11");
    const uint32_t pairs = cols > 1 ? (cols >> 1) - 1 : 0;
    uint32_t n = pairs >> 3;
    __asm__ volatile("ldmia %[w]!, {r4, r5, r6, r12}\n\tsmuad %[a], r4, %[x0]\n\tsmuad %[b], r5, %[x0]\n\t"
                     "smuad %[c], r6, %[x0]\n\tsmuad %[d], r12, %[x0]"
                     : [w] "+r"(w), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d)
                     : [x0] "r"(x0)
                     : LN_TAKEN);
    x += 2;
    if (aligned) {
        LN_PAIRS(LN_ALIGNED)
    } else {
        LN_PAIRS(LN_UNALIGNED)
    }
    if (cols > 1 && (cols & 1u) != 0) {
        __asm__ volatile(LN_FOUR_ROWS("%[x0]") : LN_SUMS : [x0] "r"(*x) : LN_TAKEN);
    }
    if (rows < 4) {
        LN_SHIFTED_FEW(rows)
        return;
    }
    LN_SHIFTED;
    at->w = w;
}
#else
/* Column i of row r of four: of a row a word has two columns, of two rows with weights of 8 bits too. */
LN_FN int32_t ln_quad_weight(const ln_pair *w, uint32_t i, uint32_t r, int bytes)
{
    if (bytes == 1) {
        const ln_pair both = w[i / 2 * 2 + r / 2];
        const int32_t half = i % 2 == 0 ? ln_lower(both) : ln_upper(both);
        return r % 2 == 0 ? (int32_t)((uint32_t)half & 255u) - 128 : half >> 8;
    }
    return i % 2 == 0 ? ln_lower(w[i / 2 * 4 + r]) : ln_upper(w[i / 2 * 4 + r]);
}

LN_FN void ln_affine4_plain(ln_quad *at, const int16_t *x, uint32_t rows, uint32_t cols, int bytes)
{
    const ln_pair *const m = at->w + (cols + 1) / 2 * (bytes == 1 ? 2 : 4);
    for (uint32_t r = 0; r < rows; r++) {
        int32_t sum = 0;
        for (uint32_t i = 0; i < cols; i++) {
            sum = ln_mac(sum, ln_quad_weight(at->w, i, r, bytes), x[i]);
        }
        *at->y++ = ln_mac_top(*at->acc++, sum, m[r]);
    }
    at->w = m + 4;
}

LN_INLINE void ln_affine4(ln_quad *at, const int16_t *x, ln_size rows, ln_size cols, int aligned)
{
    (void)aligned;
    ln_affine4_plain(at, x, rows, cols, 2);
}
#endif

#endif
