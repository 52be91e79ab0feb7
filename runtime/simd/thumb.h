/* What dsp.h and thumb1.h share: all rows of a matrix by their ln_groups, all destinations by their ln_copy_pairs. */
#ifndef LN_SIMD_THUMB_H
#define LN_SIMD_THUMB_H

/* Rows four at a time, then those that are left. If first, onto what lies in w, else onto y. */
LN_INLINE void ln_all_rows(int32_t *y, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols, int32_t first)
{
    ln_rows at = {y, w};
    if (rows > 3) {
        ln_groups(&at, x, rows / 4, 4, cols, first);
    }
    if (rows % 4 != 0) {
        ln_groups(&at, x, 1, rows % 4, cols, first);
    }
}

LN_INLINE void ln_rows_from(int32_t *y, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols)
{
    ln_all_rows(y, x, w, rows, cols, 1);
}

/* acc and y MAY be the same. */
LN_INLINE void ln_rows_onto(int32_t *y, const int32_t *acc, const int16_t *x, const ln_pair *w, ln_size rows, ln_size cols)
{
    if (y != acc) {
        LN_ROLLED
        for (uint32_t r = 0; r < rows; r++) {
            y[r] = acc[r];
        }
    }
    ln_all_rows(y, x, w, rows, cols, 0);
}

/* The pairs of all but n destinations from the first on, which have synapses. base MAY be pair. */
LN_INLINE void ln_copy_others(int32_t *pair, const int32_t *base, uint32_t first, uint32_t n, uint32_t all)
{
    const uint32_t end = 2u * first + 2u * n;
    if (pair != base) {
        ln_copy_pairs(pair, base, first);
        ln_copy_pairs(pair + end, base + end, all - first - n);
    }
}

#endif
