/* Arm's PL011, as on RP2040. "PrimeCell UART (PL011) Technical Reference Manual" (DDI 0183), 3.3. */
#include "board.h"
#include "uart.h"

enum { DR = 0x00, FR = 0x18, IBRD = 0x24, FBRD = 0x28, LCR_H = 0x2C, CR = 0x30 };
enum { RX_EMPTY = 1 << 4, TX_FULL = 1 << 5, EIGHT_BITS_FIFO = 0x70, UART_TX_RX = 0x301 };

/* The divisor in 64ths. LCR_H is written last: it takes the other two over. */
#define DIVISOR ((BOARD_CLOCK * 4u + BOARD_BAUD / 2) / BOARD_BAUD)

void uart_open(void)
{
    board_setup();
    BOARD_WORD(BOARD_UART + IBRD) = DIVISOR >> 6;
    BOARD_WORD(BOARD_UART + FBRD) = DIVISOR & 63u;
    BOARD_WORD(BOARD_UART + LCR_H) = EIGHT_BITS_FIFO;
    BOARD_WORD(BOARD_UART + CR) = UART_TX_RX;
}

uint8_t uart_get(void)
{
    while ((BOARD_WORD(BOARD_UART + FR) & RX_EMPTY) != 0) {
    }
    return (uint8_t)BOARD_WORD(BOARD_UART + DR);
}

void uart_put(uint8_t byte)
{
    while ((BOARD_WORD(BOARD_UART + FR) & TX_FULL) != 0) {
    }
    BOARD_WORD(BOARD_UART + DR) = byte;
}
