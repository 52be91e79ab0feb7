/* requantise, LN_LANES elements at a time. */

LN_FN void ln_requantise_lanes(int16_t *y, const int32_t *x, int32_t shift, ln_size n)
{
    if (n < LN_LANES) {
        ln_requantise(y, x, shift, n);
        return;
    }
    for (uint32_t i = 0; i < n; i += LN_LANES) {
        const uint32_t at = ln_vat(i, n);
        ln_vstore16(y + at, ln_vrshift(ln_vload32(x + at), shift));
    }
}
