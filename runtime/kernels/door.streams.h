/* door, a stream in each lane; returns for each how many were outside. */

LN_FN ln_v32 ln_door_streams(ln_s16 *y, const ln_s16 *x, int32_t low, int32_t high, ln_size n)
{
    ln_v32 changed = {0};
    for (uint32_t i = 0; i < n; i++) {
        const ln_v32 given = ln_vload16(x + i * LN_LANES);
        const ln_v32 inside = ln_vclip(given, low, high);
        ln_vstore16(y + i * LN_LANES, inside);
        changed = changed + ln_vdiffer(given, inside);
    }
    return changed;
}
