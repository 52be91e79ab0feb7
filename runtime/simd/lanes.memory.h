/* Lanes to and from memory, and sums of products of pairs, for lanes.h. */
#ifndef LN_SIMD_LANES_MEMORY_H
#define LN_SIMD_LANES_MEMORY_H

/* Where the lanes from i on lie among n >= LN_LANES elements: at the end of them, rather than beyond. */
LN_FN uint32_t ln_vat(uint32_t i, uint32_t n)
{
    return i + LN_LANES < n ? i : n - LN_LANES;
}

LN_FN ln_v32 ln_vload32(const int32_t *p)
{
    ln_v32 x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}

LN_FN ln_v32 ln_vload16(const int16_t *p)
{
    ln_v16 x;
    __builtin_memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, ln_v32);
}

/* Element i of x in each stream, where elements have 4 bytes, or 2. */
LN_INLINE ln_v32 ln_velement(const void *x, uint32_t i, int bytes)
{
    return bytes == 2 ? ln_vload16((const int16_t *)x + i * LN_LANES) : ln_vload32((const int32_t *)x + i * LN_LANES);
}

LN_FN ln_v32 ln_vloadu16(const uint16_t *p)
{
    ln_vu16 x;
    __builtin_memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, ln_v32);
}

LN_FN ln_v32 ln_vpairs(const int16_t *p)
{
    ln_v32 x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}

#ifndef LN_OWN_SUM
/* A sum of products of pairs, while it grows. */
typedef ln_v32 ln_vsum;

LN_FN ln_vsum ln_vsum_of(void)
{
    return (ln_vsum){0};
}

LN_FN ln_vsum ln_vsum_dot(ln_vsum sum, ln_v32 w, ln_v32 x)
{
    return ln_vdot(sum, w, x);
}

LN_FN ln_v32 ln_vsum_all(ln_vsum sum)
{
    return sum;
}
#endif

/* The pairs of a and b, both of 16 bits. */
LN_FN ln_v32 ln_vzip(ln_v32 a, ln_v32 b)
{
    return (a & ln_vset(65535)) | (ln_v32)((ln_vu32)b << 16);
}

/* Pairs of int32, apart. */
LN_FN void ln_vload_apart(const int32_t *p, ln_v32 *first, ln_v32 *second)
{
    ln_v64 both;
    __builtin_memcpy(&both, p, sizeof both);
    *first = __builtin_convertvector(both, ln_v32);
    *second = __builtin_convertvector(both >> 32, ln_v32);
}

LN_FN void ln_vstore32(int32_t *p, ln_v32 x)
{
    __builtin_memcpy(p, &x, sizeof x);
}

/* Every lane fits 16 bits (proven). */
LN_FN void ln_vstore16(int16_t *p, ln_v32 x)
{
    const ln_v16 narrow = __builtin_convertvector(x, ln_v16);
    __builtin_memcpy(p, &narrow, sizeof narrow);
}

LN_FN void ln_vcopy32(int32_t *to, const int32_t *from, uint32_t n)
{
    if (to != from) {
        __builtin_memcpy(to, from, n * sizeof *to);
    }
}

#endif
