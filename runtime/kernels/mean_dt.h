/* mean_dt: y = (N + p z) / (D + p) of pairs (N, D), with p from the pairs (weight, k) of inertia, rounded half up. */

/* 0 < D + p < 65536 (proven). y MAY be z. */
LN_FN void ln_mean_dt(int16_t *y, const int32_t *pair, const int16_t *z, const int32_t *time, ln_size n)
{
    for (uint32_t j = n; j != 0; j--) {
        const int32_t weight = *time;
        const int32_t numerator = ln_mac(pair[0], weight, *z);
        *y = ln_div(numerator, ln_add(pair[1], weight));
        pair += 2;
        time += 2;
        z++;
        y++;
    }
}
