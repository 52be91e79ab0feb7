/* Tables for thumb1.h: flat at both ends, 2 half nodes, half a power of two, one every 1 << shift, mirrored. */
#ifndef LN_SIMD_THUMB1_TABLES_H
#define LN_SIMD_THUMB1_TABLES_H

#if defined(__thumb__) && !defined(__thumb2__) && defined(__OPTIMIZE__)
/* y = f(x), of n inputs, at least one. The table's argument is ~x: see plan.layouts._mirrored. */
LN_INLINE void ln_look_up(int16_t *y, const int32_t *x, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, uint32_t n)
{
    int32_t t;
    int32_t u;
    int32_t v = half;
    __asm__ volatile(".syntax unified\n\tmov r8, %[v]\n\tb 1f\n"
                     "2:\n\tasrs %[u], %[u], #31\n\tmvns %[u], %[u]\n\tlsrs %[u], %[u], %[most]\n\tb 3f\n"
                     "1:\n\tldmia %[x]!, {%[t]}\n\tmvns %[t], %[t]\n\tasrs %[u], %[t], %[shift]\n\tadd %[u], r8\n\t"
                     "lsrs %[v], %[u], %[index]\n\tbne 2b\n"
                     "3:\n\tlsls %[u], %[u], #2\n\tldr %[u], [%[nodes], %[u]]\n\t"
                     "lsls %[t], %[t], %[above]\n\tlsrs %[t], %[t], %[below]\n\t"
                     "sxth %[v], %[u]\n\tmuls %[v], %[t]\n\tadds %[u], %[u], %[v]\n\tasrs %[u], %[u], #16\n\t"
                     "strh %[u], [%[y]]\n\tadds %[y], #2\n\tsubs %[n], #1\n\tbne 1b"
                     : [x] "+&l"(x), [y] "+&l"(y), [n] "+&l"(n), [t] "=&l"(t), [u] "=&l"(u), [v] "+&l"(v)
                     : [nodes] "l"(nodes), [shift] "i"(shift), [above] "i"(32 - shift), [below] "i"(32 - bits),
                       [index] "i"(__builtin_ctz((unsigned)half) + 1), [most] "i"(31 - __builtin_ctz((unsigned)half))
                     : "r8", "cc", "memory");
}
#else
LN_FN void ln_look_up(int16_t *y, const int32_t *x, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const int32_t mirrored = ~x[i];
        const ln_pair node = nodes[half + ln_clip(mirrored >> shift, -half, half - 1)];
        const int32_t fraction = (mirrored >> (shift - bits)) & (((int32_t)1 << bits) - 1);
        y[i] = (int16_t)(ln_mac(node, ln_lower(node), fraction) >> 16);
    }
}
#endif

#endif
