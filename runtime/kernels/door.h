/* door: inputs clamped to their declared range; returns how many were outside. */

LN_FN ln_size ln_door(int16_t *y, const int16_t *x, int32_t low, int32_t high, ln_size n)
{
    ln_size changed = 0;
    for (ln_size i = 0; i < n; i++) {
        y[i] = (int16_t)ln_clip(x[i], low, high);
        changed = (ln_size)(changed + (y[i] != x[i]));
    }
    return changed;
}

/* The same for 32 bits. */
LN_FN ln_size ln_door_s32(int32_t *y, const int32_t *x, int32_t low, int32_t high, ln_size n)
{
    ln_size changed = 0;
    for (ln_size i = 0; i < n; i++) {
        y[i] = ln_clip(x[i], low, high);
        changed = (ln_size)(changed + (y[i] != x[i]));
    }
    return changed;
}
