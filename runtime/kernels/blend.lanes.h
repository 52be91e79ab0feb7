/* blend, LN_LANES elements at a time. */

LN_FN ln_v32 ln_vblend(const int16_t *a, const int16_t *b, const int16_t *t)
{
    const ln_v32 gate = ln_vload16(t);
    const ln_v32 sum = ln_vload16(a) * (ln_vset(32768) - gate) + ln_vload16(b) * gate;
    return ln_vrshift(sum, 15);
}

/* The last lanes overlap those before; they are read first, as y may be an input. */
LN_FN void ln_blend_lanes(int16_t *y, const int16_t *a, const int16_t *b, const int16_t *t, ln_size n)
{
    if (n < LN_LANES) {
        ln_blend(y, a, b, t, n);
        return;
    }
    const uint32_t end = n - LN_LANES;
    const ln_v32 last = ln_vblend(a + end, b + end, t + end);
    for (uint32_t i = 0; i < end; i += LN_LANES) {
        ln_vstore16(y + i, ln_vblend(a + i, b + i, t + i));
    }
    ln_vstore16(y + end, last);
}
