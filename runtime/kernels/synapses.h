/* synapses: pair[j] = base[j] + (sum of g e, sum of g) over the next counts[j] synapses, g = w f(a v + b). */

/* One integer g enters both sums: the quotient of a pair then lies in the hull of the e, exactly. base MAY be pair. */
LN_INLINE void ln_any_synapses(int32_t *pair, const int32_t *base, const int16_t *v, const LN_ROM ln_synapse *synapse, const LN_ROM uint16_t *counts, const LN_ROM void *table, int direct, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    for (uint32_t j = n; j != 0; j--) {
        int32_t numerator = base[0];
        int32_t denominator = base[1];
        for (uint32_t k = ln_ldu16(counts); k != 0; k--) {
            const int32_t argument = ln_mac(ln_ld32(&synapse->b), ln_ld16(&synapse->a), v[ln_ldu16(&synapse->src)]);
            const int32_t f = ln_read(table, argument, low, top, shift, direct);
            const int32_t g = ln_rshift(ln_mul(ln_ld16(&synapse->w), f), 15);
            numerator = ln_mac(numerator, g, ln_ld16(&synapse->e));
            denominator = ln_add(denominator, g);
            synapse++;
        }
        pair[0] = numerator;
        pair[1] = denominator;
        base += 2;
        pair += 2;
        counts++;
    }
}

LN_FN void ln_synapses(int32_t *pair, const int32_t *base, const int16_t *v, const LN_ROM ln_synapse *synapse, const LN_ROM uint16_t *counts, const LN_ROM ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    ln_any_synapses(pair, base, v, synapse, counts, nodes, 0, low, top, shift, n);
}

/* The same with a table of values that are read as they are. */
LN_FN void ln_synapses_direct(int32_t *pair, const int32_t *base, const int16_t *v, const LN_ROM ln_synapse *synapse, const LN_ROM uint16_t *counts, const LN_ROM int16_t *values, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    ln_any_synapses(pair, base, v, synapse, counts, values, 1, low, top, shift, n);
}
