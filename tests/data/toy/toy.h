/* A small model written by hand, with everything that is hard to count or to link. */
#ifndef TOY_H
#define TOY_H
#include <stdint.h>
#define TOY_X0_LEN 6
#define TOY_X0_FRAC 12
#define TOY_X1_LEN 1
#define TOY_X1_FRAC 8
#define TOY_S0_LEN 8
#define TOY_S0_FRAC 12
#define TOY_Y0_LEN 3
#define TOY_Y0_FRAC 12
typedef struct {
    int16_t s0[8];
    uint32_t clipped;
} toy_state;
void toy_reset(toy_state *state);
void toy_step(toy_state *state, const int16_t *x0, const int16_t *x1, int16_t *y0);
#endif
