/* requantise: wide values to 16 bits, rounded half up. */

/* Every rounded value MUST fit 16 bits (proven). */
LN_FN void ln_requantise(int16_t *y, const int32_t *x, int32_t shift, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_rshift(x[i], shift));
    }
}

/* Saturates; returns how many values it changed. */
LN_FN ln_size ln_requantise_sat(int16_t *y, const int32_t *x, int32_t shift, ln_size n)
{
    ln_size changed = 0;
    for (ln_size i = 0; i < n; i++) {
        const int32_t wide = ln_rshift(x[i], shift);
        y[i] = ln_sat16(wide);
        changed = (ln_size)(changed + (y[i] != wide));
    }
    return changed;
}
