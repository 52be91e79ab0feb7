/* synapses, those of a destination in lanes, as many at a time as a vector holds. base MAY be pair. */

/* layout synapse_columns: synapse */
LN_FN void ln_synapses_rvv(int32_t *pair, const int32_t *base, const int16_t *v, const int32_t *b, const int16_t *a, const int16_t *w, const int16_t *e, const uint16_t *src, const uint16_t *counts, const ln_node *nodes, int32_t low, int32_t top, int32_t shift, ln_size n)
{
    const ln_place at = {low, top, shift};
    for (uint32_t j = 0; j < n; j++) {
        const uint32_t count = counts[j];
        pair[0] = base[0];
        pair[1] = base[1];
        if (count != 0) {
            ln_add_synapse_lanes(pair, v, b, a, w, e, src, nodes, at, count);
        }
        b += count;
        a += count;
        w += count;
        e += count;
        src += count;
        base += 2;
        pair += 2;
    }
}
