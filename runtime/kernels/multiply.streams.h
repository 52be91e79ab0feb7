/* multiply, a stream in each lane. */

LN_FN void ln_multiply_streams(ln_s16 *y, const ln_s16 *a, const ln_s16 *b, int32_t shift, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = i * LN_LANES;
        ln_vstore16(y + at, ln_vrshift(ln_vload16(a + at) * ln_vload16(b + at), shift));
    }
}

/* Saturates; returns for each stream how many products it changed. */
LN_FN ln_v32 ln_multiply_sat_streams(ln_s16 *y, const ln_s16 *a, const ln_s16 *b, int32_t shift, ln_size n)
{
    ln_v32 changed = {0};
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = i * LN_LANES;
        const ln_v32 wide = ln_vrshift(ln_vload16(a + at) * ln_vload16(b + at), shift);
        const ln_v32 narrow = ln_vclip(wide, INT16_MIN, INT16_MAX);
        ln_vstore16(y + at, narrow);
        changed = changed + ln_vdiffer(wide, narrow);
    }
    return changed;
}
