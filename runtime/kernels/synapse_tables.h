/* synapse_tables: pair[j] = base[j] + (sum of g e, sum of g) over the next counts[j] synapses, g from a table of its own. */

/* One integer g enters both sums, as in synapses.h. base MAY be pair. */
LN_FN void ln_synapse_tables(int32_t *pair, const int32_t *base, const int16_t *v, const LN_ROM int16_t *nodes, const LN_ROM int16_t *e, const LN_ROM uint16_t *src, const LN_ROM uint16_t *counts, int32_t shift, ln_size n)
{
    const int32_t stride = (65536 >> shift) + 1;
    for (uint32_t j = n; j != 0; j--) {
        int32_t numerator = base[0];
        int32_t denominator = base[1];
        for (uint32_t k = ln_ldu16(counts); k != 0; k--) {
            const int32_t g = ln_interpolate(nodes, v[ln_ldu16(src)], shift);
            numerator = ln_mac(numerator, g, ln_ld16(e));
            denominator = ln_add(denominator, g);
            nodes += stride;
            e++;
            src++;
        }
        pair[0] = numerator;
        pair[1] = denominator;
        base += 2;
        pair += 2;
        counts++;
    }
}
