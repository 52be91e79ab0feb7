/* A RISC-V core calls its host by a breakpoint between two shifts that do nothing, none of them compressed, in one page. */
#include "semihosting.h"

static int32_t call_host(uintptr_t operation, const uintptr_t *arguments)
{
    register uintptr_t a0 __asm("a0") = operation;
    register const uintptr_t *a1 __asm("a1") = arguments;
    __asm volatile(".balign 16\n"
                   ".option push\n"
                   ".option norvc\n"
                   "slli zero, zero, 31\n"
                   "ebreak\n"
                   "srai zero, zero, 7\n"
                   ".option pop"
                   : "+r"(a0)
                   : "r"(a1)
                   : "memory");
    return (int32_t)a0;
}
