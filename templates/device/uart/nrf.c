/* The UART without DMA of nRF51, which nRF52 has too. "nRF51 Series Reference Manual" 3.0, 29; the pins are the board's. */
#include "board.h"
#include "uart.h"

enum { STARTRX = 0x000, STARTTX = 0x008, RXDRDY = 0x108, TXDRDY = 0x11C, ENABLE = 0x500, RXD = 0x518, TXD = 0x51C };
enum { BAUDRATE = 0x524, ENABLED = 4 };

/* Baud · 2^32 / 16 MHz, of which the lower 12 bits are not there. */
#define RATE (uint32_t)((((uint64_t)BOARD_BAUD << 32) / BOARD_CLOCK + 0x800u) & 0xFFFFF000u)

void uart_open(void)
{
    board_setup();
    BOARD_WORD(BOARD_UART + BAUDRATE) = RATE;
    BOARD_WORD(BOARD_UART + ENABLE) = ENABLED;
    BOARD_WORD(BOARD_UART + STARTRX) = 1;
    BOARD_WORD(BOARD_UART + STARTTX) = 1;
}

uint8_t uart_get(void)
{
    while (BOARD_WORD(BOARD_UART + RXDRDY) == 0) {
    }
    BOARD_WORD(BOARD_UART + RXDRDY) = 0;
    return (uint8_t)BOARD_WORD(BOARD_UART + RXD);
}

/* The event tells that a byte has left, so it is waited for behind each, not before. */
void uart_put(uint8_t byte)
{
    BOARD_WORD(BOARD_UART + TXDRDY) = 0;
    BOARD_WORD(BOARD_UART + TXD) = byte;
    while (BOARD_WORD(BOARD_UART + TXDRDY) == 0) {
    }
}
