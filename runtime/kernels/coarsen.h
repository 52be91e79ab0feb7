/* coarsen: pairs (N, D) with D in a unit 2^shift times as large, rounded up. */

/* D + down MUST fit int32 (proven). y MAY be pair. */
LN_FN void ln_coarsen(int32_t *y, const int32_t *pair, int32_t shift, int32_t down, ln_size n)
{
    for (ln_size j = 0; j < n; j++) {
        y[2 * j] = pair[2 * j];
        y[2 * j + 1] = ln_rshift(ln_add(pair[2 * j + 1], down), shift);
    }
}
