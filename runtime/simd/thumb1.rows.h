/* Rows of a matrix for thumb1.h: up to four at a time, all sizes literal.
 *
 * w has four rows, one after the other, in a last word what their sums are shifted by, in bytes, and with what they begin from
 * behind that; then the next four, and of what is left fewer rows in the same way. A shift is at least 1: the bit that leaves
 * last is the carry, and rounds. */
#ifndef LN_SIMD_THUMB1_ROWS_H
#define LN_SIMD_THUMB1_ROWS_H

/* Where rows of a matrix are multiplied, onto what is there. */
typedef struct {
    int32_t *y;
    const ln_pair *w;
} ln_rows;

#if defined(__thumb__) && !defined(__thumb2__) && defined(__OPTIMIZE__)
/* The sums are in r8 to r11, y in r12, the groups to come in lr. The last row ends where w goes on. */
#define LN_ROWS(four, three, two, one) \
    ".if %c[rows] == 4\n\t" four ".elseif %c[rows] == 3\n\t" three ".elseif %c[rows] == 2\n\t" two ".else\n\t" one ".endif\n\t"
#define LN_ENDS \
    LN_ROWS("adds %[a], %[w], %[t]\n\tadds %[b], %[a], %[t]\n\tadds %[c], %[b], %[t]\n\tadds %[w], %[c], %[t]\n\t", \
            "adds %[a], %[w], %[t]\n\tadds %[b], %[a], %[t]\n\tadds %[w], %[b], %[t]\n\t", \
            "adds %[a], %[w], %[t]\n\tadds %[w], %[a], %[t]\n\t", "adds %[w], %[w], %[t]\n\t")
#define LN_ROW(row, sum) "ldrsh %[t], [%[" row "], %[i]]\n\tmuls %[t], %[u]\n\tadd " sum ", %[t]\n\t"
#define LN_COLUMN \
    "ldrsh %[u], [%[x], %[i]]\n\t" LN_ROWS(LN_ROW("a", "r8") LN_ROW("b", "r9") LN_ROW("c", "r10") LN_ROW("w", "r11"), \
                                          LN_ROW("a", "r8") LN_ROW("b", "r9") LN_ROW("w", "r10"), \
                                          LN_ROW("a", "r8") LN_ROW("w", "r9"), LN_ROW("w", "r8")) "adds %[i], #2\n\t"
#define LN_DONE(sum, from) \
    from "mov %[c], " sum "\n\tasrs %[c], %[t]\n\tadcs %[c], %[b]\n\tstmia %[a]!, {%[c]}\n\tlsrs %[t], %[t], #8\n\t"
#define LN_ONTO "ldr %[b], [%[a]]\n\t"
#define LN_FROM "ldmia %[w]!, {%[b]}\n\t"
#define LN_GROUPS(from) \
    __asm__ volatile(".syntax unified\n\tmov r12, %[a]\n\tmov lr, %[b]\n1:\n\tmovs %[t], #0\n\tmov r8, %[t]\n\tmov r9, %[t]\n\t" \
                     "mov r10, %[t]\n\tmov r11, %[t]\n\tmovs %[t], #%c[cols] & 127\n\t.if %c[cols] > 127\n\t" \
                     "movs %[u], #%c[cols] >> 7\n\tlsls %[u], %[u], #7\n\tadds %[t], %[t], %[u]\n\t.endif\n\t" \
                     "lsls %[t], %[t], #1\n\trsbs %[i], %[t], #0\n\t" LN_ENDS ".if %c[cols] & 1\n\t" LN_COLUMN ".endif\n\t" \
                     ".if %c[cols] > 1\n2:\n\t" LN_COLUMN LN_COLUMN "bne 2b\n\t.endif\n\t" \
                     ".if %c[cols] & %c[rows] & 1\n\tadds %[w], #2\n\t.endif\n\t" \
                     "mov %[a], r12\n\tldmia %[w]!, {%[t]}\n\t" LN_DONE("r8", from) ".if %c[rows] > 1\n\t" \
                     LN_DONE("r9", from) ".endif\n\t.if %c[rows] > 2\n\t" LN_DONE("r10", from) ".endif\n\t.if %c[rows] > 3\n\t" \
                     LN_DONE("r11", from) ".endif\n\tmov r12, %[a]\n\tmov %[b], lr\n\tsubs %[b], #1\n\tmov lr, %[b]\n\tbne 1b" \
                     : [w] "+&l"(at->w), [a] "+&l"(at->y), [b] "+&l"(groups), [c] "=&l"(c), [i] "=&l"(i), [t] "=&l"(t), \
                       [u] "=&l"(u) \
                     : [x] "l"(x + cols), [rows] "i"(rows), [cols] "i"(cols) \
                     : "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

/* So many groups of so many rows, one to four. */
LN_INLINE void ln_groups(ln_rows *at, const int16_t *x, int32_t groups, int32_t rows, int32_t cols, int32_t first)
{
    int32_t c;
    int32_t i;
    int32_t t;
    int32_t u;
    if (first != 0) {
        LN_GROUPS(LN_FROM);
    } else {
        LN_GROUPS(LN_ONTO);
    }
}
#else
LN_FN void ln_groups(ln_rows *at, const int16_t *x, int32_t groups, int32_t rows, int32_t cols, int32_t first)
{
    for (int32_t g = 0; g < groups; g++) {
        const ln_pair *const end = at->w + (rows * cols + 1) / 2;
        for (int32_t r = 0; r < rows; r++) {
            int32_t sum = 0;
            for (int32_t i = 0; i < cols; i++) {
                const int32_t k = r * cols + i;
                sum = ln_mac(sum, k % 2 == 0 ? ln_lower(at->w[k / 2]) : ln_upper(at->w[k / 2]), x[i]);
            }
            const int32_t from = first == 0 ? *at->y : end[1 + r];
            *at->y++ = ln_add(from, ln_rshift(sum, (int32_t)((uint32_t)*end >> (8 * r) & 31u)));
        }
        at->w = end + (first == 0 ? 1 : 1 + rows);
    }
}
#endif

#endif
