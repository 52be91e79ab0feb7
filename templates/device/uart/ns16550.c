/* A 16550 with a register a byte, as on QEMU's virt. National Semiconductor, "PC16550D", 8.0. */
#include "board.h"
#include "uart.h"

#define UART_BYTE(offset) (*(volatile uint8_t *)(BOARD_UART + (offset)))

enum { DATA = 0, DLL = 0, DLM = 1, FCR = 2, LCR = 3, LSR = 5 };
enum { DIVISOR_LATCH = 0x80, EIGHT_BITS = 0x03, FIFOS = 0x07, DATA_READY = 1 << 0, TX_EMPTY = 1 << 5 };

#define DIVISOR ((BOARD_CLOCK / 16u + BOARD_BAUD / 2) / BOARD_BAUD)

void uart_open(void)
{
    board_setup();
    UART_BYTE(LCR) = DIVISOR_LATCH;
    UART_BYTE(DLL) = (uint8_t)(DIVISOR & 0xFFu);
    UART_BYTE(DLM) = (uint8_t)(DIVISOR >> 8);
    UART_BYTE(LCR) = EIGHT_BITS;
    UART_BYTE(FCR) = FIFOS;
}

uint8_t uart_get(void)
{
    while ((UART_BYTE(LSR) & DATA_READY) == 0) {
    }
    return UART_BYTE(DATA);
}

void uart_put(uint8_t byte)
{
    while ((UART_BYTE(LSR) & TX_EMPTY) == 0) {
    }
    UART_BYTE(DATA) = byte;
}
