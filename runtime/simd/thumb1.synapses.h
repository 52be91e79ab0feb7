/* Synapses for thumb1.h. */
#ifndef LN_SIMD_THUMB1_SYNAPSES_H
#define LN_SIMD_THUMB1_SYNAPSES_H

#if defined(__thumb__) && !defined(__thumb2__) && defined(__OPTIMIZE__)
/* The synapses of n destinations, at least one of each. p has of a destination the bytes of its synapses, then these; sources
 * count in bytes; arguments and the table of 2 half nodes are mirrored: see plan.layouts._mirrored. */
LN_INLINE void ln_add_synapses(int32_t *pair, const int32_t *base, const int32_t *p, const int16_t *v, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, ln_size n)
{
    int32_t t = n;
    register int32_t to __asm__("r4") = (int32_t)pair;
    register int32_t from __asm__("r5") = (int32_t)base;
    __asm__ volatile(".syntax unified\n\tmov r3, %[t]\n\tmov lr, r5\n\tpush {r3, r4}\n\t"
                     "movs r3, #1\n\tlsls r4, r3, %[log]\n\tmov r11, r4\n\tlsls r4, r3, #14\n\tmov r12, r4\n"
                     "4:\n\tmov %[t], lr\n\tldmia %[t]!, {r3, r4}\n\tmov lr, %[t]\n\tmov r8, r3\n\tmov r9, r4\n\t"
                     "ldmia %[p]!, {r3}\n\tadd r3, %[p]\n\tmov r10, r3\n\tb 1f\n"
                     "2:\n\tasrs %[t], %[t], #31\n\tmvns %[t], %[t]\n\tlsrs %[t], %[t], %[most]\n\tb 3f\n"
                     "1:\n\tldmia %[p]!, {r3, r4, r5}\n\t"
                     "lsrs %[t], r5, #16\n\tldrsh %[t], [%[v], %[t]]\n\t"
                     "sxth r6, r4\n\tmuls %[t], r6\n\tadds r3, r3, %[t]\n\t"
                     "asrs %[t], r3, %[shift]\n\tadd %[t], r11\n\tlsrs r6, %[t], %[index]\n\tbne 2b\n"
                     "3:\n\tlsls %[t], %[t], #2\n\tldr %[t], [%[nodes], %[t]]\n\t"
                     "lsls r3, r3, %[above]\n\tlsrs r3, r3, %[below]\n\t"
                     "sxth r6, %[t]\n\tmuls r6, r3\n\tadds %[t], %[t], r6\n\tasrs %[t], %[t], #16\n\t"
                     "lsrs r4, r4, #16\n\tmuls %[t], r4\n\tadd %[t], r12\n\tasrs %[t], %[t], #15\n\t"
                     "sxth r5, r5\n\tadd r9, %[t]\n\tmuls r5, %[t]\n\tadd r8, r5\n\t"
                     "cmp %[p], r10\n\tbne 1b\n\tpop {r3, r4}\n\tmov r5, r8\n\tmov r6, r9\n\tstmia r4!, {r5, r6}\n\t"
                     "subs r3, r3, #1\n\tpush {r3, r4}\n\tbne 4b\n\tadd sp, #8"
                     : [p] "+l"(p), [t] "+l"(t), "+l"(to), "+l"(from)
                     : [v] "l"(v), [nodes] "l"(nodes), [shift] "i"(shift), [above] "i"(32 - shift), [below] "i"(32 - bits),
                       [log] "i"(__builtin_ctz((unsigned)half)), [index] "i"(__builtin_ctz((unsigned)half) + 1),
                       [most] "i"(31 - __builtin_ctz((unsigned)half))
                     : "r3", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

LN_INLINE void ln_copy_pairs(int32_t *y, const int32_t *x, uint32_t n)
{
    if (n != 0) {
        __asm__ volatile(".syntax unified\n1:\n\tldmia %[x]!, {r3, r4}\n\tstmia %[y]!, {r3, r4}\n\tsubs %[n], #1\n\tbne 1b"
                         : [x] "+l"(x), [y] "+l"(y), [n] "+l"(n)
                         :
                         : "r3", "r4", "cc", "memory");
    }
}
#else
LN_FN void ln_add_synapses(int32_t *pair, const int32_t *base, const int32_t *p, const int16_t *v, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, ln_size n)
{
    for (ln_size j = 0; j < n; j++) {
        int32_t e = base[2 * j];
        int32_t g = base[2 * j + 1];
        const int32_t *const end = p + 1 + *p / 4;
        p++;
        while (p != end) {
            const int32_t argument = ln_mac(p[0], ln_lower(p[1]), v[(p[2] >> 17) & 32767]);
            const ln_pair node = nodes[half + ln_clip(argument >> shift, -half, half - 1)];
            const int32_t fraction = (argument >> (shift - bits)) & (((int32_t)1 << bits) - 1);
            const int32_t f = ln_mac(node, ln_lower(node), fraction) >> 16;
            const int32_t one = ln_rshift(ln_mul(ln_upper(p[1]), f), 15);
            e = ln_mac(e, one, ln_lower(p[2]));
            g = ln_add(g, one);
            p += 3;
        }
        pair[2 * j] = e;
        pair[2 * j + 1] = g;
    }
}

LN_FN void ln_copy_pairs(int32_t *y, const int32_t *x, uint32_t n)
{
    for (uint32_t i = 0; i < 2 * n; i++) {
        y[i] = x[i];
    }
}
#endif

#endif
