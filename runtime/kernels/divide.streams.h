/* divide, a stream in each lane. */

/* As ln_divided: all lanes read the octaves in the same order, so that no octave is looked for. */
LN_FN ln_v32 ln_vdivided(ln_v32 n, ln_v32 d, const ln_node *nodes, int32_t rest, int32_t octaves, int32_t first, int32_t step, int32_t right, int32_t steps, int32_t intervals)
{
    ln_v32 total = {0};
    int32_t low = first;
    for (int32_t k = 0; k < steps; k++) {
        const int32_t shift = step + octaves * k;
        const int32_t top = low - 1 + (int32_t)((uint32_t)intervals << shift);
        const ln_v32 fall = ln_vlookup(nodes, d, low, top, shift) + ln_vset(k == steps - 1 ? rest : 0);
        total = total + ln_vrshift(n * fall, right + k);
        low = (int32_t)((uint32_t)low << octaves);
    }
    return total;
}

LN_FN void ln_divide_streams(ln_s16 *y, const ln_s16 *n, const ln_s32 *d, const ln_node *nodes, const int16_t *rest, const uint16_t *owner, int32_t octaves, int32_t first, int32_t step, int32_t right, int32_t steps, int32_t intervals, int32_t guard, ln_size count)
{
    for (uint32_t i = 0; i < count; i++) {
        const ln_v32 divisor = ln_vload32(d + (uint32_t)owner[i] * LN_LANES);
        const ln_v32 total = ln_vdivided(ln_vload16(n + i * LN_LANES), divisor, nodes, rest[i], octaves, first, step, right, steps, intervals);
        ln_vstore16(y + i * LN_LANES, ln_vrshift(total, guard));
    }
}

/* Saturates; returns for each stream how many results it changed. */
LN_FN ln_v32 ln_divide_sat_streams(ln_s16 *y, const ln_s16 *n, const ln_s32 *d, const ln_node *nodes, const int16_t *rest, const uint16_t *owner, int32_t octaves, int32_t first, int32_t step, int32_t right, int32_t steps, int32_t intervals, int32_t guard, ln_size count)
{
    ln_v32 changed = {0};
    for (uint32_t i = 0; i < count; i++) {
        const ln_v32 divisor = ln_vload32(d + (uint32_t)owner[i] * LN_LANES);
        const ln_v32 total = ln_vdivided(ln_vload16(n + i * LN_LANES), divisor, nodes, rest[i], octaves, first, step, right, steps, intervals);
        const ln_v32 wide = ln_vrshift(total, guard);
        const ln_v32 narrow = ln_vclip(wide, INT16_MIN, INT16_MAX);
        ln_vstore16(y + i * LN_LANES, narrow);
        changed = changed + ln_vdiffer(wide, narrow);
    }
    return changed;
}
