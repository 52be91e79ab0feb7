/* Words for Armv6-M (Cortex-M0, M0+): no divider, no product of more than 32 bits. */
#ifndef LN_SIMD_THUMB1_H
#define LN_SIMD_THUMB1_H

#include "scalar.h"

LN_FN int32_t ln_mac(int32_t acc, int32_t a, int32_t b);
LN_FN int32_t ln_add(int32_t a, int32_t b);
LN_FN int32_t ln_mul(int32_t a, int32_t b);
LN_FN int32_t ln_rshift(int32_t x, int32_t shift);
LN_FN int32_t ln_clip(int32_t x, int32_t low, int32_t high);
LN_FN int16_t ln_lower(int32_t pair);
LN_FN int16_t ln_upper(int32_t pair);

#define LN_HAS_DIV

/* round(2^31 / (256 i + 128)) for i = 128, ...: within 2^-8 of 2^31 / d for every d whose upper byte is i. */
static const uint16_t ln_reciprocals[128] = {
    65281, 64777, 64281, 63792, 63310, 62836, 62369, 61909,
    61455, 61008, 60568, 60133, 59705, 59283, 58867, 58457,
    58053, 57654, 57260, 56872, 56489, 56111, 55738, 55370,
    55007, 54649, 54295, 53946, 53601, 53261, 52925, 52593,
    52265, 51942, 51622, 51306, 50995, 50686, 50382, 50081,
    49784, 49490, 49200, 48913, 48630, 48349, 48072, 47798,
    47528, 47260, 46995, 46733, 46474, 46218, 45965, 45714,
    45467, 45222, 44979, 44739, 44502, 44267, 44035, 43805,
    43577, 43352, 43129, 42908, 42690, 42474, 42260, 42048,
    41838, 41631, 41425, 41222, 41020, 40820, 40623, 40427,
    40233, 40041, 39851, 39662, 39476, 39291, 39108, 38926,
    38746, 38568, 38392, 38217, 38044, 37872, 37702, 37533,
    37366, 37200, 37036, 36873, 36712, 36552, 36393, 36236,
    36080, 35926, 35772, 35620, 35470, 35320, 35172, 35026,
    34880, 34735, 34592, 34450, 34309, 34169, 34031, 33893,
    33757, 33622, 33487, 33354, 33222, 33091, 32961, 32832,
};

/* As the portable word says. With d moved up to 16 bits, one step of Newton's method makes 2^31 / d of 8 correct bits one
 * of nearly 16. From the upper half of the dividend it gives a quotient that is never too large, and too small by at most
 * 4 (tests/test_runtime.py tries every d); the remainder says by how much. */
LN_FN int16_t ln_div(int32_t n, int32_t d)
{
#ifdef LNN_CHECK
    const int64_t raised = (int64_t)n + (d >> 1) + ((int64_t)d << 15);
    if (d <= 0 || d > 65535 || raised < 0 || raised >= (int64_t)d << 16) {
        lnn_failed();
        return 0;
    }
#elif defined(LNN_ANY_WEIGHTS)
    d = ln_clip(d, 1, 65535);
    n = ln_clip(n, -((d >> 1) + (d << 15)), (d << 15) - (d >> 1) - 1);
#endif
    uint32_t unit = (uint32_t)d;
    uint32_t top = (uint32_t)n + (unit >> 1) + (unit << 15);
    while ((unit >> 15) == 0) {
        unit <<= 1;
        top <<= 1;
    }
    const uint32_t rough = ln_reciprocals[(unit >> 8) - 128];
    const int32_t missing = (int32_t)(((uint32_t)1 << 31) - unit * rough);
    const uint32_t inverse = (uint32_t)((int32_t)rough + (((int32_t)rough * (missing >> 8)) >> 23));
    uint32_t quotient = ((top >> 16) * inverse) >> 15;
    int32_t rest = (int32_t)(top - quotient * unit);
    while (rest >= (int32_t)unit) {
        quotient++;
        rest -= (int32_t)unit;
    }
    return (int16_t)((int32_t)quotient - 32768);
}

#include "thumb1.dots.h"
#include "thumb1.rows.h"
#include "thumb1.synapses.h"
#include "thumb1.tables.h"
#include "thumb.h"

#endif
