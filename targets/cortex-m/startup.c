/* Start-up for an emulated Cortex-M: vectors, .data and .bss, then main; a fault ends the run. No libc. */
#include <stdint.h>
#include "port.h"

extern uint32_t _data_load[], _data_start[], _data_end[], _bss_start[], _bss_end[], _stack_top[];
extern int main(void);

enum { STATUS_FAULT = 99, VECTORS = 16 };

static void on_reset(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    /* CPACR: the compiler may use FPU or MVE registers, even to copy memory, so they are switched on before anything else. */
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20;
    __asm volatile("dsb\n isb" ::: "memory");
#endif
    const uint32_t *from = _data_load;
    for (uint32_t *to = _data_start; to < _data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = _bss_start; to < _bss_end; to++) {
        *to = 0;
    }
    port_exit(main());
}

static void on_fault(void)
{
    port_exit(STATUS_FAULT);
}

typedef void (*handler)(void);

/* The first word is the initial stack pointer; the rest are handlers, which end the run, whatever happened. */
static const union {
    handler call;
    const void *pointer;
} vectors[VECTORS] __attribute__((used, section(".vectors"))) = {
    {.pointer = _stack_top},
    {.call = on_reset},
    {.call = on_fault}, {.call = on_fault}, {.call = on_fault}, {.call = on_fault}, {.call = on_fault},
    {.call = on_fault}, {.call = on_fault}, {.call = on_fault}, {.call = on_fault}, {.call = on_fault},
    {.call = on_fault}, {.call = on_fault}, {.call = on_fault}, {.call = on_fault},
};
