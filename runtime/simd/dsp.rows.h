/* Rows of a matrix for dsp.h: up to four at a time, two columns in an instruction, all sizes literal.
 *
 * w has of four rows two columns of each, the next two, ..., and last the 2^(32 - s) by which their sums are shifted, then the
 * next four; of what is left fewer rows in the same way. Of an odd number of columns the last one comes first. */
#ifndef LN_SIMD_DSP_ROWS_H
#define LN_SIMD_DSP_ROWS_H

/* Where rows of a matrix are multiplied, onto what is there. */
typedef struct {
    int32_t *y;
    const ln_pair *w;
} ln_rows;

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
/* The weights are at r0, x at r1, y at r2; two columns of x are in r3 and two in lr, of w in r4, r5, r6 and r12, the sums in
 * r8 to r11. What counts is in r7, which compilers may keep for themselves: it is put back. */
#define LN_ROWS(four, three, two, one) \
    ".if %c[rows] == 4\n\t" four "\n\t.elseif %c[rows] == 3\n\t" three "\n\t.elseif %c[rows] == 2\n\t" two "\n\t.else\n\t" one \
    "\n\t.endif\n\t"
#define LN_WEIGHTS \
    LN_ROWS("ldmia r0!, {r4, r5, r6, r12}", "ldmia r0!, {r4, r5, r6}", "ldrd r4, r5, [r0], #8", "ldr r4, [r0], #4")
#define LN_SUM(i, one) ".if %c[rows] > " #i "\n\t" one "\n\t.endif\n\t"
#define LN_BEGUN(x) \
    LN_WEIGHTS "smuad r8, r4, " x "\n\t" LN_SUM(1, "smuad r9, r5, " x) LN_SUM(2, "smuad r10, r6, " x) \
    LN_SUM(3, "smuad r11, r12, " x)
#define LN_ADDED(x) \
    LN_WEIGHTS "smlad r8, r4, " x ", r8\n\t" LN_SUM(1, "smlad r9, r5, " x ", r9") \
    LN_SUM(2, "smlad r10, r6, " x ", r10") LN_SUM(3, "smlad r11, r12, " x ", r11")
#define LN_FOUR_COLUMNS(load) load LN_ADDED("r3") LN_ADDED("lr")

/* Four columns of x, after which it points to the next ones or, after the last, to where it began. */
#define LN_ALIGNED_X "ldrd r3, lr, [r1], #8\n\t"
#define LN_ALIGNED_ALL "ldrd r3, lr, [r1]\n\t"
#define LN_ALIGNED_END \
    ".if %c[back] > 1020\n\tldrd r3, lr, [r1]\n\tsubw r1, r1, #%c[back]\n\t.else\n\tldrd r3, lr, [r1], #-%c[back]\n\t.endif\n\t"
#define LN_ANY_X "ldr r3, [r1], #4\n\tldr lr, [r1], #4\n\t"
#define LN_ANY_ALL "ldr r3, [r1]\n\tldr lr, [r1, #4]\n\t"
#define LN_ANY_END LN_ANY_ALL "subw r1, r1, #%c[back]\n\t"

/* The columns that begin the sums: one, two, three or four; if they are all, x is to stay. */
#define LN_COLUMNS(load, all) \
    ".if %c[cols] & 1\n\tldrh r3, [r1, #%c[cols] * 2 - 2]\n\t" LN_BEGUN("r3") ".endif\n\t" \
    ".if %c[cols] & 2\n\t.if %c[fours] > 0\n\tldr r3, [r1], #4\n\t.else\n\tldr r3, [r1]\n\t.endif\n\t" \
    ".if %c[cols] & 1\n\t" LN_ADDED("r3") ".else\n\t" LN_BEGUN("r3") ".endif\n\t.endif\n\t" \
    ".if (%c[cols] & 3) == 0\n\t.if %c[fours] > 0\n\t" load ".else\n\t" all ".endif\n\t" \
    LN_BEGUN("r3") LN_ADDED("lr") ".endif\n\t"
/* All columns: after the first ones turns of so many sixteens, then one to as many times four. What is repeated by the assembler
 * is no longer than compilers, which count lines, take the whole for. */
#define LN_ALL_COLUMNS(load, all, end) \
    LN_COLUMNS(load, all) \
    ".if %c[turns] > 0\n\t2:\n\t.rept %c[turn]\n\t" LN_FOUR_COLUMNS(load) LN_FOUR_COLUMNS(load) LN_FOUR_COLUMNS(load) \
    LN_FOUR_COLUMNS(load) ".endr\n\t.endif\n\t" \
    ".if %c[turns] > 1\n\tsubs r7, r7, #1 << 24\n\tbcs 2b\n\tsbc r7, r7, #(256 - %c[turns]) << 24\n\t.endif\n\t" \
    ".if %c[fours] > 0\n\t.rept %c[fours] - 4 * %c[turn] * %c[turns] - 1\n\t" LN_FOUR_COLUMNS(load) ".endr\n\t" \
    LN_FOUR_COLUMNS(end) ".endif\n\t"

/* y += the upper words of the sums times 2^(32 - s), rounded. */
#define LN_ONE_ONTO(sum) "ldr r4, [r0], #4\n\tldr r3, [r2]\n\tsmmlar " sum ", " sum ", r4, r3\n\tstr " sum ", [r2], #4"
#define LN_ONTO \
    ".if %c[rows] == 4\n\tldmia r0!, {r4, r5, r6, r12}\n\tldrd r3, lr, [r2]\n\tsmmlar r8, r8, r4, r3\n\t" \
    "smmlar r9, r9, r5, lr\n\tldrd r3, lr, [r2, #8]\n\tsmmlar r10, r10, r6, r3\n\tsmmlar r11, r11, r12, lr\n\t" \
    "stmia r2!, {r8, r9, r10, r11}\n\t.else\n\t" LN_ONE_ONTO("r8") "\n\t" LN_SUM(1, LN_ONE_ONTO("r9")) \
    LN_SUM(2, LN_ONE_ONTO("r10")) ".endif\n\t"
/* y = the same onto what lies in w: of two rows at a time the factors, then what each begins from. */
#define LN_ONE_FROM(sum) "ldrd r4, r5, [r0], #8\n\tsmmlar " sum ", " sum ", r4, r5\n\tstr " sum ", [r2], #4"
#define LN_FROM \
    ".if %c[rows] == 4\n\tldmia r0!, {r4, r5, r6, r12}\n\tsmmlar r8, r8, r4, r6\n\tsmmlar r9, r9, r5, r12\n\t" \
    "ldmia r0!, {r4, r5, r6, r12}\n\tsmmlar r10, r10, r4, r6\n\tsmmlar r11, r11, r5, r12\n\t" \
    "stmia r2!, {r8, r9, r10, r11}\n\t.else\n\t" LN_ONE_FROM("r8") "\n\t" LN_SUM(1, LN_ONE_FROM("r9")) \
    LN_SUM(2, LN_ONE_FROM("r10")) ".endif\n\t"

/* The count of groups is below that of turns, less one, which SBC brings back when it takes one from the groups. */
#define LN_GROUPS(columns, finish) \
    __asm__ volatile(".if %c[groups] > 1 || %c[turns] > 1\n\tpush {r7}\n\tmovw r7, #%c[groups]\n\t.endif\n\t" \
                     ".if %c[turns] > 1\n\tmovt r7, #(%c[turns] - 1) << 8\n\t.endif\n\t1:\n\t" columns finish \
                     ".if %c[groups] > 1\n\t.if %c[turns] > 1\n\tlsls r3, r7, #8\n\t.else\n\tsubs r7, r7, #1\n\t.endif\n\t" \
                     "bne 1b\n\t.endif\n\t.if %c[groups] > 1 || %c[turns] > 1\n\tpop {r7}\n\t.endif" \
                     : "+r"(r0), "+r"(r1), "+r"(r2) \
                     : [groups] "i"(groups), [rows] "i"(rows), [cols] "i"(cols), [fours] "i"(fours), \
                       [turn] "i"(turn), [turns] "i"(fours > 0 ? (fours - 1) / (4 * turn) : 0), [back] "i"(2 * (cols & ~1) - 8) \
                     : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

/* So many groups of so many rows, one to four. */
LN_INLINE void ln_groups(ln_rows *at, const int16_t *x, int32_t groups, int32_t rows, int32_t cols, int32_t first)
{
    register const ln_pair *r0 __asm__("r0") = at->w;
    register const int16_t *r1 __asm__("r1") = x;
    register int32_t *r2 __asm__("r2") = at->y;
    const int32_t fours = (cols % 4 == 0 ? cols - 4 : cols) / 4;
    const int32_t turn = groups < 32 ? 1 : 3; /* of many rows the code is a small part */
    if (first != 0 && ((uintptr_t)x & 3u) == 0) {
        LN_GROUPS(LN_ALL_COLUMNS(LN_ALIGNED_X, LN_ALIGNED_ALL, LN_ALIGNED_END), LN_FROM);
    } else if (first != 0) {
        LN_GROUPS(LN_ALL_COLUMNS(LN_ANY_X, LN_ANY_ALL, LN_ANY_END), LN_FROM);
    } else if (((uintptr_t)x & 3u) == 0) {
        LN_GROUPS(LN_ALL_COLUMNS(LN_ALIGNED_X, LN_ALIGNED_ALL, LN_ALIGNED_END), LN_ONTO);
    } else {
        LN_GROUPS(LN_ALL_COLUMNS(LN_ANY_X, LN_ANY_ALL, LN_ANY_END), LN_ONTO);
    }
    at->w = r0;
    at->y = r2;
}
#else
LN_FN void ln_groups(ln_rows *at, const int16_t *x, int32_t groups, int32_t rows, int32_t cols, int32_t first)
{
    const ln_pair *w = at->w;
    for (int32_t g = 0; g < groups; g++) {
        const ln_pair *const m = w + rows * ((cols + 1) / 2);
        for (int32_t r = 0; r < rows; r++) {
            int32_t sum = cols % 2 != 0 ? ln_mul(ln_lower(w[r]), x[cols - 1]) : 0;
            for (int32_t i = 0; i + 1 < cols; i += 2) {
                sum = ln_mac_both(sum, w[(i / 2 + cols % 2) * rows + r], LN_PAIR(x[i], x[i + 1]));
            }
            const int32_t two = rows == 4 ? r / 2 * 4 + r % 2 : 2 * r;
            const int32_t from = first == 0 ? *at->y : m[two + (rows == 4 ? 2 : 1)];
            *at->y++ = ln_mac_top(from, sum, m[first == 0 ? r : two]);
        }
        w = m + (first == 0 ? rows : 2 * rows);
    }
    at->w = w;
}
#endif

#endif
