#include "toy.h"
#include "lnn/lnn.h"

static const int16_t weights[8][14] = {
    {311, -820, 1405, -77, 2048, -1999, 640, -365, 912, -1280, 77, -15, 1033, -702},
    {-1500, 226, 48, 1930, -611, 870, -204, 1199, -95, 330, -1777, 640, -28, 505},
    {902, 1333, -470, -1088, 59, 717, -1650, 244, 1811, -390, 126, -944, 570, -63},
    {-12, 655, 1720, -345, -1290, 418, 83, -760, 1504, 999, -212, 1660, -888, 37},
    {1111, -505, 290, 876, -1432, -61, 1900, -703, 45, -618, 1277, -340, 199, 808},
    {-730, 1580, -99, 412, 1066, -1845, 350, 21, -967, 1420, -256, 703, -1611, 480},
    {64, -1170, 835, 1502, -290, 973, -41, -1333, 620, -77, 1888, -590, 244, -1015},
    {1700, 38, -640, -215, 777, 1290, -1044, 569, -180, 905, -33, -1466, 1350, 12},
};

/* A table in RAM costs static data, which the tests look for. */
#ifdef TOY_STATIC
static int32_t calls = 7;
#endif

void toy_reset(toy_state *state)
{
    for (int i = 0; i < 8; i++) {
        state->s0[i] = (int16_t)(100 * i);
    }
    state->clipped = 0;
}

/* Rounds half up; the divisor is positive. */
static int32_t divide(int32_t numerator, int32_t divisor)
{
    const int32_t twice = 2 * numerator + divisor;
    const int32_t quotient = twice / (2 * divisor);
    return quotient - (twice % (2 * divisor) < 0 ? 1 : 0);
}

void toy_step(toy_state *state, const int16_t *x0, const int16_t *x1, int16_t *y0)
{
    int16_t all[14];
    int16_t next[8];
    for (int i = 0; i < 6; i++) {
        all[i] = x0[i];
    }
    for (int i = 0; i < 8; i++) {
        all[6 + i] = state->s0[i];
    }
    for (int row = 0; row < 8; row++) {
        int32_t sum = 0;
        for (int i = 0; i < 14; i++) {
            sum += (int32_t)weights[row][i] * all[i];
        }
        const int32_t divisor = 64 + (x1[0] < 0 ? -x1[0] : x1[0]);
        next[row] = ln_sat(divide(sum >> 6, divisor), &state->clipped);
    }
#ifdef TOY_WIDE
    next[0] = (int16_t)(((int64_t)next[0] << 20) / (x1[0] | 1));
#endif
#ifdef TOY_STATIC
    calls++;
    next[0] = (int16_t)calls;
#endif
    for (int i = 0; i < 8; i++) {
        state->s0[i] = next[i];
    }
    for (int i = 0; i < 3; i++) {
        y0[i] = ln_sat(next[i] + next[i + 5], &state->clipped);
    }
}
