/* table, four inputs at a time, with an index that saturates and an interpolation of one instruction. */

/* layout flat_rises: nodes */
LN_INLINE void ln_table_mve(int16_t *y, const int32_t *x, const ln_pair *nodes, int32_t half, int32_t shift, ln_size n)
{
    ln_look_up_mve(y, x, nodes + half, half, shift, 4, n);
}

/* layout flat_rises: nodes */
LN_INLINE void ln_table_s16_mve(int16_t *y, const int16_t *x, const ln_pair *nodes, int32_t half, int32_t shift, ln_size n)
{
    ln_look_up_mve(y, x, nodes + half, half, shift, 2, n);
}
