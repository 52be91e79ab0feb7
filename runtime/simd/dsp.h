/* Words of the Armv7E-M DSP extension (Cortex-M4, M7, M33 with DSP): two products a cycle, products of halves.
 *
 * Without that extension, and without optimisation, the same words in plain C give the same bits; so the same folder
 * runs on the desk, too. */
#ifndef LN_SIMD_DSP_H
#define LN_SIMD_DSP_H

#include "scalar.h"

/* Where an input lies in tables over all of int16: its left node in the first, the parts of the right one and the left. */
typedef struct {
    const int16_t *left;
    ln_pair parts;
} ln_position;

LN_FN int32_t ln_mac(int32_t acc, int32_t a, int32_t b);
LN_FN int32_t ln_add(int32_t a, int32_t b);
LN_FN int32_t ln_clip(int32_t x, int32_t low, int32_t high);
LN_FN int16_t ln_lower(int32_t pair);
LN_FN int16_t ln_upper(int32_t pair);

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
#include <arm_acle.h>

/* The next three words of constants. */
LN_FN ln_synapse_words ln_next(const ln_synapse_words **p)
{
    register int32_t b __asm__("r4");
    register ln_pair aw __asm__("r5");
    register ln_pair es __asm__("r6");
    __asm__("ldmia %0!, {%1, %2, %3}" : "+r"(*p), "=r"(b), "=r"(aw), "=r"(es));
    const ln_synapse_words next = {b, aw, es};
    return next;
}

/* p in a register: the compiler shall not add to every index what p was made of. */
LN_FN const void *ln_kept(const void *p)
{
    __asm__("" : "+r"(p));
    return p;
}

/* What p points to is not read before this: a loop reads it again, instead of keeping a copy of all of it. */
LN_FN void ln_fence(const void *p)
{
    __asm__ volatile("" : : "r"(p) : "memory");
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

LN_FN int32_t ln_mac_lu(int32_t acc, ln_pair a, ln_pair b)
{
    return __smlabt(a, b, acc);
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

/* Positions of n inputs, at least one, in tables of one node every 1 << shift; shift is literal. See ln_interpolate. */
LN_INLINE void ln_positions(ln_position *y, const int16_t *x, const int16_t *nodes, int32_t shift, ln_size n)
{
    int32_t at;
    int32_t parts;
    uint32_t left = n;
    __asm__ volatile("1:\n\tldrsh %[at], [%[x]], #2\n\tubfx %[parts], %[at], #0, %[shift]\n\t"
                     "asrs %[at], %[at], %[shift]\n\tmla %[parts], %[parts], %[unit], %[half]\n\t"
                     "add %[at], %[middle], %[at], lsl #1\n\tstrd %[at], %[parts], [%[y]], #8\n\t"
                     "subs %[left], %[left], #1\n\tbne 1b"
                     : [x] "+r"(x), [y] "+r"(y), [left] "+r"(left), [at] "=&r"(at), [parts] "=&r"(parts)
                     : [middle] "r"(nodes + (32768 >> shift)), [unit] "r"(65535u << (15 - shift)),
                       [half] "r"((65535u << (14 - shift)) + 32768u), [shift] "i"(shift)
                     : "cc", "memory");
}

/* One pair of columns, of four rows; the loops are assembly so that their length does not depend on the compiler. */
#define LN_FOUR_ROWS(x) \
    "ldmia %[w]!, {r4, r5, r8, r12}\n\t" \
    "smlad %[a], r4, " x ", %[a]\n\t" \
    "smlad %[b], r5, " x ", %[b]\n\t" \
    "smlad %[c], r8, " x ", %[c]\n\t" \
    "smlad %[d], r12, " x ", %[d]\n\t"
#define LN_FOUR_COLUMNS(load) load LN_FOUR_ROWS("%[x0]") LN_FOUR_ROWS("%[x1]")
#define LN_ALIGNED "ldrd %[x0], %[x1], [%[x]], #8\n\t"
#define LN_UNALIGNED "ldr %[x0], [%[x]], #4\n\tldr %[x1], [%[x]], #4\n\t"
/* The same with weights of 8 bits, of which a word has four: SXTB16 takes the first two columns, then the others. */
#define LN_ROW8(word, sum) \
    "sxtb16 r8, " word "\n\tsxtb16 " word ", " word ", ror #8\n\t" \
    "smlad " sum ", r8, %[x0], " sum "\n\tsmlad " sum ", " word ", %[x1], " sum "\n\t"
#define LN_FOUR_ROWS8 \
    "ldrd r4, r5, [%[w]], #8\n\t" LN_ROW8("r4", "%[a]") LN_ROW8("r5", "%[b]") \
    "ldrd r4, r5, [%[w]], #8\n\t" LN_ROW8("r4", "%[c]") LN_ROW8("r5", "%[d]")
#define LN_SUMS [w] "+r"(w), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d)
#define LN_TAKEN "r4", "r5", "r8", "r12", "cc", "memory"
#define LN_LOOP(body, ...) \
    __asm__ volatile("1:\n\t" body "subs %[n], %[n], #1\n\tbne 1b" \
                     : LN_SUMS, [x] "+r"(x), [n] "+r"(n), __VA_ARGS__ \
                     : \
                     : LN_TAKEN)
/* y = acc + the sums times 2^(32 - s), of which the upper word is kept, rounded. */
#define LN_SHIFTED \
    __asm__ volatile("ldrd r4, r5, [%[w]], #8\n\tldrd r8, r12, [%[acc]]\n\t" \
                     "smmlar %[a], %[a], r4, r8\n\tsmmlar %[b], %[b], r5, r12\n\tstrd %[a], %[b], [%[y]]\n\t" \
                     "ldrd r4, r5, [%[w]], #8\n\tldrd r8, r12, [%[acc], #8]\n\t" \
                     "smmlar %[c], %[c], r4, r8\n\tsmmlar %[d], %[d], r5, r12\n\tstrd %[c], %[d], [%[y], #8]" \
                     : LN_SUMS \
                     : [y] "r"(y), [acc] "r"(acc) \
                     : LN_TAKEN)

/* y = acc + (w x) >> s for four rows, whose sums are shifted and rounded by SMMLAR; aligned says that x is so to words.
 * w has two columns of row 0, of row 1, 2 and 3, then the next two columns, and after the last of them the four
 * 2^(32 - s). Returns the next rows. */
LN_FN const ln_pair *ln_affine4(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size cols, int aligned)
{
    int32_t a = 0;
    int32_t b = 0;
    int32_t c = 0;
    int32_t d = 0;
    int32_t x0;
    int32_t x1;
    uint32_t n = cols >> 3;
    if (n != 0 && aligned) {
        LN_LOOP(LN_FOUR_COLUMNS(LN_ALIGNED) LN_FOUR_COLUMNS(LN_ALIGNED), [x0] "=&r"(x0), [x1] "=&r"(x1));
    } else if (n != 0) {
        LN_LOOP(LN_FOUR_COLUMNS(LN_UNALIGNED) LN_FOUR_COLUMNS(LN_UNALIGNED), [x0] "=&r"(x0), [x1] "=&r"(x1));
    }
    n = (cols >> 1) & 3u;
    if (n != 0) {
        LN_LOOP("ldr %[x0], [%[x]], #4\n\t" LN_FOUR_ROWS("%[x0]"), [x0] "=&r"(x0));
    }
    if ((cols & 1u) != 0) {
        __asm__ volatile(LN_FOUR_ROWS("%[x0]") : LN_SUMS : [x0] "r"(*x) : LN_TAKEN);
    }
    LN_SHIFTED;
    return w;
}

/* The same with weights of 8 bits: of each row a word of columns k, k + 2, k + 1, k + 3. */
LN_FN const ln_pair *ln_affine4_w8(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size cols, int aligned)
{
    int32_t a = 0;
    int32_t b = 0;
    int32_t c = 0;
    int32_t d = 0;
    int32_t x0;
    int32_t x1;
    uint32_t n = cols >> 3;
    if (n != 0 && aligned) {
        LN_LOOP(LN_ALIGNED LN_FOUR_ROWS8 LN_ALIGNED LN_FOUR_ROWS8, [x0] "=&r"(x0), [x1] "=&r"(x1));
    } else if (n != 0) {
        LN_LOOP(LN_UNALIGNED LN_FOUR_ROWS8 LN_UNALIGNED LN_FOUR_ROWS8, [x0] "=&r"(x0), [x1] "=&r"(x1));
    }
    if ((cols & 4u) != 0) {
        __asm__ volatile(LN_UNALIGNED LN_FOUR_ROWS8 : LN_SUMS, [x] "+r"(x), [x0] "=&r"(x0), [x1] "=&r"(x1) : : LN_TAKEN);
    }
    if ((cols & 3u) != 0) {
        x0 = (cols & 2u) != 0 ? ln_ld_pair(x) : *x;
        x1 = (cols & 3u) == 3 ? x[2] : 0;
        __asm__ volatile(LN_FOUR_ROWS8 : LN_SUMS : [x0] "r"(x0), [x1] "r"(x1) : LN_TAKEN);
    }
    LN_SHIFTED;
    return w;
}
#else
LN_FN ln_synapse_words ln_next(const ln_synapse_words **p)
{
    return *(*p)++;
}

LN_FN const void *ln_kept(const void *p)
{
    return p;
}

LN_FN void ln_fence(const void *p)
{
    (void)p;
}

LN_FN int32_t ln_mac_high(int32_t acc, int32_t a, ln_pair b)
{
    return ln_add(acc, (int32_t)(((int64_t)a * ln_lower(b)) >> 16));
}

LN_FN int32_t ln_mac_ll(int32_t acc, ln_pair a, ln_pair b)
{
    return ln_mac(acc, ln_lower(a), ln_lower(b));
}

LN_FN int32_t ln_mac_lu(int32_t acc, ln_pair a, ln_pair b)
{
    return ln_mac(acc, ln_lower(a), ln_upper(b));
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

LN_FN void ln_positions(ln_position *y, const int16_t *x, const int16_t *nodes, int32_t shift, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        const uint32_t inside = (uint32_t)x[i] & (((uint32_t)1 << shift) - 1);
        const uint32_t part = (inside << (15 - shift)) + ((uint32_t)1 << (14 - shift));
        y[i].left = nodes + ((x[i] + 32768) >> shift);
        y[i].parts = LN_PAIR(32768 - part, part);
    }
}

LN_FN int32_t ln_mac_top(int32_t acc, int32_t a, int32_t b)
{
    return ln_add(acc, (int32_t)(((int64_t)a * b + ((int64_t)1 << 31)) >> 32));
}

LN_FN const ln_pair *ln_affine4(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size cols, int aligned)
{
    const ln_pair *const m = w + (cols + 1) / 2 * 4;
    (void)aligned;
    for (ln_size r = 0; r < 4; r++) {
        int32_t sum = 0;
        for (ln_size i = 0; i < cols; i++) {
            const ln_pair pair = w[i / 2 * 4 + r];
            sum = ln_mac(sum, i % 2 == 0 ? ln_lower(pair) : ln_upper(pair), x[i]);
        }
        y[r] = ln_mac_top(acc[r], sum, m[r]);
    }
    return m + 4;
}

LN_FN const ln_pair *ln_affine4_w8(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size cols, int aligned)
{
    const ln_pair *const m = w + (cols + 3) / 4 * 4;
    (void)aligned;
    for (ln_size r = 0; r < 4; r++) {
        int32_t sum = 0;
        for (ln_size i = 0; i < cols; i++) {
            const uint32_t word = (uint32_t)w[i / 4 * 4 + r] >> (i % 2 * 16 + i / 2 % 2 * 8);
            sum = ln_mac(sum, (int8_t)(uint8_t)(word & 255u), x[i]);
        }
        y[r] = ln_mac_top(acc[r], sum, m[r]);
    }
    return m + 4;
}
#endif

/* Linear interpolation in a table that is flat at both ends: half nodes on either side of middle, half a power of two,
 * one every 1 << shift. A node is its rise to the next, and its value above; with a scale of 16 the rises are made to
 * be multiplied with a fraction of 16 bits, else with one of scale bits. */
LN_FN int32_t ln_lookup_dsp(const ln_pair *middle, int32_t x, int32_t half, int32_t shift, int32_t scale)
{
    const int32_t bits = shift < LN_FRACTION_BITS ? shift : LN_FRACTION_BITS;
    const ln_pair node = middle[ln_clip(x >> shift, -half, half - 1)];
    const int32_t fraction = (x >> (shift - bits)) & (((int32_t)1 << bits) - 1);
    if (scale == 16) {
        return ln_mac_high(ln_upper(node), fraction, node);
    }
    return ln_add(ln_upper(node), ln_mac_ll(0, node, fraction) >> scale);
}

#endif
