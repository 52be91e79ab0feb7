/* Products and quotients of 16 bits for narrow.h: of an AVR a byte, or a bit, at a time, whatever compiler there is. */
#ifndef LN_SIMD_NARROW_PRODUCTS_H
#define LN_SIMD_NARROW_PRODUCTS_H

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

#endif
