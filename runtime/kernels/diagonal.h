/* diagonal: y = acc + (c x) >> s, elementwise. acc and y MAY be the same. */

LN_FN void ln_diagonal(int32_t *y, const int32_t *acc, const int16_t *x, const LN_ROM int16_t *c, const LN_ROM uint8_t *s, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_add(acc[i], ln_rshift(ln_mul(ln_ld16(c + i), x[i]), ln_ldu8(s + i)));
    }
}
