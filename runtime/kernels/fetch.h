/* fetch: n constants into memory where a kernel that reads no constants there can read them. */

LN_FN void ln_fetch(int32_t *y, const LN_ROM int32_t *x, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_ld32(x + i);
    }
}

/* The same for 16 bits. */
LN_FN void ln_fetch_s16(int16_t *y, const LN_ROM int16_t *x, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_ld16(x + i);
    }
}
