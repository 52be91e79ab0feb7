/* mean, LN_LANES elements at a time. */

LN_FN ln_v32 ln_vmean(const int32_t *pair, const int16_t *z, const uint16_t *p)
{
    const ln_v32 weight = ln_vloadu16(p);
    ln_v32 numerator;
    ln_v32 denominator;
    ln_vload_apart(pair, &numerator, &denominator);
    return ln_vdiv((ln_v32)((ln_vu32)numerator + (ln_vu32)weight * (ln_vu32)ln_vload16(z)), (ln_v32)((ln_vu32)denominator + (ln_vu32)weight));
}

/* The last lanes overlap those before; they are read first, as y may be z. */
LN_FN void ln_mean_lanes(int16_t *y, const int32_t *pair, const int16_t *z, const uint16_t *p, ln_size n)
{
    if (n < LN_LANES) {
        ln_mean(y, pair, z, p, n);
        return;
    }
    const uint32_t end = n - LN_LANES;
    const ln_v32 last = ln_vmean(pair + 2 * end, z + end, p + end);
    for (uint32_t i = 0; i < end; i += LN_LANES) {
        ln_vstore16(y + i, ln_vmean(pair + 2 * i, z + i, p + i));
    }
    ln_vstore16(y + end, last);
}
