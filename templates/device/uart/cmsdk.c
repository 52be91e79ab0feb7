/* The UART of Arm's CMSDK, as on MPS2 and MPS3. "Cortex-M System Design Kit Technical Reference Manual" (DDI 0479), 4.3. */
#include "board.h"
#include "uart.h"

enum { DATA = 0x00, STATE = 0x04, CTRL = 0x08, BAUDDIV = 0x10 };
enum { TX_FULL = 1, RX_FULL = 2, TX_AND_RX = 3 };

void uart_open(void)
{
    board_setup();
    BOARD_WORD(BOARD_UART + BAUDDIV) = (BOARD_CLOCK + BOARD_BAUD / 2) / BOARD_BAUD;
    BOARD_WORD(BOARD_UART + CTRL) = TX_AND_RX;
}

uint8_t uart_get(void)
{
    while ((BOARD_WORD(BOARD_UART + STATE) & RX_FULL) == 0) {
    }
    return (uint8_t)BOARD_WORD(BOARD_UART + DATA);
}

void uart_put(uint8_t byte)
{
    while ((BOARD_WORD(BOARD_UART + STATE) & TX_FULL) != 0) {
    }
    BOARD_WORD(BOARD_UART + DATA) = byte;
}
