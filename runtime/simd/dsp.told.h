/* What a compiler is told for dsp.h, where it knows too much. None of it is an instruction. */
#ifndef LN_SIMD_DSP_TOLD_H
#define LN_SIMD_DSP_TOLD_H

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
/* p in a register: the compiler shall not add to every index what p was made of. */
LN_FN const void *ln_kept(const void *p)
{
    __asm__("" : "+r"(p));
    return p;
}

/* x, of which the compiler shall not know the number: it would multiply by it in several instructions. */
LN_FN uint32_t ln_hidden(uint32_t x)
{
    __asm__("" : "+r"(x));
    return x;
}

/* What arrays hold is read again after this, instead of being kept in copies that find no registers. Of a local one it has to
 * be told first. */
LN_FN void ln_fence(void)
{
    __asm__ volatile("" : : : "memory");
}

LN_FN void ln_fenced(const void *p)
{
    __asm__ volatile("" : : "r"(p) : "memory");
}
#else
LN_FN const void *ln_kept(const void *p)
{
    return p;
}

LN_FN uint32_t ln_hidden(uint32_t x)
{
    return x;
}

LN_FN void ln_fence(void)
{
}

LN_FN void ln_fenced(const void *p)
{
    (void)p;
}
#endif

#endif
