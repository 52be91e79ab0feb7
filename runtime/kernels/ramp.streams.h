/* ramp, a stream in each lane. */

/* The sum for element i of x, whose elements have so many bytes. */
LN_INLINE ln_v32 ln_vramp_at(const ln_s16 *d, const void *x, int bytes, int32_t low, int32_t high, int32_t shift, uint32_t i)
{
    return ln_vload16(d + i * LN_LANES) + ln_vrshift(ln_vclip(ln_velement(x, i, bytes), low, high), shift);
}

LN_INLINE void ln_vramp(ln_s16 *y, const ln_s16 *d, const void *x, int bytes, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        ln_vstore16(y + i * LN_LANES, ln_vramp_at(d, x, bytes, low, high, shift, i));
    }
}

/* Saturates; returns in how many sums that changed. */
LN_INLINE ln_v32 ln_vramp_sat(ln_s16 *y, const ln_s16 *d, const void *x, int bytes, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    ln_v32 changed = {0};
    for (uint32_t i = 0; i < n; i++) {
        const ln_v32 wide = ln_vramp_at(d, x, bytes, low, high, shift, i);
        const ln_v32 narrow = ln_vclip(wide, INT16_MIN, INT16_MAX);
        ln_vstore16(y + i * LN_LANES, narrow);
        changed = changed + ln_vdiffer(wide, narrow);
    }
    return changed;
}

LN_FN void ln_ramp_streams(ln_s16 *y, const ln_s16 *d, const ln_s32 *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    ln_vramp(y, d, x, 4, low, high, shift, n);
}

LN_FN ln_v32 ln_ramp_sat_streams(ln_s16 *y, const ln_s16 *d, const ln_s32 *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    return ln_vramp_sat(y, d, x, 4, low, high, shift, n);
}

LN_FN void ln_ramp_s16_streams(ln_s16 *y, const ln_s16 *d, const ln_s16 *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    ln_vramp(y, d, x, 2, low, high, shift, n);
}

LN_FN ln_v32 ln_ramp_s16_sat_streams(ln_s16 *y, const ln_s16 *d, const ln_s16 *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    return ln_vramp_sat(y, d, x, 2, low, high, shift, n);
}
