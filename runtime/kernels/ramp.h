/* ramp: y = d + the part of x in [low, high], rounded half up: the straight tails of a function. y MAY be d. */

/* Every sum MUST fit 16 bits (proven). */
LN_FN void ln_ramp(int16_t *y, const int16_t *d, const int32_t *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_add(d[i], ln_rshift(ln_clip(x[i], low, high), shift)));
    }
}

/* Saturates; returns how many sums it changed. */
LN_FN ln_size ln_ramp_sat(int16_t *y, const int16_t *d, const int32_t *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    ln_size changed = 0;
    for (ln_size i = 0; i < n; i++) {
        const int32_t wide = ln_add(d[i], ln_rshift(ln_clip(x[i], low, high), shift));
        y[i] = ln_sat16(wide);
        changed = (ln_size)(changed + (y[i] != wide));
    }
    return changed;
}

/* The same for x of 16 bits. */
LN_FN void ln_ramp_s16(int16_t *y, const int16_t *d, const int16_t *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_add(d[i], ln_rshift(ln_clip(x[i], low, high), shift)));
    }
}

/* Saturates; returns how many sums it changed. */
LN_FN ln_size ln_ramp_s16_sat(int16_t *y, const int16_t *d, const int16_t *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    ln_size changed = 0;
    for (ln_size i = 0; i < n; i++) {
        const int32_t wide = ln_add(d[i], ln_rshift(ln_clip(x[i], low, high), shift));
        y[i] = ln_sat16(wide);
        changed = (ln_size)(changed + (y[i] != wide));
    }
    return changed;
}
