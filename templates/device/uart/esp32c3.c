/* The UART of ESP32-C3 as its boot ROM leaves it: clock, pins and baud rate are those of the boot messages. "ESP32-C3
 * Technical Reference Manual" 1.1, 26.5. */
#include "board.h"
#include "uart.h"

enum { FIFO = 0x00, STATUS = 0x1C, FIFO_BYTES = 128, RX_COUNT = 0x3FF, TX_COUNT_SHIFT = 16, TX_COUNT = 0x3FF };

void uart_open(void)
{
    board_setup();
}

uint8_t uart_get(void)
{
    while ((BOARD_WORD(BOARD_UART + STATUS) & RX_COUNT) == 0) {
    }
    return (uint8_t)BOARD_WORD(BOARD_UART + FIFO);
}

void uart_put(uint8_t byte)
{
    while ((BOARD_WORD(BOARD_UART + STATUS) >> TX_COUNT_SHIFT & TX_COUNT) >= FIFO_BYTES - 1) {
    }
    BOARD_WORD(BOARD_UART + FIFO) = byte;
}
