/* synapse_tables in two instructions for g and two for its sums. */

/* One destination, j, with count synapses from the first on, all known when this is compiled. With sources, finds the
 * positions of so many of v first, each in the table where its own begin. base MAY be pair. */
/* layout one_by_one: nodes, src, counts */
LN_INLINE void ln_synapse_tables_dsp(int32_t *pair, ln_position *scratch, const int32_t *base, const int16_t *v, const int16_t *nodes, const int16_t *e, const uint16_t *src, const uint16_t *index, const uint16_t *order, const uint16_t *where, int32_t shift, ln_size sources, ln_size j, ln_size first, ln_size count)
{
    const int32_t stride = (65536 >> shift) + 1;
    if (sources != 0) {
        const uint32_t unit = ln_hidden(65535u << (15 - shift));
        const uint32_t half = ln_hidden((65535u << (14 - shift)) + 32768u);
        ln_fenced(scratch);
        LN_UNROLLED
        for (ln_size s = 0; s < sources; s++) {
            const int32_t at = v[order[s]];
            scratch[s].left = nodes + where[s] * stride + (32768 >> shift) + (at >> shift);
            scratch[s].parts = (int32_t)(((uint32_t)at & (((uint32_t)1 << shift) - 1)) * unit + half);
            ln_fence();
        }
    }
    int32_t numerator = base[2 * j];
    int32_t denominator = base[2 * j + 1];
    LN_UNROLLED
    for (ln_size k = first; k < first + count; k++) {
        const ln_position *const at = scratch + src[k];
        ln_fence();
        const int16_t *left = at->left;
        const ln_pair parts = at->parts;
        const int32_t g = ln_mac_both(32768, ln_ld_pair(left + index[k] * stride), parts);
        numerator = ln_mac_ul(numerator, g, e[k]);
        denominator = ln_add(denominator, g >> 16);
    }
    pair[2 * j] = numerator;
    pair[2 * j + 1] = denominator;
}

/* All destinations in a loop, several instructions longer. */
/* layout with_positions: counts */
LN_INLINE void ln_synapse_tables_dsp_rolled(int32_t *pair, ln_position *scratch, const int32_t *base, const int16_t *v, const int16_t *nodes, const int16_t *e, const uint16_t *src, const uint16_t *counts, int32_t shift, ln_size sources, ln_size n)
{
    ln_positions(scratch, v, nodes, shift, sources);
    int32_t offset = 0;
    LN_ROLLED
    for (uint32_t j = n; j != 0; j--) {
        int32_t numerator = base[0];
        int32_t denominator = base[1];
        LN_ROLLED
        for (uint32_t k = *counts; k != 0; k--) {
            const ln_position *const at = scratch + *src;
            const int32_t g = ln_mac_both(32768, ln_ld_pair(at->left + offset), at->parts);
            numerator = ln_mac_ul(numerator, g, *e);
            denominator = ln_add(denominator, g >> 16);
            offset += (65536 >> shift) + 1;
            src++;
            e++;
        }
        pair[0] = numerator;
        pair[1] = denominator;
        base += 2;
        pair += 2;
        counts++;
    }
}
