/* affine four rows at a time, eight products an instruction. acc and y MAY be the same. */

/* layout row_octets: w, s */
LN_FN void ln_affine_mve(int32_t *y, const int32_t *acc, const int16_t *x, const int16_t *w, ln_size rows, ln_size cols)
{
    ln_affine_fours(y, acc, x, w, rows, cols, 2);
}

/* With weights of 8 bits; of long rows of literal sizes, sixteen. If held, scratch holds the halves of x. */
/* layout row_halves: w, s */
LN_INLINE void ln_affine_w8_mve(int32_t *y, const int32_t *acc, int32_t *scratch, const int16_t *x, const int32_t *w, int32_t held, ln_size rows, ln_size cols)
{
    if (held == 0) {
        ln_halve(scratch, x, cols);
    }
    ln_affine_halves(y, acc, scratch, w, rows, cols);
}

/* layout row_octets: w, s */
LN_FN void ln_affine_w8_mve_rolled(int32_t *y, const int32_t *acc, const int16_t *x, const int8_t *w, ln_size rows, ln_size cols)
{
    ln_affine_fours(y, acc, x, w, rows, cols, 1);
}
