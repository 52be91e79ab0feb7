/* mean: y = (N + p z) / (D + p) of pairs (N, D), rounded half up; y lies in the hull of what the pair and z hold. */

/* 0 < D + p < 65536 (proven). y MAY be z. */
LN_FN void ln_mean(int16_t *y, const int32_t *pair, const int16_t *z, const LN_ROM uint16_t *p, ln_size n)
{
    for (uint32_t j = n; j != 0; j--) {
        const int32_t weight = ln_ldu16(p);
        const int32_t numerator = ln_mac(pair[0], weight, *z);
        *y = ln_div(numerator, ln_add(pair[1], weight));
        pair += 2;
        p++;
        z++;
        y++;
    }
}
