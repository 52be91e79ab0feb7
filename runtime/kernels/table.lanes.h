/* table, LN_LANES elements at a time. */

LN_FN void ln_table_lanes(int16_t *y, const int32_t *x, const ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    if (n < LN_LANES) {
        ln_table(y, x, nodes, low, top, shift, n);
        return;
    }
    for (uint32_t i = 0; i < n; i += LN_LANES) {
        const uint32_t at = ln_vat(i, n);
        ln_vstore16(y + at, ln_vlookup(nodes, ln_vload32(x + at), low, top, shift));
    }
}

/* The same for inputs of 16 bits. */
LN_FN void ln_table_s16_lanes(int16_t *y, const int16_t *x, const ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    if (n < LN_LANES) {
        ln_table_s16(y, x, nodes, low, top, shift, n);
        return;
    }
    for (uint32_t i = 0; i < n; i += LN_LANES) {
        const uint32_t at = ln_vat(i, n);
        ln_vstore16(y + at, ln_vlookup(nodes, ln_vload16(x + at), low, top, shift));
    }
}
