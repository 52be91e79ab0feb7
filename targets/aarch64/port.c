/* An AArch64 process calls its host by a halt, which emulators in user mode know too. */
#include "semihosting.h"

static int32_t call_host(uintptr_t operation, const uintptr_t *arguments)
{
    register uintptr_t x0 __asm("x0") = operation;
    register const uintptr_t *x1 __asm("x1") = arguments;
    __asm volatile("hlt 0xf000" : "+r"(x0) : "r"(x1) : "memory");
    return (int32_t)x0;
}
