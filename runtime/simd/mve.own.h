/* Synapses with tables of their own for mve.h: eight of a destination at a time. */
#ifndef LN_SIMD_MVE_OWN_H
#define LN_SIMD_MVE_OWN_H

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
/* Of n destinations, at least one, the synapses: the intervals of v, from at on; two nodes of each; (left + (rise part) >> 15
 * + 1) >> 1, which rounds once; the sums. VSLI leaves in part the half place below the fraction. */
LN_INLINE void ln_add_own_mve(int32_t *pair, const int32_t *base, const int16_t *v, const int16_t *nodes, const int16_t *e, const uint16_t *counts, int32_t shift, int32_t far, ln_size n)
{
    int16x8_t part = vdupq_n_s16((int16_t)(1 << (15 - shift)));
    const int16_t *right = nodes + 1;
    int32_t numerator;
    int32_t denominator;
    uint32_t left = n;
    __asm__ volatile("2:\n\t.if %c[far]\n\tldrh lr, [%[counts]], #2\n\tadd %[nodes], %[nodes], lr, lsl #1\n\t"
                     "add %[right], %[right], lr, lsl #1\n\t.endif\n\tldrh lr, [%[counts]], #2\n\t"
                     "ldrd %[e], %[g], [%[base]], #8\n\twlstp.16 lr, lr, 4f\n1:\n\t"
                     "vldrh.u16 q0, [%[counts]], #32\n\tvldrh.u16 q1, [%[v], q0, uxtw #1]\n\tvldrh.u16 q2, [%[counts], #-16]\n\t"
                     "vshr.s16 q0, q1, %[shift]\n\tvadd.i16 q0, q0, q2\n\tvldrh.u16 q2, [%[nodes], q0, uxtw #1]\n\t"
                     "vldrh.u16 q3, [%[right], q0, uxtw #1]\n\tvsub.i16 q3, q3, q2\n\tvsli.16 %q[part], q1, %[up]\n\t"
                     "vshr.u16 q1, %q[part], #1\n\tvqdmulh.s16 q3, q3, q1\n\tvrhadd.s16 q2, q2, q3\n\t"
                     "vldrh.u16 q0, [%[weights]], #16\n\tvaddva.s16 %[g], q2\n\tvmladava.s16 %[e], q2, q0\n\tletp lr, 1b\n4:\n\t"
                     "strd %[e], %[g], [%[pair]], #8\n\tsubs %[left], %[left], #1\n\tbne 2b"
                     : [pair] "+r"(pair), [base] "+r"(base), [nodes] "+r"(nodes), [right] "+r"(right), [weights] "+r"(e),
                       [counts] "+r"(counts), [left] "+r"(left), [e] "=&Te"(numerator), [g] "=&Te"(denominator), [part] "+w"(part)
                     : [v] "r"(v), [shift] "i"(shift), [up] "i"(16 - shift), [far] "i"(far)
                     : "q0", "q1", "q2", "q3", "lr", "cc", "memory");
}
#else
LN_FN void ln_add_own_mve(int32_t *pair, const int32_t *base, const int16_t *v, const int16_t *nodes, const int16_t *e, const uint16_t *counts, int32_t shift, int32_t far, ln_size n)
{
    for (ln_size j = 0; j < n; j++) {
        int32_t numerator = base[2 * j];
        int32_t denominator = base[2 * j + 1];
        nodes += far != 0 ? *counts : 0;
        counts += far != 0 ? 1 : 0;
        const uint32_t count = *counts;
        counts++;
        for (uint32_t k = 0; k < count; k++) {
            const uint16_t *const eight = counts + k / 8 * 16 + k % 8;
            const int32_t x = v[eight[0]];
            const int16_t *const left = nodes + (uint16_t)((uint32_t)(x >> shift) + eight[8]);
            const int32_t part = ((x & (((int32_t)1 << shift) - 1)) << (15 - shift)) + ((int32_t)1 << (14 - shift));
            const int32_t g = ln_rshift(ln_add(left[0], ln_mul(left[1] - left[0], part) >> 15), 1);
            numerator = ln_mac(numerator, g, e[k]);
            denominator = ln_add(denominator, g);
        }
        counts += (count + 7) / 8 * 16;
        e += (count + 7) / 8 * 8;
        pair[2 * j] = numerator;
        pair[2 * j + 1] = denominator;
    }
}
#endif

#endif
