/* blend, as many elements at a time as a vector holds. y MAY be any of the inputs. */

LN_FN void ln_blend_rvv(int16_t *y, const int16_t *a, const int16_t *b, const int16_t *t, ln_size n)
{
    ln_blend_lanes_of(y, a, b, t, n);
}
