/* coarsen, a stream in each lane. */

LN_FN void ln_coarsen_streams(ln_s32 *y, const ln_s32 *pair, int32_t shift, int32_t down, ln_size n)
{
    for (uint32_t j = 0; j < n; j++) {
        const uint32_t at = 2 * j * LN_LANES;
        ln_vstore32(y + at, ln_vload32(pair + at));
        ln_vstore32(y + at + LN_LANES, ln_vrshift(ln_vload32(pair + at + LN_LANES) + down, shift));
    }
}
