/* The USART of STM32F1, F2, F4 and L1: one data register for both directions. RM0390 (STM32F446), 25.6. */
#include "board.h"
#include "uart.h"

enum { SR = 0x00, DR = 0x04, BRR = 0x08, CR1 = 0x0C };
enum { RXNE = 1 << 5, TXE = 1 << 7, RE = 1 << 2, TE = 1 << 3, UE = 1 << 13 };

void uart_open(void)
{
    board_setup();
    BOARD_WORD(BOARD_UART + BRR) = (BOARD_CLOCK + BOARD_BAUD / 2) / BOARD_BAUD;
    BOARD_WORD(BOARD_UART + CR1) = UE | TE | RE;
}

/* To read SR and then DR also clears an overrun. */
uint8_t uart_get(void)
{
    while ((BOARD_WORD(BOARD_UART + SR) & RXNE) == 0) {
    }
    return (uint8_t)BOARD_WORD(BOARD_UART + DR);
}

void uart_put(uint8_t byte)
{
    while ((BOARD_WORD(BOARD_UART + SR) & TXE) == 0) {
    }
    BOARD_WORD(BOARD_UART + DR) = byte;
}
