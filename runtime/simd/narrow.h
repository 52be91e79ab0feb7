/* Words of machines with narrow registers and no divide instruction: AVR, whose constants lie in a memory of their own.
 *
 * Shifts go by whole bytes first, as such a machine shifts by one bit at a time. Without an AVR the same words in plain C
 * give the same bits, so that the same folder runs on the desk. */
#ifndef LN_SIMD_NARROW_H
#define LN_SIMD_NARROW_H

#ifdef __AVR__
#define LN_ROM __flash
#endif
#define LN_HAS_DIV

/* In front of a kernel to which literals are of no use: it exists once, whatever the compiler clones. */
#if defined(__AVR__) && !defined(__clang__)
#define LN_ONCE __attribute__((noclone))
#else
#define LN_ONCE
#endif

#include "scalar.h"

/* A synapse in the order in which it is read. */
typedef struct {
    uint16_t src;
    int16_t a;
    int32_t b;
    int16_t w;
    int16_t e;
} ln_synapse_narrow;

LN_FN int32_t ln_add(int32_t a, int32_t b);
LN_FN int32_t ln_mul(int32_t a, int32_t b);
LN_FN int32_t ln_clip(int32_t x, int32_t low, int32_t high);
LN_FN int16_t ln_narrow(int32_t x);

/* (x >> shift) & 65535 for a literal shift: by whole bytes, then by the rest, to whichever side is nearer. */
LN_FN uint16_t ln_bits(int32_t x, int32_t shift)
{
    const int32_t whole = x >> (shift & ~7);
    const int32_t rest = shift & 7;
    if (shift < 16 && rest > 4) {
        return (uint16_t)(((uint32_t)x << (8 - rest)) >> ((shift & ~7) + 8));
    }
    if (shift >= 16) {
        return (uint16_t)((int16_t)(x >> 16) >> (shift - 16));
    }
    return (uint16_t)((uint32_t)whole >> rest);
}

#ifdef __AVR__
/* Four products of bytes. */
LN_FN int32_t ln_mul16(int16_t a, int16_t b)
{
    int32_t product;
    uint8_t zero;
    __asm__("clr %[zero]\n\t"
            "muls %B[a], %B[b]\n\t"
            "movw %C[product], r0\n\t"
            "mul %A[a], %A[b]\n\t"
            "movw %A[product], r0\n\t"
            "mulsu %B[a], %A[b]\n\t"
            "sbc %D[product], %[zero]\n\t"
            "add %B[product], r0\n\t"
            "adc %C[product], r1\n\t"
            "adc %D[product], %[zero]\n\t"
            "mulsu %B[b], %A[a]\n\t"
            "sbc %D[product], %[zero]\n\t"
            "add %B[product], r0\n\t"
            "adc %C[product], r1\n\t"
            "adc %D[product], %[zero]\n\t"
            "clr r1"
            : [product] "=&r"(product), [zero] "=&r"(zero)
            : [a] "a"(a), [b] "a"(b));
    return product;
}

/* a v + b of a synapse, whose address goes up as it is read: four products of bytes, then b a byte at a time. */
LN_FN int32_t ln_argument16(const LN_ROM ln_synapse_narrow *synapse, const int16_t *v)
{
    int32_t sum;
    int16_t a;
    int16_t x;
    const int16_t *source;
    __asm__("lpm %A[source], Z+\n\t"
            "lpm %B[source], Z+\n\t"
            "lsl %A[source]\n\t"
            "rol %B[source]\n\t"
            "add %A[source], %A[v]\n\t"
            "adc %B[source], %B[v]\n\t"
            "ld %A[x], %a[source]+\n\t"
            "ld %B[x], %a[source]\n\t"
            "lpm %A[a], Z+\n\t"
            "lpm %B[a], Z+\n\t"
            "muls %B[a], %B[x]\n\t"
            "movw %C[sum], r0\n\t"
            "mul %A[a], %A[x]\n\t"
            "movw %A[sum], r0\n\t"
            "clr %A[source]\n\t"
            "mulsu %B[a], %A[x]\n\t"
            "sbc %D[sum], %A[source]\n\t"
            "add %B[sum], r0\n\t"
            "adc %C[sum], r1\n\t"
            "adc %D[sum], %A[source]\n\t"
            "mulsu %B[x], %A[a]\n\t"
            "sbc %D[sum], %A[source]\n\t"
            "add %B[sum], r0\n\t"
            "adc %C[sum], r1\n\t"
            "adc %D[sum], %A[source]\n\t"
            "clr r1\n\t"
            "lpm r0, Z+\n\t"
            "add %A[sum], r0\n\t"
            "lpm r0, Z+\n\t"
            "adc %B[sum], r0\n\t"
            "lpm r0, Z+\n\t"
            "adc %C[sum], r0\n\t"
            "lpm r0, Z+\n\t"
            "adc %D[sum], r0"
            : "+z"(synapse), [sum] "=&r"(sum), [a] "=&a"(a), [x] "=&a"(x), [source] "=&x"(source)
            : [v] "r"(v)
            : "memory");
    return sum;
}

/* floor(n / d), which fits 16 bits: a bit of the quotient a turn enters where one of the dividend left. */
LN_FN uint16_t ln_quotient(uint32_t n, uint16_t d)
{
    uint8_t turns = 16;
    __asm__("1:\n\t"
            "lsl %A[n]\n\t"
            "rol %B[n]\n\t"
            "rol %C[n]\n\t"
            "rol %D[n]\n\t"
            "brcs 2f\n\t"
            "cp %C[n], %A[d]\n\t"
            "cpc %D[n], %B[d]\n\t"
            "brcs 3f\n\t"
            "2:\n\t"
            "sub %C[n], %A[d]\n\t"
            "sbc %D[n], %B[d]\n\t"
            "inc %A[n]\n\t"
            "3:\n\t"
            "dec %[turns]\n\t"
            "brne 1b"
            : [n] "+r"(n), [turns] "+r"(turns)
            : [d] "r"(d));
    return (uint16_t)n;
}
#else
LN_FN int32_t ln_mul16(int16_t a, int16_t b)
{
    return ln_mul(a, b);
}

LN_FN int32_t ln_argument16(const LN_ROM ln_synapse_narrow *synapse, const int16_t *v)
{
    return ln_add(ln_ld32(&synapse->b), ln_mul16(ln_ld16(&synapse->a), v[ln_ldu16(&synapse->src)]));
}

LN_FN uint16_t ln_quotient(uint32_t n, uint16_t d)
{
    for (uint8_t turns = 16; turns != 0; turns--) {
        const uint32_t carry = n >> 31;
        n <<= 1;
        if (carry != 0 || (n >> 16) >= d) {
            n = n - ((uint32_t)d << 16) + 1;
        }
    }
    return (uint16_t)n;
}
#endif

/* As the portable word says. Two shifts make 32768 d, of which the first moves whole bytes. */
LN_FN int16_t ln_div(int32_t n, int32_t d)
{
#ifdef LNN_CHECK
    const int64_t raised = (int64_t)n + (d >> 1) + ((int64_t)d << 15);
    if (d <= 0 || d > 65535 || raised < 0 || raised >= (int64_t)d << 16) {
        lnn_failed();
    }
#endif
    const uint32_t top = (uint32_t)n + ((uint32_t)d >> 1) + (((uint32_t)d << 16) >> 1);
    return (int16_t)((int32_t)ln_quotient(top, (uint16_t)d) - 32768);
}

/* ln_lookup, if the result fits 16 bits. */
LN_FN int16_t ln_lookup16(const LN_ROM int32_t *nodes, int32_t x, int32_t low, int32_t top, int32_t shift)
{
    const int32_t bits = shift < LN_FRACTION_BITS ? shift : LN_FRACTION_BITS;
    const int32_t inside = ln_clip(x, low, top);
    const int32_t node = ln_ld32(nodes - (int16_t)(low >> shift) + (int16_t)ln_bits(inside, shift));
    const int16_t fraction = (int16_t)(ln_bits(inside, shift - bits) & ((1u << bits) - 1u));
    const int16_t rise = (int16_t)ln_bits(ln_mul16((int16_t)node, fraction), bits);
    return ln_narrow(ln_add((int16_t)(node >> 16), rise));
}

#endif
