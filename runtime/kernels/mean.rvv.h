/* mean, as many elements at a time as a vector holds. */

/* 0 < D + p < 65536 (proven). y MAY be z. */
LN_FN void ln_mean_rvv(int16_t *y, const int32_t *pair, const int16_t *z, const uint16_t *p, ln_size n)
{
    ln_mean_lanes_of(y, pair, z, p, n);
}
