/* mean, a stream in each lane. */

LN_FN void ln_mean_streams(ln_s16 *y, const ln_s32 *pair, const ln_s16 *z, const uint16_t *p, ln_size n)
{
    for (uint32_t j = 0; j < n; j++) {
        const ln_v32 weight = ln_vset(p[j]);
        const ln_v32 numerator = ln_vload32(pair) + weight * ln_vload16(z);
        ln_vstore16(y, ln_vdiv(numerator, ln_vload32(pair + LN_LANES) + weight));
        pair += 2 * LN_LANES;
        z += LN_LANES;
        y += LN_LANES;
    }
}
