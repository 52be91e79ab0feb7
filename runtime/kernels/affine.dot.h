/* affine with weights of 8 bits four rows at a time, sixteen products an instruction. acc and y MAY be the same. */

/* layout row_sixteens: w, s */
LN_FN void ln_affine_w8_dot(int32_t *y, const int32_t *acc, const int16_t *x, const int8_t *w, const int32_t *s, const int32_t *more, ln_size rows, ln_size cols)
{
    ln_affine_sixteens(y, acc, x, w, s, more, rows, cols);
}
