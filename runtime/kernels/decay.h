/* decay: y = f e^(-dt (c + |f|)), elementwise; nodes hold e^-x for x >= 0. */

/* 0 < dt and 0 <= c. y MAY be f. left less the norm of dt brings the exponent into the format of the table, down
 * brings y into its own. No y is beyond them, which the proof knows from the clip. */
LN_INLINE void ln_any_decay(int32_t *y, const int32_t *f, const LN_ROM int32_t *c, const int32_t *dt, const LN_ROM void *table, int direct, int32_t left, int32_t low, int32_t top, int32_t shift, int32_t down, int32_t least, int32_t most, ln_size n)
{
    const int32_t factor = ln_mantissa(*dt);
    const int32_t move = ln_clip(ln_sub(left, ln_norm(*dt)), -30, 30);
    for (ln_size i = 0; i < n; i++) {
        const int32_t rate = ln_add(ln_abs(f[i]), ln_ld32(c + i));
        const int32_t exponent = ln_sat_shift(ln_scale16(rate, factor), move, (int32_t)1 << 30);
        const int32_t rest = ln_read(table, exponent, low, top, shift, direct);
        const int32_t moved = ln_rshift(ln_scale16(f[i], ln_add(rest, rest)), down);
        y[i] = ln_clip(moved, least, most);
    }
}

LN_FN void ln_decay(int32_t *y, const int32_t *f, const LN_ROM int32_t *c, const int32_t *dt, const LN_ROM ln_node *nodes, int32_t left, int32_t low, int32_t top, int32_t shift, int32_t down, int32_t least, int32_t most, ln_size n)
{
    ln_any_decay(y, f, c, dt, nodes, 0, left, low, top, shift, down, least, most, n);
}

/* The same with a table of values that are read as they are. */
LN_FN void ln_decay_direct(int32_t *y, const int32_t *f, const LN_ROM int32_t *c, const int32_t *dt, const LN_ROM int16_t *values, int32_t left, int32_t low, int32_t top, int32_t shift, int32_t down, int32_t least, int32_t most, ln_size n)
{
    ln_any_decay(y, f, c, dt, values, 1, left, low, top, shift, down, least, most, n);
}
