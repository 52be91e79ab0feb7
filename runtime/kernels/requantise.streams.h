/* requantise, a stream in each lane. */

LN_FN void ln_requantise_streams(ln_s16 *y, const ln_s32 *x, int32_t shift, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        ln_vstore16(y + i * LN_LANES, ln_vrshift(ln_vload32(x + i * LN_LANES), shift));
    }
}

/* Saturates; returns for each stream how many values it changed. */
LN_FN ln_v32 ln_requantise_sat_streams(ln_s16 *y, const ln_s32 *x, int32_t shift, ln_size n)
{
    ln_v32 changed = {0};
    for (uint32_t i = 0; i < n; i++) {
        const ln_v32 wide = ln_vrshift(ln_vload32(x + i * LN_LANES), shift);
        const ln_v32 narrow = ln_vclip(wide, INT16_MIN, INT16_MAX);
        ln_vstore16(y + i * LN_LANES, narrow);
        changed = changed + ln_vdiffer(wide, narrow);
    }
    return changed;
}
