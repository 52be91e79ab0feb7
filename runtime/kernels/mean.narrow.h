/* mean with a product of 16 bits. */

/* 0 < D + p < 65536 (proven). y MAY be z. */
LN_ONCE
LN_SHARED void ln_mean_narrow(int16_t *y, const int32_t *pair, const int16_t *z, const LN_ROM uint16_t *p, ln_size n)
{
    for (ln_size j = n; j != 0; j--) {
        const uint16_t weight = ln_ldu16(p);
        const int32_t numerator = ln_mac(pair[0], weight, *z);
        *y = ln_div(numerator, ln_add(pair[1], weight));
        pair += 2;
        p++;
        z++;
        y++;
    }
}
