/* AVX-512 in plain C, by SIMDe (package libsimde-dev): what its words mean can be tested on a machine without it. */
#ifndef PLAIN_IMMINTRIN_H
#define PLAIN_IMMINTRIN_H

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/avx512/dpwssd.h>

/* SIMDe 0.7 has no gathers of 512 bits. */
static inline __m512i plain_gather(__m512i at, const void *p, int scale)
{
    int32_t places[16];
    int32_t found[16];
    _mm512_storeu_si512(places, at);
    for (int i = 0; i < 16; i++) {
        __builtin_memcpy(found + i, (const char *)p + (intptr_t)places[i] * scale, sizeof *found);
    }
    return _mm512_loadu_si512(found);
}

#define _mm512_i32gather_epi32 plain_gather

#endif
