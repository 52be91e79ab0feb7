/* blend, four elements at a time. y MAY be any of the inputs. */

LN_FN void ln_blend_mve(int16_t *y, const int16_t *a, const int16_t *b, const int16_t *t, ln_size n)
{
    ln_blend_all_mve(y, a, b, t, n);
}
