/* affine: y = acc + (w x) >> s, a matrix-vector product, each row with its own shift. */

LN_FN int32_t ln_dot(const LN_ROM int16_t *w, const int16_t *x, ln_size n)
{
    int32_t sum = 0;
    for (ln_size i = 0; i < n; i++) {
        sum = ln_mac(sum, ln_ld16(w + i), x[i]);
    }
    return sum;
}

LN_FN int32_t ln_dot_w8(const LN_ROM int8_t *w, const int16_t *x, ln_size n)
{
    int32_t sum = 0;
    for (ln_size i = 0; i < n; i++) {
        sum = ln_mac(sum, ln_ld8(w + i), x[i]);
    }
    return sum;
}

/* acc and y MAY be the same. No partial sum of a row, in any order, leaves int32 (proven from the L1 norm of the row). */
LN_FN void ln_affine(int32_t *y, const int32_t *acc, const int16_t *x, const LN_ROM int16_t *w, const LN_ROM uint8_t *s, ln_size rows, ln_size cols)
{
    for (ln_size r = 0; r < rows; r++) {
        y[r] = ln_add(acc[r], ln_rshift(ln_dot(w, x, cols), ln_ldu8(s + r)));
        w += cols;
    }
}

/* The same with weights of 8 bits. */
LN_FN void ln_affine_w8(int32_t *y, const int32_t *acc, const int16_t *x, const LN_ROM int8_t *w, const LN_ROM uint8_t *s, ln_size rows, ln_size cols)
{
    for (ln_size r = 0; r < rows; r++) {
        y[r] = ln_add(acc[r], ln_rshift(ln_dot_w8(w, x, cols), ln_ldu8(s + r)));
        w += cols;
    }
}
