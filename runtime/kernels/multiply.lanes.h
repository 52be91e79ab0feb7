/* multiply, LN_LANES elements at a time. */

LN_FN ln_v32 ln_vmultiply(const int16_t *a, const int16_t *b, int32_t shift)
{
    return ln_vrshift(ln_vload16(a) * ln_vload16(b), shift);
}

/* The last lanes overlap those before; they are read first, as y may be an input. */
LN_FN void ln_multiply_lanes(int16_t *y, const int16_t *a, const int16_t *b, int32_t shift, ln_size n)
{
    if (n < LN_LANES) {
        ln_multiply(y, a, b, shift, n);
        return;
    }
    const uint32_t end = n - LN_LANES;
    const ln_v32 last = ln_vmultiply(a + end, b + end, shift);
    for (uint32_t i = 0; i < end; i += LN_LANES) {
        ln_vstore16(y + i, ln_vmultiply(a + i, b + i, shift));
    }
    ln_vstore16(y + end, last);
}
