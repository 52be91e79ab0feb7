/* synapse_tables, eight of a destination at a time. */

/* Destinations first to first + n - 1 have synapses, the others of all none. base MAY be pair. */
/* layout own_eights: nodes, e, src, counts */
LN_INLINE void ln_synapse_tables_mve(int32_t *pair, const int32_t *base, const int16_t *v, const int16_t *nodes, const int16_t *e, const uint16_t *counts, int32_t shift, int32_t far, ln_size first, ln_size n, ln_size all)
{
    ln_copy_others_mve(pair, base, first, n, all);
    ln_add_own_mve(pair + 2 * first, base + 2 * first, v, nodes, e, counts, shift, far, n);
}
