/* Dot products of four rows for thumb1.h. */
#ifndef LN_SIMD_THUMB1_DOTS_H
#define LN_SIMD_THUMB1_DOTS_H

/* The sums of four rows. */
typedef struct {
    int32_t a;
    int32_t b;
    int32_t c;
    int32_t d;
} ln_sums;

/* Eight registers can multiply, and compilers keep too much in them: hence assembly. It wants them all. What it keeps in the
 * others it names: LLVM 22 loses a value that is bound to those and has to be spilled. */
#if defined(__thumb__) && !defined(__thumb2__) && defined(__OPTIMIZE__)
#define LN_NO_SUMS ".syntax unified\n\tmovs %[t], #0\n\tmov r8, %[t]\n\tmov r9, %[t]\n\tmov r10, %[t]\n\tmov r11, %[t]\n"

/* Dot products of x with four rows of w, one after the other. cols MUST NOT be 0. */
LN_INLINE ln_sums ln_dot4(const int16_t *w, const int16_t *x, ln_size cols)
{
    int32_t a = (int32_t)(w + cols);
    int32_t b = (int32_t)(w + 2 * cols);
    int32_t c = (int32_t)(w + 3 * cols);
    int32_t d = (int32_t)(w + 4 * cols);
    int32_t i = -2 * (int32_t)cols;
    int32_t t;
    int32_t u;
    __asm__(LN_NO_SUMS "1:\n\tldrsh %[u], [%[x], %[i]]\n\t"
            "ldrsh %[t], [%[a], %[i]]\n\tmuls %[t], %[u]\n\tadd r8, %[t]\n\t"
            "ldrsh %[t], [%[b], %[i]]\n\tmuls %[t], %[u]\n\tadd r9, %[t]\n\t"
            "ldrsh %[t], [%[c], %[i]]\n\tmuls %[t], %[u]\n\tadd r10, %[t]\n\t"
            "ldrsh %[t], [%[d], %[i]]\n\tmuls %[t], %[u]\n\tadd r11, %[t]\n\t"
            "adds %[i], #2\n\tbne 1b\n\tmov %[a], r8\n\tmov %[b], r9\n\tmov %[c], r10\n\tmov %[d], r11"
            : [a] "+l"(a), [b] "+l"(b), [c] "+l"(c), [d] "+l"(d), [i] "+l"(i), [t] "=&l"(t), [u] "=&l"(u)
            : [x] "l"(x + cols)
            : "r8", "r9", "r10", "r11", "cc", "memory");
    const ln_sums sum = {a, b, c, d};
    return sum;
}

/* The same with weights of 8 bits: a halfword has one of a row and, above it, one of the next. Of two rows and of the
 * other two, each is as long as x. */
LN_INLINE ln_sums ln_dot4_w8(const int16_t *w, const int16_t *x, ln_size cols)
{
    int32_t a = (int32_t)(w + cols);
    int32_t b = (int32_t)(w + 2 * cols);
    int32_t i = -2 * (int32_t)cols;
    int32_t t;
    int32_t u;
    int32_t v;
    __asm__(LN_NO_SUMS "1:\n\tldrsh %[u], [%[x], %[i]]\n\t"
            "ldrsh %[t], [%[a], %[i]]\n\tsxtb %[v], %[t]\n\tmuls %[v], %[u]\n\tadd r8, %[v]\n\t"
            "asrs %[t], %[t], #8\n\tmuls %[t], %[u]\n\tadd r9, %[t]\n\t"
            "ldrsh %[t], [%[b], %[i]]\n\tsxtb %[v], %[t]\n\tmuls %[v], %[u]\n\tadd r10, %[v]\n\t"
            "asrs %[t], %[t], #8\n\tmuls %[t], %[u]\n\tadd r11, %[t]\n\t"
            "adds %[i], #2\n\tbne 1b\n\tmov %[a], r8\n\tmov %[b], r9\n\tmov %[u], r10\n\tmov %[v], r11"
            : [a] "+l"(a), [b] "+l"(b), [i] "+l"(i), [t] "=&l"(t), [u] "=&l"(u), [v] "=&l"(v)
            : [x] "l"(x + cols)
            : "r8", "r9", "r10", "r11", "cc", "memory");
    const ln_sums sum = {a, b, u, v};
    return sum;
}
#else
LN_FN ln_sums ln_dot4(const int16_t *w, const int16_t *x, ln_size cols)
{
    int32_t sums[4] = {0, 0, 0, 0};
    for (ln_size r = 0; r < 4; r++) {
        for (ln_size i = 0; i < cols; i++) {
            sums[r] = ln_mac(sums[r], *w++, x[i]);
        }
    }
    const ln_sums sum = {sums[0], sums[1], sums[2], sums[3]};
    return sum;
}

LN_FN ln_sums ln_dot4_w8(const int16_t *w, const int16_t *x, ln_size cols)
{
    int32_t sums[4] = {0, 0, 0, 0};
    for (ln_size r = 0; r < 4; r += 2) {
        for (ln_size i = 0; i < cols; i++) {
            sums[r] = ln_mac(sums[r], (int8_t)(uint8_t)((uint32_t)*w & 255u), x[i]);
            sums[r + 1] = ln_mac(sums[r + 1], *w++ >> 8, x[i]);
        }
    }
    const ln_sums sum = {sums[0], sums[1], sums[2], sums[3]};
    return sum;
}
#endif

#endif
