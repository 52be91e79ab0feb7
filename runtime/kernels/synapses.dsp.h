/* synapses with three words a synapse and no count: the last synapse of a destination says so. */

LN_FN void ln_pairs(int32_t *y, const int32_t *x, ln_size n)
{
    LN_ROLLED
    for (uint32_t j = n; j != 0; j--) {
        y[0] = x[0];
        y[1] = x[1];
        x += 2;
        y += 2;
    }
}

/* Destinations first to first + n - 1 have synapses, the others of all none. base MAY be pair. */
/* layout synapse_words: synapse, counts, nodes */
LN_FN void ln_synapses_dsp(int32_t *pair, const int32_t *base, const int16_t *v, const ln_synapse_words *synapse, const ln_pair *nodes, int32_t half, int32_t shift, int32_t scale, ln_size first, ln_size n, ln_size all)
{
    const ln_pair *const middle = (const ln_pair *)ln_kept(nodes + half);
    ln_pairs(pair, base, first);
    pair += 2 * first;
    base += 2 * first;
    LN_ROLLED
    for (uint32_t j = n; j != 0; j--) {
        int32_t numerator = base[0];
        int32_t denominator = base[1];
        ln_synapse_words s;
        LN_ROLLED
        do {
            s = ln_next(&synapse);
            const int32_t argument = ln_mac_ll(s.b, v[(s.es >> 16) & 32767], s.aw);
            const int32_t f = ln_lookup_dsp(middle, argument, half, shift, scale);
            const int32_t g = ln_mac_lu(16384, f, s.aw) >> 15;
            numerator = ln_mac_ll(numerator, g, s.es);
            denominator = ln_add(denominator, g);
        } while (s.es >= 0);
        pair[0] = numerator;
        pair[1] = denominator;
        base += 2;
        pair += 2;
    }
    ln_pairs(pair, base, (ln_size)(all - first - n));
}
