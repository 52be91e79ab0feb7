/* Every word of lnn_fx.h over arrays, for the comparison with lnncc/fx.py. */
#include "lnn_fx.h"

#ifdef LNN_CHECK
uint32_t failures = 0;

void lnn_failed(void)
{
    failures++;
}
#endif

#define EACH(word, expression) \
    void each_##word(int32_t *y, const int32_t *a, const int32_t *b, const int32_t *c, size_t n); \
    void each_##word(int32_t *y, const int32_t *a, const int32_t *b, const int32_t *c, size_t n) \
    { \
        (void)b; \
        (void)c; \
        for (size_t i = 0; i < n; i++) { \
            y[i] = expression; \
        } \
    }

EACH(add, ln_add(a[i], b[i]))
EACH(sub, ln_sub(a[i], b[i]))
EACH(mul, ln_mul(a[i], b[i]))
EACH(mac, ln_mac(a[i], b[i], c[i]))
EACH(abs, ln_abs(a[i]))
EACH(norm, ln_norm(a[i]))
EACH(mantissa, ln_mantissa(a[i]))
EACH(scale16, ln_scale16(a[i], b[i]))
EACH(shift_by, ln_shift_by(a[i], b[i]))
EACH(sat_shift, ln_sat_shift(a[i], b[i], c[i]))
EACH(rshift, ln_rshift(a[i], b[i]))
EACH(clip, ln_clip(a[i], b[i], c[i]))
EACH(sat16, ln_sat16(a[i]))
EACH(narrow, ln_narrow(a[i]))
EACH(div, ln_div(a[i], b[i]))
EACH(lower, ln_lower(a[i]))
EACH(upper, ln_upper(a[i]))
/* b holds the nodes, c the lowest input, the highest and the shift. */
EACH(lookup, ln_lookup(b, a[i], c[0], c[1], c[2]))
/* The same with values of 16 bits, two in each word of b. */
EACH(direct, ln_direct((const int16_t *)b, a[i], c[0], c[1], c[2]))
/* b holds nodes of 16 bits, c the shift. */
EACH(interpolate, ln_interpolate((const int16_t *)(const void *)b, a[i], c[0]))
