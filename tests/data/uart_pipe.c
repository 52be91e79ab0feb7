/* A serial line for tests on this machine: standard input and output. It ends when its other end is closed. */
#include <stdlib.h>
#include <unistd.h>
#include "uart.h"

void uart_open(void)
{
}

uint8_t uart_get(void)
{
    uint8_t byte;
    if (read(0, &byte, 1) != 1) {
        exit(0);
    }
    return byte;
}

void uart_put(uint8_t byte)
{
    if (write(1, &byte, 1) != 1) {
        exit(0);
    }
}
