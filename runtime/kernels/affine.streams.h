/* affine, a stream in each lane: four rows at a time share what they read of x, two columns in an instruction. */

LN_FN void ln_vrows(ln_vsum *sums, ln_v32 columns, const int16_t *w)
{
    sums[0] = ln_vsum_dot(sums[0], ln_vset(ln_two(w)), columns);
    sums[1] = ln_vsum_dot(sums[1], ln_vset(ln_two(w + 2)), columns);
    sums[2] = ln_vsum_dot(sums[2], ln_vset(ln_two(w + 4)), columns);
    sums[3] = ln_vsum_dot(sums[3], ln_vset(ln_two(w + 6)), columns);
}

LN_FN void ln_vrow(ln_s32 *y, const ln_s32 *acc, ln_v32 sum, const int32_t *s, uint32_t r)
{
    ln_vstore32(y + r * LN_LANES, ln_vload32(acc + r * LN_LANES) + ln_vrshift(sum, s[r]));
}

/* The sums are no loop of their own: GCC keeps an array that is indexed in memory. */
/* layout pairs: w, s */
LN_FN void ln_affine_streams(ln_s32 *y, const ln_s32 *acc, const ln_s16 *x, const int16_t *w, const int32_t *s, ln_size rows, ln_size cols)
{
    const uint32_t even = cols / 2u * 2u;
    for (uint32_t r = 0; r < rows; r += 4) {
        ln_vsum sums[4] = {ln_vsum_of(), ln_vsum_of(), ln_vsum_of(), ln_vsum_of()};
        for (uint32_t k = 0; k < even; k += 2) {
            ln_vrows(sums, ln_vzip(ln_vload16(x + k * LN_LANES), ln_vload16(x + (k + 1) * LN_LANES)), w);
            w += 8;
        }
        if (cols % 2 != 0) {
            ln_vrows(sums, ln_vzip(ln_vload16(x + even * LN_LANES), ln_vset(0)), w);
            w += 8;
        }
        ln_vrow(y, acc, ln_vsum_all(sums[0]), s, r);
        if (rows - r > 1) {
            ln_vrow(y, acc, ln_vsum_all(sums[1]), s, r + 1);
        }
        if (rows - r > 2) {
            ln_vrow(y, acc, ln_vsum_all(sums[2]), s, r + 2);
        }
        if (rows - r > 3) {
            ln_vrow(y, acc, ln_vsum_all(sums[3]), s, r + 3);
        }
    }
}

/* The same with weights of 8 bits, which are kept as 16. */
/* layout pairs: w, s */
LN_FN void ln_affine_w8_streams(ln_s32 *y, const ln_s32 *acc, const ln_s16 *x, const int16_t *w, const int32_t *s, ln_size rows, ln_size cols)
{
    ln_affine_streams(y, acc, x, w, s, rows, cols);
}
