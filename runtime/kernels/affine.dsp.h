/* affine four rows at a time, two products an instruction. acc and y MAY be the same. */

LN_INLINE const ln_pair *ln_quad(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size cols, int aligned, int bytes)
{
    return bytes == 1 ? ln_affine4_w8(y, acc, x, w, cols, aligned) : ln_affine4(y, acc, x, w, cols, aligned);
}

LN_INLINE void ln_quads(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols, int bytes)
{
    const uint32_t whole = rows & ~3u;
    const uint32_t rest = rows & 3u;
    if (((uintptr_t)x & 3u) == 0) {
        for (uint32_t r = 0; r < whole; r += 4) {
            w = ln_quad(y + r, acc + r, x, w, cols, 1, bytes);
        }
    } else {
        for (uint32_t r = 0; r < whole; r += 4) {
            w = ln_quad(y + r, acc + r, x, w, cols, 0, bytes);
        }
    }
    if (rest != 0) {
        int32_t last[4] = {0, 0, 0, 0};
        for (uint32_t r = 0; r < rest; r++) {
            last[r] = acc[whole + r];
        }
        ln_quad(last, last, x, w, cols, 0, bytes);
        for (uint32_t r = 0; r < rest; r++) {
            y[whole + r] = last[r];
        }
    }
}

/* layout row_quads: w, s */
LN_FN void ln_affine_dsp(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols)
{
    ln_quads(y, acc, x, w, rows, cols, 2);
}

/* The same with weights of 8 bits. */
/* layout row_quads8: w, s */
LN_FN void ln_affine_w8_dsp(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols)
{
    ln_quads(y, acc, x, w, rows, cols, 1);
}
