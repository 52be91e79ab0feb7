/* Tables for mve.h, and synapses that read one: four inputs at a time, half nodes on either side of middle. */
#ifndef LN_SIMD_MVE_TABLES_H
#define LN_SIMD_MVE_TABLES_H

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
/* The values at q0, in the lower halves of q4, whose upper halves stay 0. To saturate an index is to clip the input. The
 * fraction, and above it the index' last bit as a sign, go below -1 in the upper half of one, by which VQDMLSDH multiplies the
 * value, as it multiplies the rise by them: so an odd interval has its value at the end. */
#define LN_LOOK_UP \
    "vqshl.s32 q1, q0, %[saturate]\n\tvshr.s32 q3, q1, %[index]\n\tvshrnb.i32 %q[one], q1, %[fraction]\n\t" \
    "vldrw.u32 q2, [%[nodes], q3, uxtw #2]\n\tvqdmlsdh.s16 q4, q2, %q[one]\n\t"
#define LN_PLACE \
    [nodes] "r"(middle), [saturate] "i"(31 - shift - __builtin_ctz((unsigned)half)), \
        [index] "i"(31 - __builtin_ctz((unsigned)half)), [fraction] "i"(16 - __builtin_ctz((unsigned)half))
#define LN_LOOK_UP_ALL(load) \
    __asm__ volatile("vmov.i32 q4, #0\n\tdlstp.32 lr, %[n]\n1:\n\t" load LN_LOOK_UP "vstrh.32 q4, [%[y]], #8\n\tletp lr, 1b" \
                     : [x] "+l"(x), [y] "+l"(y), [one] "+w"(one) \
                     : [n] "r"((uint32_t)n), LN_PLACE \
                     : "q0", "q1", "q2", "q3", "q4", "lr", "cc", "memory")

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

/* Of n destinations, at least one, the synapses in fours, at least one. The exchanging VMLADAVX multiplies g, alone in its
 * lane, by e, above w. */
LN_INLINE void ln_add_synapses_mve(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const uint16_t *fours, const ln_pair *middle, int32_t half, int32_t shift, ln_size n)
{
    int32x4_t one = vdupq_n_s32(-1 - INT32_MAX);
    int32_t numerator;
    int32_t denominator;
    uint32_t left = n;
    __asm__ volatile("vmov.i32 q4, #0\n2:\n\tldrh lr, [%[fours]], #2\n\tldrd %[e], %[g], [%[base]], #8\n\tdls lr, lr\n1:\n\t"
                     "vldrw.u32 q1, [%[s], #16]\n\tvshr.u32 q2, q1, #16\n\tvldrh.s32 q3, [%[v], q2, uxtw #1]\n\t"
                     "vmullb.s16 q0, q1, q3\n\tvldrw.u32 q2, [%[s]], #48\n\tvadd.i32 q0, q0, q2\n\t" LN_LOOK_UP
                     "vldrw.u32 q1, [%[s], #-16]\n\tvqrdmulh.s16 q2, q4, q1\n\t"
                     "vaddva.s32 %[g], q2\n\tvmladavax.s16 %[e], q2, q1\n\tle lr, 1b\n\t"
                     "strd %[e], %[g], [%[pair]], #8\n\tsubs %[left], %[left], #1\n\tbne 2b"
                     : [pair] "+r"(pair), [base] "+r"(base), [s] "+r"(synapse), [fours] "+r"(fours), [left] "+r"(left),
                       [e] "=&Te"(numerator), [g] "=&Te"(denominator), [one] "+w"(one)
                     : [v] "r"(v), LN_PLACE
                     : "q0", "q1", "q2", "q3", "q4", "lr", "cc", "memory");
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

LN_FN void ln_add_synapses_mve(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const uint16_t *fours, const ln_pair *middle, int32_t half, int32_t shift, ln_size n)
{
    for (ln_size j = 0; j < n; j++) {
        int32_t numerator = base[2 * j];
        int32_t denominator = base[2 * j + 1];
        for (uint32_t k = 4u * fours[j]; k != 0; k--) {
            const int32_t argument = ln_mac(synapse[0], ln_lower(synapse[4]), v[ln_upper(synapse[4])]);
            const int32_t f = ln_look_up_one(middle, argument, half, shift);
            const int32_t g = ln_rshift(ln_mul(ln_lower(synapse[8]), f), 15);
            numerator = ln_mac(numerator, g, ln_upper(synapse[8]));
            denominator = ln_add(denominator, g);
            synapse += k % 4 == 1 ? 9 : 1;
        }
        pair[2 * j] = numerator;
        pair[2 * j + 1] = denominator;
    }
}
#endif

#endif
