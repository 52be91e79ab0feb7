/* inertia: pairs (weight, k) of each destination, from the elapsed time: c / dt is weight 2^k, in units of their own. */

/* 0 < dt. rates holds triples: a factor, its shift, and the norm of dt from which on k counts; nodes hold 2^16 / (2^15 + x). */
LN_FN void ln_inertia(int32_t *time, const int32_t *dt, const LN_ROM int16_t *rates, const LN_ROM ln_node *nodes, ln_size n)
{
    const int32_t norm = ln_norm(*dt);
    const int32_t inverse = ln_lookup(nodes, ln_sub(ln_mantissa(*dt), 32768), 0, 32767, 7);
    for (ln_size j = 0; j < n; j++) {
        const int32_t until = ln_sub(ln_ld16(rates + 2), norm);
        const int32_t shift = ln_clip(ln_add(ln_ld16(rates + 1), ln_clip(until, 0, 30)), 0, 30);
        time[0] = ln_clip(ln_rshift(ln_mul(ln_ld16(rates), inverse), shift), 1, 65535);
        time[1] = ln_sub(0, ln_clip(until, -15, 0));
        rates += 3;
        time += 2;
    }
}
