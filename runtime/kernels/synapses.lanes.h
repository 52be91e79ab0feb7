/* synapses, a destination in each lane: destinations of many synapses first, so that few lanes wait for others.
 *
 * Of each step the constants are: where the word with the source is, b, the slope in that half of the word where the
 * source is, and the pair of e and w. What fills up a lane has w = 0. */

/* One synapse in each lane: adds g e and g. */
LN_FN void ln_synapse_lanes(ln_v32 *numerator, ln_v32 *denominator, const int16_t *v, const int32_t *synapse, const ln_node *nodes, int32_t low, int32_t top, int32_t shift)
{
    const ln_v32 source = ln_vpairs_at(v, synapse);
    const ln_v32 slope = ln_vload32(synapse + 2 * LN_LANES);
    const ln_v32 argument = ln_vdot(ln_vload32(synapse + LN_LANES), slope, source);
    const ln_v32 f = ln_vlookup(nodes, argument, low, top, shift);
    const ln_v32 weight = ln_vload32(synapse + 3 * LN_LANES);
    const ln_v32 g = ln_vrshift(ln_vscale(weight >> 16, f), 15);
    *numerator = (ln_v32)((ln_vu32)*numerator + (ln_vu32)ln_vscale(weight, g));
    *denominator = (ln_v32)((ln_vu32)*denominator + (ln_vu32)g);
}

/* layout sell: synapse, counts */
LN_FN void ln_synapses_lanes(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *synapse, const uint16_t *counts, const uint16_t *order, const ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n, ln_size active)
{
    ln_vcopy32(pair, base, 2u * n);
    for (uint32_t j = 0; j < active; j += LN_LANES) {
        ln_v32 numerator = ln_vset(0);
        ln_v32 denominator = ln_vset(0);
        for (uint32_t k = *counts++; k != 0; k--) {
            ln_synapse_lanes(&numerator, &denominator, v, synapse, nodes, low, top, shift);
            synapse += 4 * LN_LANES;
        }
        int32_t sums[2 * LN_LANES];
        ln_vstore32(sums, numerator);
        ln_vstore32(sums + LN_LANES, denominator);
        for (uint32_t i = 0; i < LN_LANES && j + i < active; i++) {
            int32_t *const of = pair + 2 * order[j + i];
            of[0] = ln_add(of[0], sums[i]);
            of[1] = ln_add(of[1], sums[LN_LANES + i]);
        }
    }
}
