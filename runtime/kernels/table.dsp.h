/* table with an index that saturates and an interpolation of one instruction. */

/* layout flat_mirrored: nodes */
LN_INLINE void ln_table_dsp(int16_t *y, const int32_t *x, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, ln_size n)
{
    const uint32_t whole = n & ~3u;
    ln_look_up_fours(y, x, nodes + half, half, shift, bits, n >> 2);
    for (uint32_t i = whole; i < n; i++) {
        y[i] = ln_narrow(ln_lookup_dsp(nodes + half, x[i], half, shift, bits));
    }
}

/* layout flat_mirrored: nodes */
LN_INLINE void ln_table_s16_dsp(int16_t *y, const int16_t *x, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, ln_size n)
{
    const ln_pair *const middle = (const ln_pair *)ln_kept(nodes + half);
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_lookup_dsp(middle, x[i], half, shift, bits));
    }
}

/* Where rises do not fit, and for calls that share one text. */
/* layout flat_ends: nodes */
LN_FN void ln_table_dsp_rolled(int16_t *y, const int32_t *x, const ln_pair *nodes, int32_t half, int32_t shift, int32_t scale, ln_size n)
{
    const ln_pair *const middle = (const ln_pair *)ln_kept(nodes + half);
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_lookup_steep(middle, x[i], half, shift, scale));
    }
}

/* layout flat_ends: nodes */
LN_FN void ln_table_s16_dsp_rolled(int16_t *y, const int16_t *x, const ln_pair *nodes, int32_t half, int32_t shift, int32_t scale, ln_size n)
{
    const ln_pair *const middle = (const ln_pair *)ln_kept(nodes + half);
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_lookup_steep(middle, x[i], half, shift, scale));
    }
}
