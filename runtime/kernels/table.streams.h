/* table, a stream in each lane. */

LN_FN void ln_table_streams(ln_s16 *y, const ln_s32 *x, const ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        ln_vstore16(y + i * LN_LANES, ln_vlookup(nodes, ln_vload32(x + i * LN_LANES), low, top, shift));
    }
}

/* The same for inputs of 16 bits. */
LN_FN void ln_table_s16_streams(ln_s16 *y, const ln_s16 *x, const ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        ln_vstore16(y + i * LN_LANES, ln_vlookup(nodes, ln_vload16(x + i * LN_LANES), low, top, shift));
    }
}

/* One value for each interval, without interpolation. */
LN_FN void ln_table_direct_streams(ln_s16 *y, const ln_s32 *x, const int16_t *values, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        ln_vstore16(y + i * LN_LANES, ln_vdirect(values, ln_vload32(x + i * LN_LANES), low, top, shift));
    }
}

LN_FN void ln_table_direct_s16_streams(ln_s16 *y, const ln_s16 *x, const int16_t *values, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        ln_vstore16(y + i * LN_LANES, ln_vdirect(values, ln_vload16(x + i * LN_LANES), low, top, shift));
    }
}
