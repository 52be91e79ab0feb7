/* table with an index that costs nothing inside it, and an interpolation from one word. */

/* layout mirrored: nodes */
LN_INLINE void ln_table_thumb1(int16_t *y, const int32_t *x, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, ln_size n)
{
    ln_look_up(y, x, nodes, half, shift, bits, n);
}
