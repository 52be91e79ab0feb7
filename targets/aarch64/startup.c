/* Start-up for a process of its own: the loader has placed code, data and the stack. No libc. */
#include "port.h"

extern int main(void);
void start(void);

__asm(".section .text.on_reset, \"ax\"\n"
      ".global on_reset\n"
      ".type on_reset, %function\n"
      "on_reset:\n"
      "bl start\n"
      ".size on_reset, . - on_reset\n"
      ".text\n");

void start(void)
{
    port_exit(main());
}
