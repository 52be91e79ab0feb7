/* Start-up for an emulated AVR: zero register, stack, .data and .bss, then main. No libc, no interrupt. */
#include <stdint.h>
#include "port.h"

extern uint8_t _data_load[], _data_start[], _data_end[], _bss_start[], _bss_end[];
extern int main(void);
void start(void);

__asm(".section .vectors, \"ax\", @progbits\n"
      ".global on_reset\n"
      ".type on_reset, @function\n"
      "on_reset:\n"
      "clr r1\n"
      "out 0x3f, r1\n"
      "ldi r28, lo8(_stack_top)\n"
      "ldi r29, hi8(_stack_top)\n"
      "out 0x3e, r29\n"
      "out 0x3d, r28\n"
      "jmp start\n"
      ".size on_reset, . - on_reset\n"
      ".text\n");

void start(void)
{
    const __flash uint8_t *from = (const __flash uint8_t *)(uintptr_t)_data_load;
    for (uint8_t *to = _data_start; to < _data_end; to++) {
        *to = *from++;
    }
    for (uint8_t *to = _bss_start; to < _bss_end; to++) {
        *to = 0;
    }
    port_exit(main());
}
