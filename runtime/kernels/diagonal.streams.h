/* diagonal, a stream in each lane. */

LN_FN void ln_diagonal_streams(ln_s32 *y, const ln_s32 *acc, const ln_s16 *x, const int16_t *c, const uint8_t *s, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = i * LN_LANES;
        ln_vstore32(y + at, ln_vload32(acc + at) + ln_vrshift(ln_vset(c[i]) * ln_vload16(x + at), s[i]));
    }
}
