/* Tables for dsp.h: flat at both ends, half nodes on either side of middle, half a power of two, one every 1 << shift. */
#ifndef LN_SIMD_DSP_TABLES_H
#define LN_SIMD_DSP_TABLES_H

/* What the mirrored table has at x: its argument is ~x, of whose fraction there are so many bits. A node is made to be added to
 * the product of that with its lower half; the value is above. See plan.layouts._mirrored. */
LN_FN int32_t ln_lookup_dsp(const ln_pair *middle, int32_t x, int32_t half, int32_t shift, int32_t bits)
{
    const ln_pair node = middle[ln_clip(x >> shift, -half, half - 1)];
    return ln_mac_ll(node, ~(x >> (shift - bits)) & (((int32_t)1 << bits) - 1), node) >> 16;
}

/* The same where a rise does not fit: a node is its rise, and its value above; with a scale of 16 the rises are made to be
 * multiplied with a fraction of 16 bits, else with one of scale bits. */
LN_FN int32_t ln_lookup_steep(const ln_pair *middle, int32_t x, int32_t half, int32_t shift, int32_t scale)
{
    const int32_t bits = shift < LN_FRACTION_BITS ? shift : LN_FRACTION_BITS;
    const ln_pair node = middle[ln_clip(x >> shift, -half, half - 1)];
    const int32_t fraction = (x >> (shift - bits)) & (((int32_t)1 << bits) - 1);
    if (scale == 16) {
        return ln_mac_high(ln_upper(node), fraction, node);
    }
    return ln_add(ln_upper(node), ln_mac_ll(0, node, fraction) >> scale);
}

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
#define LN_LOOK_UP_TWO(a, b) \
    "ssat %[s], %[index], " a ", asr %[shift]\n\tldr %[s], [%[nodes], %[s], lsl #2]\n\t" \
    "ssat %[t], %[index], " b ", asr %[shift]\n\tldr %[t], [%[nodes], %[t], lsl #2]\n\t" \
    ".if %c[below] > 0\n\tbic " a ", %[mask], " a ", asr %[below]\n\tbic " b ", %[mask], " b ", asr %[below]\n\t.else\n\t" \
    "bic " a ", %[mask], " a "\n\tbic " b ", %[mask], " b "\n\t.endif\n\t" \
    "smlabb " a ", " a ", %[s], %[s]\n\tsmlabb " b ", " b ", %[t], %[t]\n\t" \
    "pkhtb " b ", " b ", " a ", asr #16\n\tstr " b ", [%[y]], #4\n\t"

/* y = f(x), four at a time. */
LN_INLINE void ln_look_up_fours(int16_t *y, const int32_t *x, const ln_pair *middle, int32_t half, int32_t shift, int32_t bits, uint32_t fours)
{
    int32_t s;
    int32_t t;
    if (fours != 0) {
        __asm__ volatile("1:\n\tldmia %[x]!, {r4, r5, r6, r12}\n\t" LN_LOOK_UP_TWO("r4", "r5") LN_LOOK_UP_TWO("r6", "r12")
                         "subs %[n], %[n], #1\n\tbne 1b"
                         : [x] "+&r"(x), [y] "+&r"(y), [n] "+&r"(fours), [s] "=&r"(s), [t] "=&r"(t)
                         : [nodes] "r"(middle), [mask] "r"(((int32_t)1 << bits) - 1), [shift] "i"(shift),
                           [index] "i"(1 + __builtin_ctz((unsigned)half)), [below] "i"(shift - bits)
                         : "r4", "r5", "r6", "r12", "cc", "memory");
    }
}
#else
LN_FN void ln_look_up_fours(int16_t *y, const int32_t *x, const ln_pair *middle, int32_t half, int32_t shift, int32_t bits, uint32_t fours)
{
    for (uint32_t i = 0; i < 4 * fours; i++) {
        y[i] = (int16_t)ln_lookup_dsp(middle, x[i], half, shift, bits);
    }
}
#endif

#endif
