/* Synapses for dsp.h, in loops of assembly so that their length does not depend on the compiler. */
#ifndef LN_SIMD_DSP_SYNAPSES_H
#define LN_SIMD_DSP_SYNAPSES_H

/* Where an input lies in tables over all of int16: its left node in the first, the parts of the right one and the left. */
typedef struct {
    const int16_t *left;
    ln_pair parts;
} ln_position;

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
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

/* The same of destinations that have the same sources, one after the other, v the first of so many pairs: no more than 256. Left
 * counts them above the destinations, less one, which SBC brings back when it takes a destination. */
#define LN_ONE_OF_ROW(weigh) \
    "ldrsh %[t], [%[v]], #2\n\tsmlabb r4, %[t], r5, r4\n\t" \
    "ssat %[t], %[index], r4, asr %[shift]\n\tldr %[t], [%[nodes], %[t], lsl #2]\n\t" \
    "ubfx r4, r4, %[low], %[bits]\n\tsmlabb r4, r4, %[t], %[t]\n\tsmlatt r4, r4, r5, %[half]\n\t" weigh
#define LN_ADD_ROWS(first, second) \
    __asm__ volatile("2:\n\tldrd %[e], %[g], [%[base]], #8\n1:\n\tldmia %[s]!, {r4, r5, r6}\n\t" LN_ONE_OF_ROW(first) \
                     "ldrd r4, r5, [%[s]], #8\n\t" LN_ONE_OF_ROW(second) \
                     "subs %[left], %[left], #1 << 24\n\tbcs 1b\n\tsbc %[left], %[left], #(256 - %c[pairs]) << 24\n\t" \
                     "strd %[e], %[g], [%[pair]], #8\n\tsubw %[v], %[v], #4 * %c[pairs]\n\tlsls %[t], %[left], #8\n\tbne 2b" \
                     : [pair] "+r"(pair), [base] "+r"(base), [s] "+r"(synapse), [left] "+r"(left), [v] "+r"(v), [e] "=&r"(e), \
                       [g] "=&r"(g), [t] "=&r"(t) \
                     : [nodes] "r"(middle), [index] "i"(1 + __builtin_ctz((unsigned)half)), [shift] "i"(shift), \
                       [low] "i"(shift - bits), [bits] "i"(bits), [half] "r"(1 << (up - 1)), [pairs] "i"(pairs) \
                     : "r4", "r5", "r6", "cc", "memory")

LN_INLINE void ln_add_rows_dsp(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const ln_pair *middle, int32_t half, int32_t shift, int32_t bits, int32_t up, int32_t pairs, ln_size n)
{
    int32_t e;
    int32_t g;
    int32_t t;
    uint32_t left = n + ((uint32_t)(pairs - 1) << 24);
    if (up == 16) {
        LN_ADD_ROWS("smlatb %[e], r4, r6, %[e]\n\tadd %[g], %[g], r4, asr #16\n\t",
                    "smlatt %[e], r4, r6, %[e]\n\tadd %[g], %[g], r4, asr #16\n\t");
    } else {
        LN_ADD_ROWS("asr %[t], r4, #15\n\tsmlabb %[e], %[t], r6, %[e]\n\tadd %[g], %[g], r4, asr #15\n\t",
                    "asr %[t], r4, #15\n\tsmlabt %[e], %[t], r6, %[e]\n\tadd %[g], %[g], r4, asr #15\n\t");
    }
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
#else
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

LN_FN void ln_add_rows_dsp(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const ln_pair *middle, int32_t half, int32_t shift, int32_t bits, int32_t up, int32_t pairs, ln_size n)
{
    for (ln_size j = 0; j < n; j++) {
        int32_t numerator = base[2 * j];
        int32_t denominator = base[2 * j + 1];
        for (int32_t k = 0; k < 2 * pairs; k++) {
            const int32_t *const words = synapse + 3 * (k % 2);
            const int32_t argument = ln_mac(words[0], ln_lower(words[1]), v[k]);
            const ln_pair node = middle[ln_clip(argument >> shift, -half, half - 1)];
            const int32_t fraction = (argument >> (shift - bits)) & (((int32_t)1 << bits) - 1);
            const int32_t f = ln_mac(node, ln_lower(node), fraction) >> 16;
            const int32_t g = ln_rshift(ln_mul(ln_upper(words[1]), f), up);
            numerator = ln_mac(numerator, g, k % 2 == 0 ? ln_lower(synapse[2]) : ln_upper(synapse[2]));
            denominator = ln_add(denominator, g);
            synapse += k % 2 * 5;
        }
        pair[2 * j] = numerator;
        pair[2 * j + 1] = denominator;
    }
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
#endif

#endif
