/* argmax: y = the number of the largest element of each group, the first of equals. */

/* where and numbers hold count entries a group; truth is what the definition reads, and not needed here. */
LN_FN void ln_argmax(int16_t *y, const int32_t *x, const LN_ROM uint16_t *where, const LN_ROM int16_t *numbers, const LN_ROM int16_t *truth, ln_size groups, ln_size count)
{
    (void)truth;
    for (ln_size j = 0; j < groups; j++) {
        int32_t best = x[ln_ldu16(where)];
        y[j] = ln_ld16(numbers);
        for (ln_size k = 1; k < count; k++) {
            const int32_t other = x[ln_ldu16(where + k)];
            y[j] = other > best ? ln_ld16(numbers + k) : y[j];
            best = other > best ? other : best;
        }
        where += count;
        numbers += count;
    }
}

/* The same for inputs of 16 bits, which small machines compare faster. */
LN_FN void ln_argmax_s16(int16_t *y, const int16_t *x, const LN_ROM uint16_t *where, const LN_ROM int16_t *numbers, const LN_ROM int16_t *truth, ln_size groups, ln_size count)
{
    (void)truth;
    for (ln_size j = 0; j < groups; j++) {
        int16_t best = x[ln_ldu16(where)];
        y[j] = ln_ld16(numbers);
        for (ln_size k = 1; k < count; k++) {
            const int16_t other = x[ln_ldu16(where + k)];
            y[j] = other > best ? ln_ld16(numbers + k) : y[j];
            best = other > best ? other : best;
        }
        where += count;
        numbers += count;
    }
}
