/* synapses with three words a synapse, whose sources count in bytes. base MAY be pair. */

/* layout synapse_bytes: synapse, nodes */
LN_INLINE void ln_synapses_thumb1(int32_t *pair, const int32_t *base, const int16_t *v, const ln_synapse_words *synapse, const uint16_t *counts, const ln_pair *nodes, int32_t half, int32_t shift, int32_t bits, int32_t scale, ln_size n)
{
    LN_ROLLED
    for (uint32_t j = 0; j < n; j++) {
        const ln_synapse_words *const end = synapse + counts[j];
        ln_sums sum = {base[2 * j], base[2 * j + 1], 0, 0};
        if (synapse != end) {
            sum = ln_add_synapses(base + 2 * j, synapse, end, v, nodes, half, shift, bits, scale);
        }
        pair[2 * j] = sum.a;
        pair[2 * j + 1] = sum.b;
        synapse = end;
    }
}
