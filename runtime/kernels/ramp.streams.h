/* ramp, a stream in each lane. */

LN_FN ln_v32 ln_vramp(ln_v32 d, ln_v32 x, int32_t low, int32_t high, int32_t shift)
{
    return d + ln_vrshift(ln_vclip(x, low, high), shift);
}

/* Saturates; returns where that changed a sum. */
LN_FN ln_v32 ln_vramp_sat(ln_s16 *y, ln_v32 wide)
{
    const ln_v32 narrow = ln_vclip(wide, INT16_MIN, INT16_MAX);
    ln_vstore16(y, narrow);
    return ln_vdiffer(wide, narrow);
}

LN_FN void ln_ramp_streams(ln_s16 *y, const ln_s16 *d, const ln_s32 *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = i * LN_LANES;
        ln_vstore16(y + at, ln_vramp(ln_vload16(d + at), ln_vload32(x + at), low, high, shift));
    }
}

LN_FN ln_v32 ln_ramp_sat_streams(ln_s16 *y, const ln_s16 *d, const ln_s32 *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    ln_v32 changed = {0};
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = i * LN_LANES;
        const ln_v32 wide = ln_vramp(ln_vload16(d + at), ln_vload32(x + at), low, high, shift);
        changed = changed + ln_vramp_sat(y + at, wide);
    }
    return changed;
}

/* The same for x of 16 bits. */
LN_FN void ln_ramp_s16_streams(ln_s16 *y, const ln_s16 *d, const ln_s16 *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = i * LN_LANES;
        ln_vstore16(y + at, ln_vramp(ln_vload16(d + at), ln_vload16(x + at), low, high, shift));
    }
}

LN_FN ln_v32 ln_ramp_s16_sat_streams(ln_s16 *y, const ln_s16 *d, const ln_s16 *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    ln_v32 changed = {0};
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = i * LN_LANES;
        const ln_v32 wide = ln_vramp(ln_vload16(d + at), ln_vload16(x + at), low, high, shift);
        changed = changed + ln_vramp_sat(y + at, wide);
    }
    return changed;
}
