/* synapses with products of 16 bits: everything but the sums fits them. */

/* One integer g enters both sums: the quotient of a pair then lies in the hull of the e, exactly. base MAY be pair. */
/* layout source_first: synapse */
LN_SHARED void ln_synapses_narrow(int32_t *pair, const int32_t *base, const int16_t *v, const LN_ROM ln_synapse_narrow *synapse, const LN_ROM uint16_t *counts, const LN_ROM ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    for (ln_size j = n; j != 0; j--) {
        int32_t numerator = base[0];
        int32_t denominator = base[1];
        for (ln_size k = ln_ldu16(counts); k != 0; k--) {
            const int16_t f = ln_lookup16(nodes, ln_argument16(synapse, v), low, top, shift);
            const int16_t g = (int16_t)ln_bits(ln_add(ln_mul16(ln_ld16(&synapse->w), f), 16384), 15);
            numerator = ln_add(numerator, ln_mul16(g, ln_ld16(&synapse->e)));
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
