/* softmax, a stream in each lane. */

/* Writes what the table says of an element that is that much below the largest of its group; returns total + that. */
LN_FN ln_v32 ln_vraise(ln_s16 *y, ln_v32 total, ln_v32 below, const ln_node *nodes, int32_t low, int32_t top, int32_t shift)
{
    const ln_v32 raised = ln_vlookup(nodes, below, low, top, shift);
    ln_vstore16(y, raised);
    return total + raised;
}

/* Divides what ln_vraise wrote by its sum, which is at least as large as the largest of it MAY be. */
LN_FN void ln_vshare(ln_s16 *y, ln_v32 total, int32_t least, const int16_t *one, uint32_t count)
{
    const ln_v32 divisor = ln_vmax(total, ln_vset(least));
    for (uint32_t k = 0; k < count; k++) {
        ln_vstore16(y + k * LN_LANES, ln_vdiv(ln_vload16(y + k * LN_LANES) * ln_vset(one[k]), divisor));
    }
}

/* The elements of x have so many bytes. */
LN_INLINE void ln_vsoftmax(ln_s16 *y, const void *x, int bytes, const ln_node *nodes, const int32_t *peak, const int32_t *nothing, const int16_t *one, int32_t low, int32_t top, int32_t shift, ln_size groups, ln_size count)
{
    uint32_t at = 0;
    for (uint32_t j = 0; j < groups; j++) {
        ln_v32 best = ln_velement(x, at, bytes);
        for (uint32_t k = 1; k < count; k++) {
            best = ln_vmax(best, ln_velement(x, at + k, bytes));
        }
        ln_v32 total = ln_vset(nothing[j]);
        for (uint32_t k = 0; k < count; k++) {
            total = ln_vraise(y + k * LN_LANES, total, best - ln_velement(x, at + k, bytes), nodes, low, top, shift);
        }
        ln_vshare(y, total, peak[j], one, count);
        at += count;
        one += count;
        y += (uint32_t)count * LN_LANES;
    }
}

LN_FN void ln_softmax_streams(ln_s16 *y, const ln_s32 *x, const uint16_t *where, const uint16_t *owner, const ln_node *nodes, const int32_t *peak, const int32_t *nothing, const uint16_t *counts, const int16_t *one, int32_t low, int32_t top, int32_t shift, ln_size groups, ln_size count)
{
    (void)where;
    (void)owner;
    (void)counts;
    ln_vsoftmax(y, x, 4, nodes, peak, nothing, one, low, top, shift, groups, count);
}

/* The same for inputs of 16 bits. */
LN_FN void ln_softmax_s16_streams(ln_s16 *y, const ln_s16 *x, const uint16_t *where, const uint16_t *owner, const ln_node *nodes, const int32_t *peak, const int32_t *nothing, const uint16_t *counts, const int16_t *one, int32_t low, int32_t top, int32_t shift, ln_size groups, ln_size count)
{
    (void)where;
    (void)owner;
    (void)counts;
    ln_vsoftmax(y, x, 2, nodes, peak, nothing, one, low, top, shift, groups, count);
}
