#ifndef LNN_H
#define LNN_H
#include <stdint.h>
#define LN_FN static inline

LN_FN int16_t ln_sat(int32_t value, uint32_t *clipped)
{
    if (value > 32767) {
        ++*clipped;
        return 32767;
    }
    if (value < -32768) {
        ++*clipped;
        return -32768;
    }
    return (int16_t)value;
}
#endif
