/* synapses, eight of a destination at a time, or four; what fills up the last four has w = 0. */

/* Destinations first to first + n - 1 have synapses, the others of all none. base MAY be pair. */
/* layout synapse_fours: synapse, counts, nodes */
LN_INLINE void ln_synapses_mve(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const uint16_t *counts, const ln_pair *nodes, int32_t half, int32_t shift, ln_size first, ln_size n, ln_size all)
{
    ln_copy_others_mve(pair, base, first, n, all);
    ln_add_synapses_mve(pair + 2 * first, base + 2 * first, v, synapse, counts, nodes + half, half, shift, n);
}
