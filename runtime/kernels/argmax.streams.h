/* argmax, a stream in each lane. */

/* Where x is above the best so far, it is the best, and its number the one found. */
LN_FN void ln_vbetter(ln_v32 *best, ln_v32 *found, ln_v32 x, int32_t number)
{
    const ln_v32 more = x > *best;
    *found = (ln_vset(number) & more) | (*found & ~more);
    *best = ln_vmax(*best, x);
}

LN_FN void ln_argmax_streams(ln_s16 *y, const ln_s32 *x, const uint16_t *where, const int16_t *numbers, const int16_t *truth, ln_size groups, ln_size count)
{
    (void)truth;
    for (uint32_t j = 0; j < groups; j++) {
        ln_v32 best = ln_vload32(x + (uint32_t)where[0] * LN_LANES);
        ln_v32 found = ln_vset(numbers[0]);
        for (uint32_t k = 1; k < count; k++) {
            ln_vbetter(&best, &found, ln_vload32(x + (uint32_t)where[k] * LN_LANES), numbers[k]);
        }
        ln_vstore16(y + j * LN_LANES, found);
        where += count;
        numbers += count;
    }
}

/* The same for inputs of 16 bits. */
LN_FN void ln_argmax_s16_streams(ln_s16 *y, const ln_s16 *x, const uint16_t *where, const int16_t *numbers, const int16_t *truth, ln_size groups, ln_size count)
{
    (void)truth;
    for (uint32_t j = 0; j < groups; j++) {
        ln_v32 best = ln_vload16(x + (uint32_t)where[0] * LN_LANES);
        ln_v32 found = ln_vset(numbers[0]);
        for (uint32_t k = 1; k < count; k++) {
            ln_vbetter(&best, &found, ln_vload16(x + (uint32_t)where[k] * LN_LANES), numbers[k]);
        }
        ln_vstore16(y + j * LN_LANES, found);
        where += count;
        numbers += count;
    }
}
