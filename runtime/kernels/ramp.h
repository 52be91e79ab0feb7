/* ramp: y = d + the part of x in [low, high], rounded half up: the straight tails of a function. y MAY be d. */

/* The sum for element i of x, whose elements have so many bytes. */
LN_INLINE int32_t ln_any_ramp_at(const int16_t *d, const void *x, int bytes, int32_t low, int32_t high, int32_t shift, ln_size i)
{
    return ln_add(d[i], ln_rshift(ln_clip(ln_element(x, i, bytes), low, high), shift));
}

/* Every sum MUST fit 16 bits (proven). */
LN_INLINE void ln_any_ramp(int16_t *y, const int16_t *d, const void *x, int bytes, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_any_ramp_at(d, x, bytes, low, high, shift, i));
    }
}

/* Saturates; returns how many sums it changed. */
LN_INLINE ln_size ln_any_ramp_sat(int16_t *y, const int16_t *d, const void *x, int bytes, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    ln_size changed = 0;
    for (ln_size i = 0; i < n; i++) {
        const int32_t wide = ln_any_ramp_at(d, x, bytes, low, high, shift, i);
        y[i] = ln_sat16(wide);
        changed = (ln_size)(changed + (y[i] != wide));
    }
    return changed;
}

LN_FN void ln_ramp(int16_t *y, const int16_t *d, const int32_t *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    ln_any_ramp(y, d, x, 4, low, high, shift, n);
}

LN_FN ln_size ln_ramp_sat(int16_t *y, const int16_t *d, const int32_t *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    return ln_any_ramp_sat(y, d, x, 4, low, high, shift, n);
}

LN_FN void ln_ramp_s16(int16_t *y, const int16_t *d, const int16_t *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    ln_any_ramp(y, d, x, 2, low, high, shift, n);
}

LN_FN ln_size ln_ramp_s16_sat(int16_t *y, const int16_t *d, const int16_t *x, int32_t low, int32_t high, int32_t shift, ln_size n)
{
    return ln_any_ramp_sat(y, d, x, 2, low, high, shift, n);
}
