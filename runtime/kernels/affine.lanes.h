/* affine, a row in each lane and two columns in an instruction. */

/* Weights of 2 columns and LN_LANES rows, in pairs. */
LN_FN ln_v32 ln_weights(const void *w, uint32_t at, uint32_t bytes)
{
    return bytes == 1 ? ln_vpairs8((const int8_t *)w + at) : ln_vpairs((const int16_t *)w + at);
}

/* The last column of x, where it is a single one. */
LN_FN ln_v32 ln_last(const int16_t *x, uint32_t cols)
{
    return ln_vset((uint16_t)x[cols - 1]);
}

/* (w x) >> s of the block of LN_LANES rows that begins at w. */
LN_FN ln_v32 ln_vaffine(const int16_t *x, const void *w, uint32_t at, const int32_t *s, uint32_t cols, uint32_t bytes)
{
    ln_vsum sum = ln_vsum_of();
    for (uint32_t k = 0; k + 1 < cols; k += 2) {
        sum = ln_vsum_dot(sum, ln_weights(w, at, bytes), ln_vset(ln_two(x + k)));
        at += 2 * LN_LANES;
    }
    if (cols % 2 != 0) {
        sum = ln_vsum_dot(sum, ln_weights(w, at, bytes), ln_last(x, cols));
    }
    return ln_vrshift_by(ln_vsum_all(sum), ln_vload32(s));
}

/* Four blocks at a time share what they read of x. */
LN_FN void ln_vaffine_4(ln_vsum *sums, const void *w, uint32_t at, uint32_t block, ln_v32 pair, uint32_t bytes)
{
    sums[0] = ln_vsum_dot(sums[0], ln_weights(w, at, bytes), pair);
    sums[1] = ln_vsum_dot(sums[1], ln_weights(w, at + block, bytes), pair);
    sums[2] = ln_vsum_dot(sums[2], ln_weights(w, at + 2 * block, bytes), pair);
    sums[3] = ln_vsum_dot(sums[3], ln_weights(w, at + 3 * block, bytes), pair);
}

LN_FN void ln_affine_block(int32_t *y, const int32_t *acc, ln_v32 sum, const int32_t *s)
{
    ln_vstore32(y, (ln_v32)((ln_vu32)ln_vload32(acc) + (ln_vu32)ln_vrshift_by(sum, ln_vload32(s))));
}

LN_FN void ln_affine_4(int32_t *y, const int32_t *acc, const int16_t *x, const void *w, uint32_t at, const int32_t *s, uint32_t cols, uint32_t bytes)
{
    const uint32_t block = (cols + cols % 2) * LN_LANES;
    ln_vsum sums[4] = {ln_vsum_of(), ln_vsum_of(), ln_vsum_of(), ln_vsum_of()};
    for (uint32_t k = 0; k + 1 < cols; k += 2) {
        ln_vaffine_4(sums, w, at, block, ln_vset(ln_two(x + k)), bytes);
        at += 2 * LN_LANES;
    }
    if (cols % 2 != 0) {
        ln_vaffine_4(sums, w, at, block, ln_last(x, cols), bytes);
    }
    ln_affine_block(y, acc, ln_vsum_all(sums[0]), s);
    ln_affine_block(y + LN_LANES, acc + LN_LANES, ln_vsum_all(sums[1]), s + LN_LANES);
    ln_affine_block(y + 2 * LN_LANES, acc + 2 * LN_LANES, ln_vsum_all(sums[2]), s + 2 * LN_LANES);
    ln_affine_block(y + 3 * LN_LANES, acc + 3 * LN_LANES, ln_vsum_all(sums[3]), s + 3 * LN_LANES);
}

/* As many rows as there are, of a block. */
LN_FN void ln_affine_rest(int32_t *y, const int32_t *acc, ln_v32 product, uint32_t rows)
{
    int32_t products[LN_LANES];
    ln_vstore32(products, product);
    for (uint32_t r = 0; r < rows; r++) {
        y[r] = ln_add(ln_ld32(acc + r), products[r]);
    }
}

LN_FN void ln_affine_blocks(int32_t *y, const int32_t *acc, const int16_t *x, const void *w, const int32_t *s, uint32_t rows, uint32_t cols, uint32_t bytes)
{
    const uint32_t row = cols + cols % 2;
    uint32_t r = 0;
    for (; r + 4 * LN_LANES <= rows; r += 4 * LN_LANES) {
        ln_affine_4(y + r, acc + r, x, w, r * row, s + r, cols, bytes);
    }
    for (; r + LN_LANES <= rows; r += LN_LANES) {
        ln_vstore32(y + r, ln_vload32(acc + r) + ln_vaffine(x, w, r * row, s + r, cols, bytes));
    }
    if (rows % LN_LANES != 0) {
        ln_affine_rest(y + r, acc + r, ln_vaffine(x, w, r * row, s + r, cols, bytes), rows % LN_LANES);
    }
}

/* layout pairs: w, s */
LN_FN void ln_affine_lanes(int32_t *y, const int32_t *acc, const int16_t *x, const int16_t *w, const int32_t *s, ln_size rows, ln_size cols)
{
    ln_affine_blocks(y, acc, x, w, s, rows, cols, 2);
}

/* layout pairs: w, s */
LN_FN void ln_affine_w8_lanes(int32_t *y, const int32_t *acc, const int16_t *x, const int8_t *w, const int32_t *s, ln_size rows, ln_size cols)
{
    ln_affine_blocks(y, acc, x, w, s, rows, cols, 1);
}
