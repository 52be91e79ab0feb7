/* Numbers for lanes.h: clipped, shifted, counted, divided, looked up. */
#ifndef LN_SIMD_LANES_VALUES_H
#define LN_SIMD_LANES_VALUES_H

/* 1 in each lane that is not the same in both, else 0. */
LN_FN ln_v32 ln_vdiffer(ln_v32 a, ln_v32 b)
{
    return (a != b) & ln_vset(1);
}

/* Adds a number of each lane to its count. */
LN_FN void ln_vcount(uint32_t *counts, ln_v32 more)
{
    ln_vu32 sum;
    __builtin_memcpy(&sum, counts, sizeof sum);
    sum += (ln_vu32)more;
    __builtin_memcpy(counts, &sum, sizeof sum);
}

/* What was clipped, in the counts of all and in those of its kind. */
LN_FN void ln_vcount_both(uint32_t *all, uint32_t *kind, ln_v32 more)
{
    ln_vcount(all, more);
    ln_vcount(kind, more);
}

LN_FN ln_v32 ln_vclip(ln_v32 x, int32_t low, int32_t high)
{
    return ln_vmin(ln_vmax(x, ln_vset(low)), ln_vset(high));
}

/* Rounds half up. 0 <= shift <= 30, in every lane or in one for all. */
LN_FN ln_v32 ln_vrshift_by(ln_v32 x, ln_v32 shift)
{
    return (ln_v32)((ln_vu32)x + (ln_vu32)((ln_vset(1) << shift) >> 1)) >> shift;
}

LN_FN ln_v32 ln_vrshift(ln_v32 x, int32_t shift)
{
    return (ln_v32)((ln_vu32)x + (ln_vu32)ln_vset(((int32_t)1 << shift) >> 1)) >> shift;
}

/* The lower int16 of w times x. 0 <= x < 32768. */
LN_FN ln_v32 ln_vscale(ln_v32 w, ln_v32 x)
{
    return ln_vdot(ln_vset(0), w, x);
}

#ifndef LN_OWN_NODES
/* The nodes at - first, of count. */
LN_FN ln_v32 ln_vnodes(const int32_t *nodes, ln_v32 at, int32_t first, int32_t count)
{
    (void)count;
    return ln_vgather(nodes - first, at);
}

/* The values at - first, of count. */
LN_FN ln_v32 ln_vvalues(const int16_t *values, ln_v32 at, int32_t first, int32_t count)
{
    ln_v32 found = {0};
    (void)count;
    for (int i = 0; i < LN_LANES; i++) {
        found[i] = values[at[i] - first];
    }
    return found;
}
#endif

/* ln_lookup */
LN_FN ln_v32 ln_vlookup(const int32_t *nodes, ln_v32 x, int32_t low, int32_t top, int32_t shift)
{
    const int32_t bits = shift < LN_FRACTION_BITS ? shift : LN_FRACTION_BITS;
    const ln_v32 inside = ln_vclip(x, low, top);
    const ln_v32 node = ln_vnodes(nodes, inside >> shift, low >> shift, (top >> shift) - (low >> shift) + 1);
    const ln_v32 fraction = (inside >> (shift - bits)) & ln_vset(((int32_t)1 << bits) - 1);
    return (node >> 16) + (ln_vscale(node, fraction) >> bits);
}

/* ln_direct */
LN_FN ln_v32 ln_vdirect(const int16_t *values, ln_v32 x, int32_t low, int32_t top, int32_t shift)
{
    return ln_vvalues(values, ln_vclip(x, low, top) >> shift, low >> shift, (top >> shift) - (low >> shift) + 1);
}

/* ln_read */
LN_INLINE ln_v32 ln_vread(const void *table, ln_v32 x, int32_t low, int32_t top, int32_t shift, int direct)
{
    return direct != 0 ? ln_vdirect((const int16_t *)table, x, low, top, shift) : ln_vlookup((const int32_t *)table, x, low, top, shift);
}

/* ln_div, by a float quotient that is at most 1 off: its error is below 2^-8, in any rounding mode. 0 / 0 is any number. */
LN_FN ln_v32 ln_vdiv(ln_v32 n, ln_v32 d)
{
    const ln_vfloat quotient = __builtin_convertvector(n, ln_vfloat) / __builtin_convertvector(d, ln_vfloat);
    const ln_v32 q = __builtin_convertvector(quotient, ln_v32);
    const ln_v32 rest = (ln_v32)((ln_vu32)n + (ln_vu32)(d >> 1) - (ln_vu32)q * (ln_vu32)d);
    return q + (rest < 0) - (rest >= d);
}

#endif
