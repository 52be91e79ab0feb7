/* Words of the Armv7E-M DSP extension (Cortex-M4, M7, M33 with DSP): two products a cycle, products of halves.
 *
 * Without that extension, and without optimisation, the same words in plain C give the same bits; so the same folder
 * runs on the desk, too. */
#ifndef LN_SIMD_DSP_H
#define LN_SIMD_DSP_H

#include "scalar.h"

/* Arrays of a step begin at whole words, which kernels read. */
#define LN_WORDS __attribute__((aligned(4)))

/* Where an input lies in tables over all of int16: its left node in the first, the parts of the right one and the left. */
typedef struct {
    const int16_t *left;
    ln_pair parts;
} ln_position;

/* Where a matrix is multiplied, four rows at a time. */
typedef struct {
    int32_t *y;
    const int32_t *acc;
    const ln_pair *w;
} ln_quad;

/* The same, onto what is there. */
typedef struct {
    int32_t *y;
    const ln_pair *w;
} ln_rows;

LN_FN int32_t ln_mac(int32_t acc, int32_t a, int32_t b);
LN_FN int32_t ln_add(int32_t a, int32_t b);
LN_FN int32_t ln_mul(int32_t a, int32_t b);
LN_FN int32_t ln_rshift(int32_t x, int32_t shift);
LN_FN int32_t ln_clip(int32_t x, int32_t low, int32_t high);
LN_FN int16_t ln_lower(int32_t pair);
LN_FN int16_t ln_upper(int32_t pair);

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
#include <arm_acle.h>

/* p in a register: the compiler shall not add to every index what p was made of. */
LN_FN const void *ln_kept(const void *p)
{
    __asm__("" : "+r"(p));
    return p;
}

/* What arrays hold is read again after this, instead of being kept in copies that find no registers. */
LN_FN void ln_fence(void)
{
    __asm__ volatile("" : : : "memory");
}

/* The synapses of n destinations, at least one. An argument is mirrored, its table too: see plan.layouts._mirrored. The source of
 * a synapse leaves in the carry whether it is its destination's last, and nothing after that changes the carry. */
#define LN_ADD_SYNAPSES(weigh) \
    __asm__ volatile("2:\n\tldrd %[e], %[g], [%[base]], #8\n1:\n\tldmia %[s]!, {r4, r5, r6}\n\t" \
                     "lsrs %[t], r6, #17\n\tldrsh %[t], [%[v], %[t], lsl #1]\n\tsmlabb r4, %[t], r5, r4\n\t" \
                     "ssat %[t], %[index], r4, asr %[shift]\n\tldr %[t], [%[nodes], %[t], lsl #2]\n\t" \
                     "ubfx r4, r4, %[low], %[bits]\n\tsmlabb r4, r4, %[t], %[t]\n\tsmlatt r4, r4, r5, %[half]\n\t" weigh \
                     "bcc 1b\n\tstrd %[e], %[g], [%[pair]], #8\n\tsubs %[left], %[left], #1\n\tbne 2b" \
                     : [pair] "+r"(pair), [base] "+r"(base), [s] "+r"(synapse), [left] "+r"(left), [e] "=&r"(e), [g] "=&r"(g), \
                       [t] "=&r"(t) \
                     : [v] "r"(v), [nodes] "r"(middle), [index] "i"(1 + __builtin_ctz((unsigned)half)), [shift] "i"(shift), \
                       [low] "i"(shift - bits), [bits] "i"(bits), [half] "r"(1 << (up - 1)) \
                     : "r4", "r5", "r6", "cc", "memory")

LN_INLINE void ln_add_synapses_dsp(int32_t *pair, const int32_t *base, const int16_t *v, const ln_synapse_words *synapse, const ln_pair *middle, int32_t half, int32_t shift, int32_t bits, int32_t up, ln_size n)
{
    int32_t e;
    int32_t g;
    int32_t t;
    uint32_t left = n;
    if (up == 16) {
        LN_ADD_SYNAPSES("smlatb %[e], r4, r6, %[e]\n\tadd %[g], %[g], r4, asr #16\n\t");
    } else {
        LN_ADD_SYNAPSES("asr %[t], r4, #15\n\tsmlabb %[e], %[t], r6, %[e]\n\tadd %[g], %[g], r4, asr #15\n\t");
    }
}

LN_INLINE void ln_copy_pairs(int32_t *y, const int32_t *x, uint32_t n)
{
    if (n % 2 != 0) {
        y[0] = x[0];
        y[1] = x[1];
    }
    if (n > 1) {
        x += n % 2 * 2;
        y += n % 2 * 2;
        n /= 2;
        __asm__ volatile("1:\n\tldmia %[x]!, {r4, r5, r6, r12}\n\tstmia %[y]!, {r4, r5, r6, r12}\n\tsubs %[n], %[n], #1\n\tbne 1b"
                         : [x] "+r"(x), [y] "+r"(y), [n] "+r"(n)
                         :
                         : "r4", "r5", "r6", "r12", "cc", "memory");
    }
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
    "ldmia %[w]!, {r4, r5, r6, r12}\n\t" \
    "smlad %[a], r4, " x ", %[a]\n\tsmlad %[b], r5, " x ", %[b]\n\t" \
    "smlad %[c], r6, " x ", %[c]\n\tsmlad %[d], r12, " x ", %[d]\n\t"
#define LN_ALIGNED "ldrd %[x0], %[x1], [%[x]], #8\n\t"
#define LN_UNALIGNED "ldr %[x0], [%[x]], #4\n\tldr %[x1], [%[x]], #4\n\t"
#define LN_ONE "ldr %[x0], [%[x]], #4\n\t" LN_FOUR_ROWS("%[x0]")
#define LN_TWO(load) load LN_FOUR_ROWS("%[x0]") LN_FOUR_ROWS("%[x1]")
#define LN_FOUR(load) LN_TWO(load) LN_TWO(load)
/* The same with weights of 8 bits, of which a word has four: SXTB16 takes the first two columns, then the others. */
#define LN_ROW8(word, sum) \
    "sxtb16 r6, " word "\n\tsxtb16 " word ", " word ", ror #8\n\t" \
    "smlad " sum ", r6, %[x0], " sum "\n\tsmlad " sum ", " word ", %[x1], " sum "\n\t"
#define LN_FOUR_ROWS8 \
    "ldrd r4, r5, [%[w]], #8\n\t" LN_ROW8("r4", "%[a]") LN_ROW8("r5", "%[b]") \
    "ldrd r4, r5, [%[w]], #8\n\t" LN_ROW8("r4", "%[c]") LN_ROW8("r5", "%[d]")
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

/* y = acc + (w x) >> s for four rows, whose sums are shifted and rounded by SMMLAR; aligned says that x is so to words.
 * w has two columns of row 0, of row 1, 2 and 3, then the next two columns, and after the last of them the four
 * 2^(32 - s). The first products begin the sums; at is moved to the next rows. */
LN_INLINE void ln_affine4(ln_quad *at, const int16_t *x, ln_size cols, int aligned)
{
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
    LN_SHIFTED;
    at->w = w;
}

/* The same with weights of 8 bits: of each row a word of columns k, k + 2, k + 1, k + 3. */
LN_INLINE void ln_affine4_w8(ln_quad *at, const int16_t *x, ln_size cols, int aligned)
{
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
    LN_SHIFTED;
    at->w = w;
}
#else
LN_FN const void *ln_kept(const void *p)
{
    return p;
}

LN_FN void ln_fence(void)
{
}

LN_FN void ln_add_synapses_dsp(int32_t *pair, const int32_t *base, const int16_t *v, const ln_synapse_words *synapse, const ln_pair *middle, int32_t half, int32_t shift, int32_t bits, int32_t up, ln_size n)
{
    for (ln_size j = 0; j < n; j++) {
        int32_t numerator = base[2 * j];
        int32_t denominator = base[2 * j + 1];
        int32_t last = 0;
        while (last == 0) {
            const int32_t argument = ln_mac(synapse->b, ln_lower(synapse->aw), v[(synapse->es >> 17) & 32767]);
            const ln_pair node = middle[ln_clip(argument >> shift, -half, half - 1)];
            const int32_t fraction = (argument >> (shift - bits)) & (((int32_t)1 << bits) - 1);
            const int32_t f = ln_mac(node, ln_lower(node), fraction) >> 16;
            const int32_t g = ln_rshift(ln_mul(ln_upper(synapse->aw), f), up);
            numerator = ln_mac(numerator, g, ln_lower(synapse->es));
            denominator = ln_add(denominator, g);
            last = (synapse->es >> 16) & 1;
            synapse++;
        }
        pair[2 * j] = numerator;
        pair[2 * j + 1] = denominator;
    }
}

LN_FN void ln_copy_pairs(int32_t *y, const int32_t *x, uint32_t n)
{
    for (uint32_t i = 0; i < 2 * n; i++) {
        y[i] = x[i];
    }
}

LN_FN int32_t ln_mac_high(int32_t acc, int32_t a, ln_pair b)
{
    return ln_add(acc, (int32_t)(((int64_t)a * ln_lower(b)) >> 16));
}

LN_FN int32_t ln_mac_ll(int32_t acc, ln_pair a, ln_pair b)
{
    return ln_mac(acc, ln_lower(a), ln_lower(b));
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

LN_INLINE void ln_affine4(ln_quad *at, const int16_t *x, ln_size cols, int aligned)
{
    const ln_pair *const w = at->w;
    const ln_pair *const m = w + (cols + 1) / 2 * 4;
    (void)aligned;
    for (ln_size r = 0; r < 4; r++) {
        int32_t sum = 0;
        for (ln_size i = 0; i < cols; i++) {
            const ln_pair pair = w[i / 2 * 4 + r];
            sum = ln_mac(sum, i % 2 == 0 ? ln_lower(pair) : ln_upper(pair), x[i]);
        }
        *at->y++ = ln_mac_top(*at->acc++, sum, m[r]);
    }
    at->w = m + 4;
}

LN_INLINE void ln_affine4_w8(ln_quad *at, const int16_t *x, ln_size cols, int aligned)
{
    const ln_pair *const w = at->w;
    const ln_pair *const m = w + (cols + 3) / 4 * 4;
    (void)aligned;
    for (ln_size r = 0; r < 4; r++) {
        int32_t sum = 0;
        for (ln_size i = 0; i < cols; i++) {
            const uint32_t word = (uint32_t)w[i / 4 * 4 + r] >> (i % 2 * 16 + i / 2 % 2 * 8);
            sum = ln_mac(sum, (int8_t)(uint8_t)(word & 255u), x[i]);
        }
        *at->y++ = ln_mac_top(*at->acc++, sum, m[r]);
    }
    at->w = m + 4;
}
#endif

#include "dsp.rows.h"
#include "dsp.tables.h"

#endif
