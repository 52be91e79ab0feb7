/* copy: n values of 16 bits; x and y do not overlap. */

LN_FN void ln_copy(int16_t *y, const int16_t *x, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = x[i];
    }
}
