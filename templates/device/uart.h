/* The line that frames go over. templates/device/uart/<kind>.c gives it for one kind of UART, 8 data bits, no parity, one
 * stop bit; where it lies, and what must be set up before, is the board's (board.h). */
#ifndef LNN_UART_H
#define LNN_UART_H

#include <stdint.h>

/* Once, before the others. */
void uart_open(void);

/* Waits for a byte. */
uint8_t uart_get(void);

/* Waits until there is room for it. */
void uart_put(uint8_t byte);

#endif
