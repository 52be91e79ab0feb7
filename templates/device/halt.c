/* The end of firmware on a chip of its own, where nobody listens: it stays here, for a debugger to find. */
#include "port.h"

void port_exit(int32_t status)
{
    volatile int32_t kept = status;
    for (;;) {
        (void)kept;
    }
}
