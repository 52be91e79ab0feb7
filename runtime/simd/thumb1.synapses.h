/* Synapses for thumb1.h. */
#ifndef LN_SIMD_THUMB1_SYNAPSES_H
#define LN_SIMD_THUMB1_SYNAPSES_H

/* Where an input lies in tables over all of int16: its left node in the first, and the parts of that and of the right one. */
typedef struct {
    const uint16_t *left;
    int32_t part;
    int32_t rest;
} ln_place;

#if defined(__thumb__) && !defined(__thumb2__) && defined(__OPTIMIZE__)
/* The synapses of n destinations, at least one of each. p has of a destination the bytes of its synapses, then these; sources
 * count in bytes; arguments and the table of 2 half nodes are mirrored: see plan.layouts._mirrored. Arguments count from the left
 * end of the table. */
LN_INLINE void ln_add_synapses(int32_t *pair, const int32_t *base, const int32_t *p, const int16_t *v, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, ln_size n)
{
    int32_t t = n;
    register int32_t to __asm__("r4") = (int32_t)pair;
    register int32_t from __asm__("r5") = (int32_t)base;
    __asm__ volatile(".syntax unified\n\tmov r3, %[t]\n\tmov lr, r5\n\tpush {r3, r4}\n\t"
                     "movs r3, #1\n\tlsls r4, r3, %[log]\n\tlsls r4, r4, %[shift]\n\tmov r11, r4\n\tlsls r4, r3, #14\n\tmov r12, r4\n"
                     "4:\n\tmov %[t], lr\n\tldmia %[t]!, {r3, r4}\n\tmov lr, %[t]\n\tmov r8, r3\n\tmov r9, r4\n\t"
                     "ldmia %[p]!, {r3}\n\tadd r3, %[p]\n\tmov r10, r3\n\tb 1f\n"
                     "2:\n\tmov %[t], r11\n\tsubs %[t], %[t], r3\n\tsubs %[t], #1\n\tasrs %[t], %[t], #31\n\tlsrs %[t], %[t], %[most]\n\tb 3f\n"
                     "1:\n\tldmia %[p]!, {r3, r4, r5}\n\t"
                     "lsrs %[t], r5, #16\n\tldrsh %[t], [%[v], %[t]]\n\t"
                     "sxth r6, r4\n\tmuls %[t], r6\n\tadds r3, r3, %[t]\n\t"
                     "lsrs %[t], r3, %[shift]\n\tlsrs r6, %[t], %[index]\n\tbne 2b\n"
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

/* Places of n inputs, at least one, in tables of one node every 1 << shift; shift is literal. See ln_interpolate. */
LN_INLINE void ln_places(ln_place *y, const int16_t *x, const uint16_t *nodes, int32_t shift, ln_size n)
{
    int32_t i = -2 * (int32_t)n;
    register const uint16_t *middle __asm__("r3") = nodes + (32768 >> shift);
    register int32_t half __asm__("r4") = 16384 >> shift;
    __asm__ volatile(".syntax unified\n\tmov r8, r3\n\tmov r9, r4\n"
                     "1:\n\tldrsh r5, [%[x], %[i]]\n\tasrs r3, r5, %[shift]\n\tlsls r3, r3, #1\n\tadd r3, r8\n\t"
                     "lsls r5, r5, %[above]\n\tlsrs r5, r5, #17\n\tadd r5, r9\n\tsubs r4, %[unit], r5\n\t"
                     "stmia %[y]!, {r3, r4, r5}\n\tadds %[i], #2\n\tbne 1b"
                     : [y] "+l"(y), [i] "+l"(i), "+l"(middle), "+l"(half)
                     : [x] "l"(x + n), [unit] "l"(32768), [shift] "i"(shift), [above] "i"(32 - shift)
                     : "r5", "r8", "r9", "cc", "memory");
}

/* The synapses of n destinations, at least one, bytes[j] of the j-th. Of each: where its table is and the place of its source,
 * in bytes, its reversal potential between them. Tables have one added to their nodes, whose parts add up to what rounds. */
LN_INLINE void ln_add_tables(int32_t *pair, const int32_t *base, const int32_t *p, const ln_place *at, const uint16_t *bytes, ln_size n)
{
    register const ln_place *r3 __asm__("r3") = at;
    register const uint16_t *r4 __asm__("r4") = bytes;
    register const int32_t *r5 __asm__("r5") = base + 2 * n;
    __asm__ volatile(".syntax unified\n\tmov r12, r3\n\tmov lr, r4\n\tmov r11, r5\n"
                     "2:\n\tldmia %[base]!, {r3, r4}\n\tmov r8, r3\n\tmov r9, r4\n\t"
                     "mov r3, lr\n\tldrh r4, [r3]\n\tadds r3, #2\n\tmov lr, r3\n\tadd r4, %[p]\n\tmov r10, r4\n\tb 3f\n"
                     "1:\n\tldmia %[p]!, {r1, r2, r3}\n\tadd r3, r12\n\tldmia r3, {r3, r4, r5}\n\t"
                     "adds r3, r3, r1\n\tldrh r1, [r3]\n\tldrh r3, [r3, #2]\n\tmuls r1, r4\n\tmuls r3, r5\n\t"
                     "adds r1, r1, r3\n\tasrs r1, r1, #16\n\tadd r9, r1\n\tmuls r2, r1\n\tadd r8, r2\n"
                     "3:\n\tcmp %[p], r10\n\tbne 1b\n\tmov r3, r8\n\tmov r4, r9\n\tstmia %[pair]!, {r3, r4}\n\t"
                     "cmp %[base], r11\n\tbne 2b"
                     : [p] "+l"(p), [pair] "+l"(pair), [base] "+l"(base), "+l"(r3), "+l"(r4), "+l"(r5)
                     :
                     : "r1", "r2", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
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
            const int32_t offset = (int32_t)((uint32_t)p[0] - ((uint32_t)half << shift));
            const int32_t argument = ln_mac(offset, ln_lower(p[1]), v[(p[2] >> 17) & 32767]);
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

LN_FN void ln_places(ln_place *y, const int16_t *x, const uint16_t *nodes, int32_t shift, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        const uint32_t inside = (uint32_t)x[i] & (((uint32_t)1 << shift) - 1);
        const int32_t rest = (int32_t)((inside << (15 - shift)) + ((uint32_t)1 << (14 - shift)));
        y[i].left = nodes + ((x[i] + 32768) >> shift);
        y[i].part = 32768 - rest;
        y[i].rest = rest;
    }
}

LN_FN void ln_add_tables(int32_t *pair, const int32_t *base, const int32_t *p, const ln_place *at, const uint16_t *bytes, ln_size n)
{
    for (ln_size j = 0; j < n; j++) {
        int32_t numerator = base[2 * j];
        int32_t denominator = base[2 * j + 1];
        const int32_t *const end = p + bytes[j] / 4;
        for (; p != end; p += 3) {
            const ln_place *const place = at + p[2] / 12;
            const uint16_t *const left = place->left + p[0] / 2;
            const int32_t g = ln_mac(ln_mul(left[0], place->part), left[1], place->rest) >> 16;
            numerator = ln_mac(numerator, g, p[1]);
            denominator = ln_add(denominator, g);
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
#endif

#endif
