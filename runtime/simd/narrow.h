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

#include "narrow.products.h"

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
