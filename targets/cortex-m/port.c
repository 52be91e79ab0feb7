/* A Cortex-M calls its host by a breakpoint. */
#include "semihosting.h"

static int32_t call_host(uintptr_t operation, const uintptr_t *arguments)
{
    register uintptr_t r0 __asm("r0") = operation;
    register const uintptr_t *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}
