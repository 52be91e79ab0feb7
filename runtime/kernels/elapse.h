/* elapse: y = acc + x dt, elementwise; left less the norm of dt brings the product into the format of y. */

/* 0 < dt. y MAY be acc or x. No product and no sum leaves 32 bits (proven). */
LN_FN void ln_elapse(int32_t *y, const int32_t *acc, const int32_t *x, const int32_t *dt, int32_t left, ln_size n)
{
    const int32_t factor = ln_mantissa(*dt);
    const int32_t shift = ln_clip(ln_sub(left, ln_norm(*dt)), -30, 30);
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_add(acc[i], ln_shift_by(ln_scale16(x[i], factor), shift));
    }
}

/* The product saturates at 30 bits; what reads y is flat from there on. acc MUST leave room for it (proven). */
LN_FN void ln_elapse_sat(int32_t *y, const int32_t *acc, const int32_t *x, const int32_t *dt, int32_t left, ln_size n)
{
    const int32_t factor = ln_mantissa(*dt);
    const int32_t shift = ln_clip(ln_sub(left, ln_norm(*dt)), -30, 30);
    for (ln_size i = 0; i < n; i++) {
        const int32_t product = ln_sat_shift(ln_scale16(x[i], factor), shift, (int32_t)1 << 30);
        y[i] = ln_add(acc[i], product);
    }
}
