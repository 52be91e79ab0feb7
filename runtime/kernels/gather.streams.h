/* gather, a stream in each lane. */

LN_FN void ln_gather_streams(ln_s16 *y, const ln_s16 *x, const uint16_t *index, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        ln_vstore16(y + i * LN_LANES, ln_vload16(x + (uint32_t)index[i] * LN_LANES));
    }
}
