/* A serial line for tests on this machine: bytes that were put in memory, and room for those that are sent. */
#include "uart.h"

const uint8_t *coming;
uint8_t *sent;

uint8_t uart_get(void)
{
    return *coming++;
}

void uart_put(uint8_t byte)
{
    *sent++ = byte;
}
