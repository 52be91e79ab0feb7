/* table, as many elements at a time as a vector holds. */

LN_FN void ln_table_rvv(int16_t *y, const int32_t *x, const ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    const ln_place at = {low, top, shift};
    ln_look_up_all(y, x, nodes, at, n, 4);
}

/* The same for inputs of 16 bits. */
LN_FN void ln_table_s16_rvv(int16_t *y, const int16_t *x, const ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    const ln_place at = {low, top, shift};
    ln_look_up_all(y, x, nodes, at, n, 2);
}
