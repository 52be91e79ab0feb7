/* affine, a row in each lane, with a column of weights an instruction. acc and y MAY be the same. */

/* layout columns: w */
LN_FN void ln_affine_rvv(int32_t *y, const int32_t *acc, const int16_t *x, const int16_t *w, const uint8_t *s, ln_size rows, ln_size cols)
{
    ln_affine_columns(y, acc, x, w, s, rows, cols, 2);
}

/* The same with weights of 8 bits. */
/* layout columns: w */
LN_FN void ln_affine_w8_rvv(int32_t *y, const int32_t *acc, const int16_t *x, const int8_t *w, const uint8_t *s, ln_size rows, ln_size cols)
{
    ln_affine_columns(y, acc, x, w, s, rows, cols, 1);
}
