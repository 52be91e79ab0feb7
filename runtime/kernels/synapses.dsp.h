/* synapses with three words a synapse and no count: the last synapse of a destination says so. */

/* The same of destinations with the same sources, 2 pairs of them after skip: five words for two synapses. */
/* layout synapse_rows: synapse, counts, nodes */
LN_INLINE void ln_synapses_dsp_first(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, int32_t up, ln_size skip, ln_size pairs, ln_size first, ln_size n, ln_size all)
{
    ln_copy_others(pair, base, first, n, all);
    ln_add_rows_dsp(pair + 2 * first, base + 2 * first, v + skip, synapse, nodes + half, half, shift, bits, up, pairs, n);
}

/* Destinations first to first + n - 1 have synapses, the others of all none. base MAY be pair. */
/* layout synapse_words: synapse, counts, nodes */
LN_INLINE void ln_synapses_dsp(int32_t *pair, const int32_t *base, const int16_t *v, const ln_synapse_words *synapse, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, int32_t up, ln_size first, ln_size n, ln_size all)
{
    ln_copy_others(pair, base, first, n, all);
    ln_add_synapses_dsp(pair + 2 * first, base + 2 * first, v, synapse, nodes + half, half, shift, bits, up, n);
}
