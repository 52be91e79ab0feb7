/* Start-up for an emulated RV32 core: stack, traps, units, .data and .bss, then main; a trap ends the run. */
#include <stdint.h>
#include "port.h"

extern uint32_t _data_load[], _data_start[], _data_end[], _bss_start[], _bss_end[];
extern int main(void);
void on_trap(void);
void start(void);

enum { STATUS_FAULT = 99 };

/* What the compiler may use has to be on: instructions of a unit that is off are illegal, vectors of floats with either. */
#ifdef __riscv_vector
#define UNITS "li t0, 0x2200\ncsrs mstatus, t0\n" /* mstatus.FS = initial, mstatus.VS = initial */
#else
#define UNITS ""
#endif

__asm(".section .vectors, \"ax\"\n"
      ".global on_reset\n"
      ".type on_reset, %function\n"
      "on_reset:\n"
      ".option push\n"
      ".option arch, +zicsr\n"
      "la sp, _stack_top\n"
      "la t0, on_trap\n"
      "csrw mtvec, t0\n" UNITS "call start\n"
      ".option pop\n"
      ".size on_reset, . - on_reset\n"
      ".text\n");

void start(void)
{
    const uint32_t *from = _data_load;
    for (uint32_t *to = _data_start; to < _data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = _bss_start; to < _bss_end; to++) {
        *to = 0;
    }
    port_exit(main());
}

/* mtvec holds an address that is a multiple of four. */
__attribute__((aligned(4))) void on_trap(void)
{
    port_exit(STATUS_FAULT);
}
