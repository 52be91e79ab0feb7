/* Loads of constants, and dot products, on a plain C machine. */
#ifndef LN_SIMD_SCALAR_H
#define LN_SIMD_SCALAR_H

/* Where constants lie, if a machine has a memory of their own for them: what carries it is read by ln_ld words alone. */
#ifndef LN_ROM
#define LN_ROM
#endif

typedef uint16_t ln_size;

/* Two int16 in one word. */
typedef int32_t ln_pair;

#define LN_PAIR(lower, upper) ((int32_t)(((uint32_t)(upper) << 16) | ((uint32_t)(lower) & 65535u)))

/* A synapse in words, for machines that load several at once: b, then a and w, then e and the source. */
typedef struct {
    int32_t b;
    ln_pair aw;
    ln_pair es;
} ln_synapse_words;

LN_FN int16_t ln_ld16(const LN_ROM int16_t *p)
{
    return *p;
}

LN_FN int8_t ln_ld8(const LN_ROM int8_t *p)
{
    return *p;
}

LN_FN uint8_t ln_ldu8(const LN_ROM uint8_t *p)
{
    return *p;
}

LN_FN uint16_t ln_ldu16(const LN_ROM uint16_t *p)
{
    return *p;
}

LN_FN int32_t ln_ld32(const LN_ROM int32_t *p)
{
    return *p;
}

/* Two neighbours in one word, the first in its lower half. */
LN_FN int32_t ln_two(const int16_t *x)
{
    return (int32_t)((uint32_t)(uint16_t)x[1] << 16 | (uint16_t)x[0]);
}

#endif
