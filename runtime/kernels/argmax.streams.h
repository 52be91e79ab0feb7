/* argmax, a stream in each lane. */

/* Where x is above the best so far, it is the best, and its number the one found. */
LN_FN void ln_vbetter(ln_v32 *best, ln_v32 *found, ln_v32 x, int32_t number)
{
    const ln_v32 more = x > *best;
    *found = (ln_vset(number) & more) | (*found & ~more);
    *best = ln_vmax(*best, x);
}

/* The elements of x have so many bytes. */
LN_INLINE void ln_vargmax(ln_s16 *y, const void *x, int bytes, const uint16_t *where, const int16_t *numbers, ln_size groups, ln_size count)
{
    for (uint32_t j = 0; j < groups; j++) {
        ln_v32 best = ln_velement(x, where[0], bytes);
        ln_v32 found = ln_vset(numbers[0]);
        for (uint32_t k = 1; k < count; k++) {
            ln_vbetter(&best, &found, ln_velement(x, where[k], bytes), numbers[k]);
        }
        ln_vstore16(y + j * LN_LANES, found);
        where += count;
        numbers += count;
    }
}

LN_FN void ln_argmax_streams(ln_s16 *y, const ln_s32 *x, const uint16_t *where, const int16_t *numbers, const int16_t *truth, ln_size groups, ln_size count)
{
    (void)truth;
    ln_vargmax(y, x, 4, where, numbers, groups, count);
}

/* The same for inputs of 16 bits. */
LN_FN void ln_argmax_s16_streams(ln_s16 *y, const ln_s16 *x, const uint16_t *where, const int16_t *numbers, const int16_t *truth, ln_size groups, ln_size count)
{
    (void)truth;
    ln_vargmax(y, x, 2, where, numbers, groups, count);
}
