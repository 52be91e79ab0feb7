/* synapse_tables with three words a synapse, which say where its source lies in its table. */

/* Places of so many sources, the first after skip. Destinations first to first + n - 1 may have synapses, the others of all
 * have none. base MAY be pair. */
/* layout synapse_places: nodes, e, src, counts */
LN_INLINE void ln_synapse_tables_thumb1(int32_t *pair, ln_place *scratch, const int32_t *base, const int16_t *v, const uint16_t *nodes, const int32_t *synapse, const uint16_t *counts, int32_t shift, ln_size skip, ln_size sources, ln_size first, ln_size n, ln_size all)
{
    ln_copy_others(pair, base, first, n, all);
    ln_places(scratch, v + skip, nodes, shift, sources);
    ln_add_tables(pair + 2 * first, base + 2 * first, synapse, scratch, counts, n);
}
