/* softmax: y = e^x / sum of e^x over each group of neighbours. */

/* The elements of x have so many bytes. */
LN_INLINE void ln_any_softmax(int16_t *y, const void *x, int bytes, const LN_ROM ln_node *nodes, const LN_ROM int32_t *peak, const LN_ROM int32_t *nothing, const LN_ROM int16_t *one, int32_t low, int32_t top, int32_t shift, ln_size groups, ln_size count)
{
    ln_size at = 0;
    for (ln_size j = 0; j < groups; j++) {
        int32_t best = ln_element(x, at, bytes);
        for (ln_size k = 1; k < count; k++) {
            const int32_t other = ln_element(x, (ln_size)(at + k), bytes);
            best = other > best ? other : best;
        }
        int32_t total = ln_ld32(nothing + j);
        for (ln_size k = 0; k < count; k++) {
            const int32_t below = ln_sub(best, ln_element(x, (ln_size)(at + k), bytes));
            y[k] = ln_narrow(ln_lookup(nodes, below, low, top, shift));
            total = ln_add(total, y[k]);
        }
        const int32_t least = ln_ld32(peak + j);
        const int32_t divisor = total > least ? total : least;
        for (ln_size k = 0; k < count; k++) {
            y[k] = ln_div(ln_mul(y[k], ln_ld16(one + k)), divisor);
        }
        at = (ln_size)(at + count);
        one += count;
        y += count;
    }
}

/* nodes hold top e^-u from low on. where, owner and counts are what the definition reads beside them. */
LN_FN void ln_softmax(int16_t *y, const int32_t *x, const LN_ROM uint16_t *where, const LN_ROM uint16_t *owner, const LN_ROM ln_node *nodes, const LN_ROM int32_t *peak, const LN_ROM int32_t *nothing, const LN_ROM uint16_t *counts, const LN_ROM int16_t *one, int32_t low, int32_t top, int32_t shift, ln_size groups, ln_size count)
{
    (void)where;
    (void)owner;
    (void)counts;
    ln_any_softmax(y, x, 4, nodes, peak, nothing, one, low, top, shift, groups, count);
}

/* The same for inputs of 16 bits. */
LN_FN void ln_softmax_s16(int16_t *y, const int16_t *x, const LN_ROM uint16_t *where, const LN_ROM uint16_t *owner, const LN_ROM ln_node *nodes, const LN_ROM int32_t *peak, const LN_ROM int32_t *nothing, const LN_ROM uint16_t *counts, const LN_ROM int16_t *one, int32_t low, int32_t top, int32_t shift, ln_size groups, ln_size count)
{
    (void)where;
    (void)owner;
    (void)counts;
    ln_any_softmax(y, x, 2, nodes, peak, nothing, one, low, top, shift, groups, count);
}
