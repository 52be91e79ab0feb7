/* mean, four elements at a time. */

/* 0 < D + p < 65536 (proven). y MAY be z. */
LN_FN void ln_mean_mve(int16_t *y, const int32_t *pair, const int16_t *z, const uint16_t *p, ln_size n)
{
    const uint32_t whole = n & ~3u;
    for (uint32_t j = 0; j < whole; j += 4) {
        ln_mean4_mve(y + j, pair + 2 * j, z + j, p + j);
    }
    ln_mean(y + whole, pair + 2 * whole, z + whole, p + whole, (ln_size)(n - whole));
}
