/* affine four rows at a time, two products an instruction. acc and y MAY be the same. */

LN_INLINE void ln_next_quad(ln_quad *at, const int16_t *x, ln_size rows, ln_size cols, int aligned, int bytes)
{
    if (bytes == 1) {
        ln_affine4_w8(at, x, rows, cols, aligned);
    } else {
        ln_affine4(at, x, rows, cols, aligned);
    }
}

LN_INLINE void ln_quads(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols, int bytes)
{
    ln_quad at = {y, acc, w, bytes == 1 ? ln_start8(x, cols) : 0};
    if (((uintptr_t)x & 3u) == 0) {
        LN_ROLLED
        for (uint32_t r = rows >> 2; r != 0; r--) {
            ln_next_quad(&at, x, 4, cols, 1, bytes);
        }
    } else {
        LN_ROLLED
        for (uint32_t r = rows >> 2; r != 0; r--) {
            ln_next_quad(&at, x, 4, cols, 0, bytes);
        }
    }
    if ((rows & 3u) != 0) {
        ln_next_quad(&at, x, rows & 3u, cols, 0, bytes);
    }
}

/* The first segment, onto constants that lie in w. */
/* layout literal_rows_from: acc, w, s */
LN_INLINE void ln_affine_dsp_first(int32_t *y, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols)
{
    ln_rows_from(y, x, w, rows, cols);
}

/* layout literal_rows: w, s */
LN_INLINE void ln_affine_dsp(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols)
{
    ln_rows_onto(y, acc, x, w, rows, cols);
}

/* layout row_quads: w, s */
LN_KERNEL void ln_affine_dsp_rolled(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols)
{
    ln_quads(y, acc, x, w, rows, cols, 2);
}

/* The same with weights of 8 bits. */
/* layout row_quads8: w, s */
LN_KERNEL void ln_affine_w8_dsp(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols)
{
    ln_quads(y, acc, x, w, rows, cols, 1);
}
