/* blend, a stream in each lane. */

LN_FN void ln_blend_streams(ln_s16 *y, const ln_s16 *a, const ln_s16 *b, const ln_s16 *t, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = i * LN_LANES;
        const ln_v32 gate = ln_vload16(t + at);
        const ln_v32 sum = ln_vload16(a + at) * (ln_vset(32768) - gate) + ln_vload16(b + at) * gate;
        ln_vstore16(y + at, ln_vrshift(sum, 15));
    }
}
