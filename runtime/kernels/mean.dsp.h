/* mean, one destination: y = (N + p z) / (D + p). y MAY be z. */

/* layout each: p */
LN_INLINE void ln_mean_dsp(int16_t *y, const int32_t *pair, const int16_t *z, ln_size j, int32_t weight)
{
    const int32_t numerator = ln_mac(pair[2 * j], weight, z[j]);
    y[j] = ln_div(numerator, ln_add(pair[2 * j + 1], weight));
}
