/* A step of the watch, and before one of them an update: as a radio would hand it over while the device runs. */
#define watch_step watch_step_generated
#include "generated.c"
#undef watch_step

static const uint32_t update[] = {WORDS};

void watch_step(watch_state *s, const int16_t *x0, int16_t *y0)
{
    static uint32_t steps = 0;
    if (steps == BEFORE_STEP && (watch_update(s, update, sizeof update) & (uint16_t)~WATCH_RESTARTED) != 0) {
        for (;;) {
        }
    }
    steps++;
    watch_step_generated(s, x0, y0);
}
