/* affine four rows at a time, two products an instruction. acc and y MAY be the same. */

/* layout row_quads: w, s */
LN_FN void ln_affine_dsp(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols)
{
    const uint32_t whole = rows & ~3u;
    const uint32_t rest = rows & 3u;
    if (((uintptr_t)x & 3u) == 0) {
        for (uint32_t r = 0; r < whole; r += 4) {
            w = ln_affine4(y + r, acc + r, x, w, cols, 1);
        }
    } else {
        for (uint32_t r = 0; r < whole; r += 4) {
            w = ln_affine4(y + r, acc + r, x, w, cols, 0);
        }
    }
    if (rest != 0) {
        int32_t last[4] = {0, 0, 0, 0};
        for (uint32_t r = 0; r < rest; r++) {
            last[r] = acc[whole + r];
        }
        ln_affine4(last, last, x, w, cols, 0);
        for (uint32_t r = 0; r < rest; r++) {
            y[whole + r] = last[r];
        }
    }
}
