/* synapses with three words a synapse, after the bytes of those of its destination. */

/* Destinations first to first + n - 1 have synapses, the others of all none. base MAY be pair. */
/* layout synapse_lists: synapse, counts, nodes */
LN_INLINE void ln_synapses_thumb1(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, ln_size first, ln_size n, ln_size all)
{
    ln_copy_others(pair, base, first, n, all);
    ln_add_synapses(pair + 2 * first, base + 2 * first, synapse, v, nodes, half, shift, bits, n);
}
