/* Tables for mve.h, and synapses that read one: four inputs at a time, half nodes on either side of middle. */
#ifndef LN_SIMD_MVE_TABLES_H
#define LN_SIMD_MVE_TABLES_H

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
/* Of the inputs x the values, in the lower halves of to, whose upper halves stay. To saturate an index is to clip the
 * input. The fraction, and above it the index' last bit as a sign, go below -1 in the upper half of one, by which VQDMLSDH
 * multiplies the value, as it multiplies the rise by them: so an odd interval has its value at the end. */
#define LN_LOOK_UP(to, x) \
    "vqshl.s32 " x ", " x ", %[saturate]\n\tvshr.s32 q1, " x ", %[index]\n\tvshrnb.i32 %q[one], " x ", %[fraction]\n\t" \
    "vldrw.u32 q2, [%[nodes], q1, uxtw #2]\n\tvqdmlsdh.s16 " to ", q2, %q[one]\n\t"
#define LN_PLACE \
    [nodes] "r"(middle), [saturate] "i"(31 - shift - __builtin_ctz((unsigned)half)), \
        [index] "i"(31 - __builtin_ctz((unsigned)half)), [fraction] "i"(16 - __builtin_ctz((unsigned)half))
#define LN_LOOK_UP_ALL(load) \
    __asm__ volatile("vmov.i32 q4, #0\n\tdlstp.32 lr, %[n]\n1:\n\t" load LN_LOOK_UP("q4", "q0") "vstrh.32 q4, [%[y]], #8\n\tletp lr, 1b" \
                     : [x] "+l"(x), [y] "+l"(y), [one] "+w"(one) \
                     : [n] "r"((uint32_t)n), LN_PLACE \
                     : "q0", "q1", "q2", "q4", "lr", "cc", "memory")

/* y = f(x), of n inputs of so many bytes; half nodes on either side of middle. */
LN_INLINE void ln_look_up_mve(int16_t *y, const void *x, const ln_pair *middle, int32_t half, int32_t shift, int32_t bytes, ln_size n)
{
    int32x4_t one = vdupq_n_s32(-1 - INT32_MAX);
    if (bytes == 2) {
        LN_LOOK_UP_ALL("vldrh.s32 q0, [%[x]], #8\n\t");
    } else {
        LN_LOOK_UP_ALL("vldrw.u32 q0, [%[x]], #16\n\t");
    }
}

/* Four synapses, their g alone in its lane; the exchanging VMLADAVX multiplies it by e, above w. */
#define LN_FOUR_SYNAPSES \
    "vldrh.u32 q0, [%[counts]], #8\n\tvldrh.s32 q1, [%[v], q0, uxtw #1]\n\tvldrh.s32 q2, [%[s], #16]\n\t" \
    "vmullb.s16 q0, q1, q2\n\tvldrw.u32 q1, [%[s]], #40\n\tvadd.i32 q0, q0, q1\n\t" LN_LOOK_UP("q5", "q0") \
    "vldrw.u32 q0, [%[s], #-16]\n\tvqrdmulh.s16 q1, q5, q0\n\tvaddva.s32 %[g], q1\n\tvmladavax.s16 %[e], q1, q0\n\t"

/* Eight: those of even lanes first, then those of odd ones, which go above them. */
#define LN_EIGHT_SYNAPSES \
    "vldrh.u16 q0, [%[counts]], #16\n\tvldrh.u16 q1, [%[v], q0, uxtw #1]\n\tvldrw.u32 q2, [%[s]], #80\n\t" \
    "vmullb.s16 q0, q1, q2\n\tvmullt.s16 q3, q1, q2\n\tvldrw.u32 q1, [%[s], #-64]\n\tvadd.i32 q0, q0, q1\n\t" \
    "vldrw.u32 q1, [%[s], #-48]\n\tvadd.i32 q3, q3, q1\n\t" LN_LOOK_UP("q4", "q0") \
    LN_LOOK_UP("q3", "q3") "vsli.32 q4, q3, #16\n\t" \
    "vldrw.u32 q0, [%[s], #-32]\n\tvqrdmulh.s16 q1, q4, q0\n\tvldrw.u32 q0, [%[s], #-16]\n\t" \
    "vaddva.s16 %[g], q1\n\tvmladava.s16 %[e], q1, q0\n\t"

/* Of n destinations, at least one, the synapses: four if the count in fours is odd, then all others in eights. */
LN_INLINE void ln_add_synapses_mve(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const uint16_t *counts, const ln_pair *middle, int32_t half, int32_t shift, ln_size n)
{
    int32x4_t one = vdupq_n_s32(-1 - INT32_MAX);
    int32_t numerator;
    int32_t denominator;
    uint32_t left = n;
    __asm__ volatile("vmov.i32 q5, #0\n2:\n\tldrh lr, [%[counts]], #2\n\tldrd %[e], %[g], [%[base]], #8\n\t"
                     "lsrs lr, lr, #1\n\tbcc 3f\n\t" LN_FOUR_SYNAPSES "3:\n\twls lr, lr, 4f\n1:\n\t" LN_EIGHT_SYNAPSES
                     "le lr, 1b\n4:\n\tstrd %[e], %[g], [%[pair]], #8\n\tsubs %[left], %[left], #1\n\tbne 2b"
                     : [pair] "+r"(pair), [base] "+r"(base), [s] "+l"(synapse), [counts] "+l"(counts), [left] "+r"(left),
                       [e] "=&Te"(numerator), [g] "=&Te"(denominator), [one] "+w"(one)
                     : [v] "r"(v), LN_PLACE
                     : "q0", "q1", "q2", "q3", "q4", "q5", "lr", "cc", "memory");
}
#else
LN_FN int32_t ln_look_up_one(const ln_pair *middle, int32_t x, int32_t half, int32_t shift)
{
    const int32_t bits = shift < LN_FRACTION_BITS ? shift : LN_FRACTION_BITS;
    const int32_t interval = ln_clip(x >> shift, -half, half - 1);
    const ln_pair node = middle[interval];
    const int32_t whole = (interval & 1) * ((int32_t)1 << bits);
    const int32_t fraction = ((x >> (shift - bits)) & (((int32_t)1 << bits) - 1)) - whole;
    return ln_add(ln_upper(node), ln_mul(ln_lower(node), fraction) >> bits);
}

LN_FN void ln_look_up_mve(int16_t *y, const void *x, const ln_pair *middle, int32_t half, int32_t shift, int32_t bytes, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        const int32_t input = bytes == 2 ? ((const int16_t *)x)[i] : ((const int32_t *)x)[i];
        y[i] = ln_narrow(ln_look_up_one(middle, input, half, shift));
    }
}

typedef struct {
    int32_t b;
    int32_t a;
    int32_t w;
    int32_t e;
} ln_weights;

LN_FN int32_t ln_half_at(const int32_t *words, uint32_t k)
{
    return k % 2 == 0 ? ln_lower(words[k / 2]) : ln_upper(words[k / 2]);
}

LN_FN ln_weights ln_of_four(const int32_t *s, uint32_t k)
{
    const ln_weights found = {s[k], ln_half_at(s + 4, k), ln_lower(s[6 + k]), ln_upper(s[6 + k])};
    return found;
}

LN_FN ln_weights ln_of_eight(const int32_t *s, uint32_t k)
{
    const ln_weights found = {s[4 + k % 2 * 4 + k / 2], ln_half_at(s, k), ln_half_at(s + 12, k), ln_half_at(s + 16, k)};
    return found;
}

LN_FN void ln_add_synapses_mve(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const uint16_t *counts, const ln_pair *middle, int32_t half, int32_t shift, ln_size n)
{
    for (ln_size j = 0; j < n; j++) {
        int32_t numerator = base[2 * j];
        int32_t denominator = base[2 * j + 1];
        uint32_t left = 4u * *counts;
        counts++;
        while (left != 0) {
            const uint32_t some = left % 8 == 4 ? 4 : 8;
            for (uint32_t k = 0; k < some; k++) {
                const ln_weights at = some == 4 ? ln_of_four(synapse, k) : ln_of_eight(synapse, k);
                const int32_t f = ln_look_up_one(middle, ln_mac(at.b, at.a, v[counts[k]]), half, shift);
                const int32_t g = ln_rshift(ln_mul(at.w, f), 15);
                numerator = ln_mac(numerator, g, at.e);
                denominator = ln_add(denominator, g);
            }
            synapse += some == 4 ? 10 : 20;
            counts += some;
            left -= some;
        }
        pair[2 * j] = numerator;
        pair[2 * j + 1] = denominator;
    }
}
#endif

#endif
