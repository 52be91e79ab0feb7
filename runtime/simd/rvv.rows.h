/* Rows of a matrix for rvv.h, one in each lane. */
#ifndef LN_SIMD_RVV_ROWS_H
#define LN_SIMD_RVV_ROWS_H

#if defined(__riscv_vector) && defined(__riscv_v_intrinsic)
/* Rows of a column of weights. */
LN_INLINE vint16m4_t ln_column(const void *w, size_t at, size_t vl, int bytes)
{
    return bytes == 2 ? __riscv_vle16_v_i16m4((const int16_t *)w + at, vl)
                      : __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2((const int8_t *)w + at, vl), vl);
}

/* y = acc + (w x) >> s, a row in each lane; w lies column after column. There is at least one. */
LN_INLINE void ln_affine_columns(int32_t *y, const int32_t *acc, const int16_t *x, const void *w, const uint8_t *s, ln_size rows, ln_size cols, int bytes)
{
    for (size_t r = 0, vl; r < rows; r += vl) {
        vl = __riscv_vsetvl_e16m4((size_t)rows - r);
        vint32m8_t sum = __riscv_vwmul_vx_i32m8(ln_column(w, r, vl, bytes), x[0], vl);
        for (size_t k = 1; k < cols; k++) {
            sum = __riscv_vwmacc_vx_i32m8(sum, x[k], ln_column(w, k * rows + r, vl, bytes), vl);
        }
        __asm__ volatile("" : : : "memory"); /* what is loaded below is so not before: it would not fit the registers */
        const vuint32m8_t shift = __riscv_vzext_vf4_u32m8(__riscv_vle8_v_u8m2(s + r, vl), vl);
        sum = __riscv_vssra_vv_i32m8(sum, shift, __RISCV_VXRM_RNU, vl);
        __riscv_vse32_v_i32m8(y + r, __riscv_vadd_vv_i32m8(sum, __riscv_vle32_v_i32m8(acc + r, vl), vl), vl);
    }
}
#else
LN_FN void ln_affine_columns(int32_t *y, const int32_t *acc, const int16_t *x, const void *w, const uint8_t *s, ln_size rows, ln_size cols, int bytes)
{
    for (uint32_t r = 0; r < rows; r++) {
        int32_t sum = 0;
        for (uint32_t k = 0; k < cols; k++) {
            const uint32_t at = k * rows + r;
            sum = ln_mac(sum, bytes == 2 ? ((const int16_t *)w)[at] : ((const int8_t *)w)[at], x[k]);
        }
        y[r] = ln_add(acc[r], ln_rshift(sum, s[r]));
    }
}
#endif

#endif
