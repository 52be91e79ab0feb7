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

/* Nor loads that leave out lanes. */
static inline __m512i plain_load32(uint16_t some, const void *p)
{
    int32_t found[16] = {0};
    for (int i = 0; i < 16; i++) {
        if ((some >> i & 1) != 0) {
            __builtin_memcpy(found + i, (const char *)p + 4 * i, 4);
        }
    }
    return _mm512_loadu_si512(found);
}

static inline __m512i plain_load16(uint32_t some, const void *p)
{
    int16_t found[32] = {0};
    for (int i = 0; i < 32; i++) {
        if ((some >> i & 1) != 0) {
            __builtin_memcpy(found + i, (const char *)p + 2 * i, 2);
        }
    }
    return _mm512_loadu_si512(found);
}

#define __mmask16 uint16_t
#define __mmask32 uint32_t
#define _mm512_maskz_loadu_epi32 plain_load32
#define _mm512_maskz_loadu_epi16 plain_load16

#endif
