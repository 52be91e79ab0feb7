/* table: a function of one variable, interpolated between nodes or read as it is. */

LN_FN void ln_table(int16_t *y, const int32_t *x, const LN_ROM ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_lookup(nodes, x[i], low, top, shift));
    }
}

/* The same for inputs of 16 bits. */
LN_FN void ln_table_s16(int16_t *y, const int16_t *x, const LN_ROM ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_lookup(nodes, x[i], low, top, shift));
    }
}

/* One value for each interval of 1 << shift, without interpolation. */
LN_FN void ln_table_direct(int16_t *y, const int32_t *x, const LN_ROM int16_t *values, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_direct(values, x[i], low, top, shift));
    }
}

/* The same for inputs of 16 bits. */
LN_FN void ln_table_direct_s16(int16_t *y, const int16_t *x, const LN_ROM int16_t *values, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_direct(values, x[i], low, top, shift));
    }
}
