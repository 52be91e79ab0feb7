/* leak: pair[j] = (g rest, g) with g = weight >> k of the pairs (weight, k) of inertia. */

/* 0 <= weight. */
LN_FN void ln_leak(int32_t *pair, const int32_t *time, const LN_ROM uint16_t *weight, const LN_ROM int16_t *rest, ln_size n)
{
    for (ln_size j = 0; j < n; j++) {
        const int32_t g = ln_rshift(ln_ldu16(weight + j), time[1]);
        pair[0] = ln_mul(g, ln_ld16(rest + j));
        pair[1] = g;
        time += 2;
        pair += 2;
    }
}
