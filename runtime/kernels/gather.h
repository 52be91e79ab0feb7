/* gather: y[i] = x[index[i]]; x and y do not overlap. */

LN_FN void ln_gather(int16_t *y, const int16_t *x, const LN_ROM uint16_t *index, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = x[ln_ldu16(index + i)];
    }
}
