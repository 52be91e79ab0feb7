/* divide: y = n / d or n / sqrt(d), from one table that every octave of d reads at its own height. */

/* n times what the function is at d: the octave of d by the table, all of those above whole, and what is left after the last. */
LN_FN int32_t ln_divided(int32_t n, int32_t d, const LN_ROM ln_node *nodes, int32_t rest, int32_t octaves, int32_t first, int32_t step, int32_t right, int32_t steps, int32_t intervals)
{
    int32_t total = 0;
    int32_t low = first;
    for (int32_t k = 0; k < steps; k++) {
        const int32_t shift = step + octaves * k;
        const int32_t top = low - 1 + (int32_t)((uint32_t)intervals << shift);
        const int32_t fall = ln_lookup(nodes, d, low, top, shift);
        total = ln_add(total, ln_rshift(ln_mul(n, k == steps - 1 ? ln_add(fall, rest) : fall), right + k));
        low = (int32_t)((uint32_t)low << octaves);
    }
    return total;
}

/* Every result MUST fit 16 bits (proven). y MAY be n. */
LN_FN void ln_divide(int16_t *y, const int16_t *n, const int32_t *d, const LN_ROM ln_node *nodes, const LN_ROM int16_t *rest, const LN_ROM uint16_t *owner, int32_t octaves, int32_t first, int32_t step, int32_t right, int32_t steps, int32_t intervals, int32_t guard, ln_size count)
{
    for (ln_size i = 0; i < count; i++) {
        const int32_t total = ln_divided(n[i], d[ln_ldu16(owner + i)], nodes, ln_ld16(rest + i), octaves, first, step, right, steps, intervals);
        y[i] = ln_narrow(ln_rshift(total, guard));
    }
}

/* Saturates; returns how many results it changed. */
LN_FN ln_size ln_divide_sat(int16_t *y, const int16_t *n, const int32_t *d, const LN_ROM ln_node *nodes, const LN_ROM int16_t *rest, const LN_ROM uint16_t *owner, int32_t octaves, int32_t first, int32_t step, int32_t right, int32_t steps, int32_t intervals, int32_t guard, ln_size count)
{
    ln_size changed = 0;
    for (ln_size i = 0; i < count; i++) {
        const int32_t total = ln_divided(n[i], d[ln_ldu16(owner + i)], nodes, ln_ld16(rest + i), octaves, first, step, right, steps, intervals);
        const int32_t wide = ln_rshift(total, guard);
        y[i] = ln_sat16(wide);
        changed = (ln_size)(changed + (y[i] != wide));
    }
    return changed;
}
