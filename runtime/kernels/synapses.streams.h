/* synapses, a stream in each lane: no source is gathered, as all lanes have the same one. */

/* c as the lower half of pairs whose upper half is 0. */
LN_FN ln_v32 ln_vlower(int16_t c)
{
    return ln_vset((uint16_t)c);
}

LN_FN ln_v32 ln_vargument(const ln_synapse *synapse, const ln_s16 *v)
{
    const ln_v32 source = ln_vload16(v + (uint32_t)synapse->src * LN_LANES);
    return ln_vdot(ln_vset(synapse->b), ln_vlower(synapse->a), source);
}

/* Adds g e and g, with f from the table. */
LN_FN void ln_vsynapse(ln_v32 *sums, const ln_synapse *synapse, ln_v32 f)
{
    const ln_v32 g = ln_vrshift(ln_vscale(ln_vlower(synapse->w), f), 15);
    sums[0] = ln_vdot(sums[0], ln_vlower(synapse->e), g);
    sums[1] = sums[1] + g;
}

LN_INLINE void ln_vsynapses(ln_s32 *pair, const ln_s32 *base, const ln_s16 *v, const ln_synapse *synapse, const uint16_t *counts, const void *table, int direct, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    for (uint32_t j = 0; j < n; j++) {
        ln_v32 sums[2] = {ln_vload32(base), ln_vload32(base + LN_LANES)};
        for (uint32_t k = counts[j]; k != 0; k--) {
            ln_vsynapse(sums, synapse, ln_vread(table, ln_vargument(synapse, v), low, top, shift, direct));
            synapse++;
        }
        ln_vstore32(pair, sums[0]);
        ln_vstore32(pair + LN_LANES, sums[1]);
        base += 2 * LN_LANES;
        pair += 2 * LN_LANES;
    }
}

LN_FN void ln_synapses_streams(ln_s32 *pair, const ln_s32 *base, const ln_s16 *v, const ln_synapse *synapse, const uint16_t *counts, const ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    ln_vsynapses(pair, base, v, synapse, counts, nodes, 0, low, top, shift, n);
}

/* The same with a table of values that are read as they are. */
LN_FN void ln_synapses_direct_streams(ln_s32 *pair, const ln_s32 *base, const ln_s16 *v, const ln_synapse *synapse, const uint16_t *counts, const int16_t *values, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    ln_vsynapses(pair, base, v, synapse, counts, values, 1, low, top, shift, n);
}
