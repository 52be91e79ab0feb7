/* Words of the vector extension 1.0 of RISC-V, for vectors of any length. Elsewhere the same words are plain C.
 *
 * Groups of registers are small enough that none has to be spilled. */
#ifndef LN_SIMD_RVV_H
#define LN_SIMD_RVV_H

#include "scalar.h"

typedef struct {
    int32_t low;
    int32_t top;
    int32_t shift;
} ln_place;

#if defined(__riscv_vector) && defined(__riscv_v_intrinsic)
#include <riscv_vector.h>

/* ln_lookup, of results that fit 16 bits */
LN_INLINE vint16m2_t ln_lookup_lanes(const int32_t *nodes, vint32m4_t x, ln_place at, size_t vl)
{
    const int32_t bits = at.shift < LN_FRACTION_BITS ? at.shift : LN_FRACTION_BITS;
    const vint32m4_t inside = __riscv_vmin_vx_i32m4(__riscv_vmax_vx_i32m4(x, at.low, vl), at.top, vl);
    const vuint32m4_t above = __riscv_vreinterpret_v_i32m4_u32m4(__riscv_vsub_vx_i32m4(inside, at.low, vl));
    const vuint32m4_t index = __riscv_vsrl_vx_u32m4(above, (size_t)at.shift, vl);
    const vint32m4_t node = __riscv_vluxei32_v_i32m4(nodes, __riscv_vsll_vx_u32m4(index, 2, vl), vl);
    const vuint32m4_t part = __riscv_vand_vx_u32m4(__riscv_vsrl_vx_u32m4(above, (size_t)(at.shift - bits), vl), ((uint32_t)1 << bits) - 1, vl);
    const vint16m2_t fraction = __riscv_vreinterpret_v_u16m2_i16m2(__riscv_vncvt_x_x_w_u16m2(part, vl));
    const vint32m4_t rise = __riscv_vwmul_vv_i32m4(__riscv_vncvt_x_x_w_i16m2(node, vl), fraction, vl);
    const vint16m2_t more = __riscv_vnsra_wx_i16m2(rise, (size_t)bits, vl);
    return __riscv_vadd_vv_i16m2(__riscv_vnsra_wx_i16m2(node, 16, vl), more, vl);
}

LN_INLINE void ln_look_up_all(int16_t *y, const void *x, const int32_t *nodes, ln_place at, ln_size n, int bytes)
{
    for (size_t i = 0, vl; i < n; i += vl) {
        vl = __riscv_vsetvl_e32m4((size_t)n - i);
        const vint32m4_t input = bytes == 4 ? __riscv_vle32_v_i32m4((const int32_t *)x + i, vl)
                                            : __riscv_vsext_vf2_i32m4(__riscv_vle16_v_i16m2((const int16_t *)x + i, vl), vl);
        __riscv_vse16_v_i16m2(y + i, ln_lookup_lanes(nodes, input, at, vl), vl);
    }
}

/* Adds the next count synapses to a pair; VSMUL rounds w f / 2^15. */
LN_INLINE void ln_add_synapse_lanes(int32_t *pair, const int16_t *v, const int32_t *b, const int16_t *a, const int16_t *w, const int16_t *e, const uint16_t *src, const int32_t *nodes, ln_place at, size_t count)
{
    vint32m1_t numerator = __riscv_vmv_v_x_i32m1(pair[0], 1);
    vint32m1_t denominator = __riscv_vmv_v_x_i32m1(pair[1], 1);
    for (size_t k = 0, vl; k < count; k += vl) {
        vl = __riscv_vsetvl_e32m4(count - k);
        const vuint16m2_t places = __riscv_vsll_vx_u16m2(__riscv_vle16_v_u16m2(src + k, vl), 1, vl);
        const vint16m2_t source = __riscv_vluxei16_v_i16m2(v, places, vl);
        const vint32m4_t offset = __riscv_vle32_v_i32m4(b + k, vl);
        const vint32m4_t argument = __riscv_vwmacc_vv_i32m4(offset, __riscv_vle16_v_i16m2(a + k, vl), source, vl);
        const vint16m2_t f = ln_lookup_lanes(nodes, argument, at, vl);
        const vint16m2_t g = __riscv_vsmul_vv_i16m2(f, __riscv_vle16_v_i16m2(w + k, vl), __RISCV_VXRM_RNU, vl);
        const vint32m4_t current = __riscv_vwmul_vv_i32m4(g, __riscv_vle16_v_i16m2(e + k, vl), vl);
        numerator = __riscv_vredsum_vs_i32m4_i32m1(current, numerator, vl);
        denominator = __riscv_vwredsum_vs_i16m2_i32m1(g, denominator, vl);
    }
    pair[0] = __riscv_vmv_x_s_i32m1_i32(numerator);
    pair[1] = __riscv_vmv_x_s_i32m1_i32(denominator);
}

/* Dividends and divisors as ln_div has them. */
LN_INLINE void ln_mean_lanes_of(int16_t *y, const int32_t *pair, const int16_t *z, const uint16_t *p, ln_size n)
{
    for (size_t j = 0, vl; j < n; j += vl) {
        vl = __riscv_vsetvl_e32m4((size_t)n - j);
        const vint32m4x2_t sums = __riscv_vlseg2e32_v_i32m4x2(pair + 2 * j, vl);
        const vuint16m2_t weight = __riscv_vle16_v_u16m2(p + j, vl);
        const vint32m4_t top = __riscv_vwmaccsu_vv_i32m4(__riscv_vget_v_i32m4x2_i32m4(sums, 0), __riscv_vle16_v_i16m2(z + j, vl), weight, vl);
        const vuint32m4_t d = __riscv_vwaddu_wv_u32m4(__riscv_vreinterpret_v_i32m4_u32m4(__riscv_vget_v_i32m4x2_i32m4(sums, 1)), weight, vl);
        vuint32m4_t q = __riscv_vadd_vv_u32m4(__riscv_vreinterpret_v_i32m4_u32m4(top), __riscv_vsrl_vx_u32m4(d, 1, vl), vl);
        q = __riscv_vdivu_vv_u32m4(__riscv_vadd_vv_u32m4(q, __riscv_vsll_vx_u32m4(d, 15, vl), vl), d, vl);
        q = __riscv_vxor_vx_u32m4(q, 32768, vl);
        __riscv_vse16_v_i16m2(y + j, __riscv_vreinterpret_v_u16m2_i16m2(__riscv_vncvt_x_x_w_u16m2(q, vl)), vl);
    }
}

LN_INLINE void ln_blend_lanes_of(int16_t *y, const int16_t *a, const int16_t *b, const int16_t *t, ln_size n)
{
    for (size_t i = 0, vl; i < n; i += vl) {
        vl = __riscv_vsetvl_e16m2((size_t)n - i);
        const vint16m2_t from = __riscv_vle16_v_i16m2(a + i, vl);
        const vint32m4_t gate = __riscv_vsext_vf2_i32m4(__riscv_vle16_v_i16m2(t + i, vl), vl);
        const vint32m4_t all = __riscv_vmul_vv_i32m4(__riscv_vwsub_vv_i32m4(__riscv_vle16_v_i16m2(b + i, vl), from, vl), gate, vl);
        const vint32m4_t way = __riscv_vssra_vx_i32m4(all, 15, __RISCV_VXRM_RNU, vl);
        __riscv_vse16_v_i16m2(y + i, __riscv_vncvt_x_x_w_i16m2(__riscv_vwadd_wv_i32m4(way, from, vl), vl), vl);
    }
}
#else
LN_FN int32_t ln_add(int32_t a, int32_t b);
LN_FN int32_t ln_mul(int32_t a, int32_t b);
LN_FN int32_t ln_mac(int32_t acc, int32_t a, int32_t b);
LN_FN int32_t ln_rshift(int32_t x, int32_t shift);
LN_FN int16_t ln_narrow(int32_t x);
LN_FN int16_t ln_div(int32_t n, int32_t d);
LN_FN int32_t ln_lookup(const LN_ROM int32_t *nodes, int32_t x, int32_t low, int32_t top, int32_t shift);

LN_FN void ln_look_up_all(int16_t *y, const void *x, const int32_t *nodes, ln_place at, ln_size n, int bytes)
{
    for (ln_size i = 0; i < n; i++) {
        const int32_t input = bytes == 4 ? ((const int32_t *)x)[i] : ((const int16_t *)x)[i];
        y[i] = ln_narrow(ln_lookup(nodes, input, at.low, at.top, at.shift));
    }
}

LN_FN void ln_add_synapse_lanes(int32_t *pair, const int16_t *v, const int32_t *b, const int16_t *a, const int16_t *w, const int16_t *e, const uint16_t *src, const int32_t *nodes, ln_place at, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        const int32_t f = ln_lookup(nodes, ln_mac(b[k], a[k], v[src[k]]), at.low, at.top, at.shift);
        const int32_t g = ln_rshift(ln_mul(w[k], f), 15);
        pair[0] = ln_mac(pair[0], g, e[k]);
        pair[1] = ln_add(pair[1], g);
    }
}

LN_FN void ln_mean_lanes_of(int16_t *y, const int32_t *pair, const int16_t *z, const uint16_t *p, ln_size n)
{
    for (uint32_t j = 0; j < n; j++) {
        y[j] = ln_div(ln_mac(pair[2 * j], p[j], z[j]), ln_add(pair[2 * j + 1], p[j]));
    }
}

LN_FN void ln_blend_lanes_of(int16_t *y, const int16_t *a, const int16_t *b, const int16_t *t, ln_size n)
{
    for (uint32_t i = 0; i < n; i++) {
        y[i] = ln_narrow(ln_add(a[i], ln_rshift(ln_mul(b[i] - a[i], t[i]), 15)));
    }
}
#endif

#include "rvv.rows.h"

#endif
