/* multiply: y = (a b) >> shift, elementwise. y MAY be a or b. */

/* Every rounded product MUST fit 16 bits (proven). */
LN_FN void ln_multiply(int16_t *y, const int16_t *a, const int16_t *b, int32_t shift, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_rshift(ln_mul(a[i], b[i]), shift));
    }
}

/* Saturates; returns how many products it changed. */
LN_FN ln_size ln_multiply_sat(int16_t *y, const int16_t *a, const int16_t *b, int32_t shift, ln_size n)
{
    ln_size changed = 0;
    for (ln_size i = 0; i < n; i++) {
        const int32_t wide = ln_rshift(ln_mul(a[i], b[i]), shift);
        y[i] = ln_sat16(wide);
        changed = (ln_size)(changed + (y[i] != wide));
    }
    return changed;
}
