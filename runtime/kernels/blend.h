/* blend: y = a + t (b - a), with t in Q0.15 and not negative; y lies between a and b. y MAY be any of the inputs. */

LN_FN void ln_blend(int16_t *y, const int16_t *a, const int16_t *b, const int16_t *t, ln_size n)
{
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_add(a[i], ln_rshift(ln_mul(ln_sub(b[i], a[i]), t[i]), 15)));
    }
}
