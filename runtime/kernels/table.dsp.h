/* table with an index that saturates and an interpolation of one instruction. */

/* layout flat_ends: nodes */
LN_FN void ln_table_dsp(int16_t *y, const int32_t *x, const ln_pair *nodes, int32_t half, int32_t shift, int32_t scale, ln_size n)
{
    const ln_pair *const middle = (const ln_pair *)ln_kept(nodes + half);
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_lookup_dsp(middle, x[i], half, shift, scale));
    }
}

/* layout flat_ends: nodes */
LN_FN void ln_table_s16_dsp(int16_t *y, const int16_t *x, const ln_pair *nodes, int32_t half, int32_t shift, int32_t scale, ln_size n)
{
    const ln_pair *const middle = (const ln_pair *)ln_kept(nodes + half);
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_lookup_dsp(middle, x[i], half, shift, scale));
    }
}
