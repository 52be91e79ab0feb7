/* affine four rows at a time, so that x is loaded once for four products. acc and y MAY be the same. */

/* The first segment, onto constants that lie in w. */
/* layout literal_words_from: acc, w, s */
LN_INLINE void ln_affine_thumb1_first(int32_t *y, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols)
{
    ln_rows_from(y, x, w, rows, cols);
}

/* layout literal_words: w, s */
LN_INLINE void ln_affine_thumb1(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols)
{
    ln_rows_onto(y, acc, x, w, rows, cols);
}

/* For calls that share one text. */
LN_FN void ln_affine_thumb1_rolled(int32_t *y, const int32_t *acc, const int16_t *x, const int16_t *w, const uint8_t *s, ln_size rows, ln_size cols)
{
    const uint32_t whole = rows & ~3u;
    for (uint32_t r = 0; r < whole; r += 4) {
        const ln_sums sum = ln_dot4(w, x, cols);
        y[r] = ln_add(acc[r], ln_rshift(sum.a, s[r]));
        y[r + 1] = ln_add(acc[r + 1], ln_rshift(sum.b, s[r + 1]));
        y[r + 2] = ln_add(acc[r + 2], ln_rshift(sum.c, s[r + 2]));
        y[r + 3] = ln_add(acc[r + 3], ln_rshift(sum.d, s[r + 3]));
        w += 4 * cols;
    }
    for (uint32_t r = whole; r < rows; r++) {
        int32_t sum = 0;
        for (ln_size i = 0; i < cols; i++) {
            sum = ln_mac(sum, *w++, x[i]);
        }
        y[r] = ln_add(acc[r], ln_rshift(sum, s[r]));
    }
}

/* The same with weights of 8 bits, those of two rows in a halfword. */
/* layout byte_pairs: w */
LN_FN void ln_affine_w8_thumb1(int32_t *y, const int32_t *acc, const int16_t *x, const int16_t *w, const uint8_t *s, ln_size rows, ln_size cols)
{
    for (uint32_t r = 0; r < rows; r += 4) {
        const ln_sums sum = ln_dot4_w8(w, x, cols);
        y[r] = ln_add(acc[r], ln_rshift(sum.a, s[r]));
        if (rows - r > 1) {
            y[r + 1] = ln_add(acc[r + 1], ln_rshift(sum.b, s[r + 1]));
        }
        if (rows - r > 2) {
            y[r + 2] = ln_add(acc[r + 2], ln_rshift(sum.c, s[r + 2]));
        }
        if (rows - r > 3) {
            y[r + 3] = ln_add(acc[r + 3], ln_rshift(sum.d, s[r + 3]));
        }
        w += 2 * cols;
    }
}
