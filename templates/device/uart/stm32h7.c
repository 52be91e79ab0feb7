/* The USART of STM32F0, F3, F7, G0, G4, H7, L4 and later: a data register each way. RM0433 (STM32H743), 48.7. */
#include "board.h"
#include "uart.h"

enum { CR1 = 0x00, CR3 = 0x08, BRR = 0x0C, ISR = 0x1C, RDR = 0x24, TDR = 0x28 };
enum { UE = 1 << 0, RE = 1 << 2, TE = 1 << 3, OVRDIS = 1 << 12, RXNE = 1 << 5, TXE = 1 << 7 };

void uart_open(void)
{
    board_setup();
    BOARD_WORD(BOARD_UART + BRR) = (BOARD_CLOCK + BOARD_BAUD / 2) / BOARD_BAUD;
    BOARD_WORD(BOARD_UART + CR3) = OVRDIS;
    BOARD_WORD(BOARD_UART + CR1) = UE | TE | RE;
}

uint8_t uart_get(void)
{
    while ((BOARD_WORD(BOARD_UART + ISR) & RXNE) == 0) {
    }
    return (uint8_t)BOARD_WORD(BOARD_UART + RDR);
}

void uart_put(uint8_t byte)
{
    while ((BOARD_WORD(BOARD_UART + ISR) & TXE) == 0) {
    }
    BOARD_WORD(BOARD_UART + TDR) = byte;
}
