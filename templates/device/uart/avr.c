/* USART0 of ATmegas, at double speed, as Arduino's Serial has it. ATmega328P data sheet (DS40002061), 20.11. */
#include "board.h"
#include "uart.h"

#define UART_BYTE(offset) (*(volatile uint8_t *)(BOARD_UART + (offset)))

enum { UCSRA = 0, UCSRB = 1, UCSRC = 2, UBRRL = 4, UBRRH = 5, UDR = 6 };
enum { RXC = 1 << 7, UDRE = 1 << 5, U2X = 1 << 1, RXEN_TXEN = 0x18, EIGHT_BITS = 0x06 };

#define DIVISOR ((BOARD_CLOCK / 8u + BOARD_BAUD / 2) / BOARD_BAUD - 1u)

void uart_open(void)
{
    board_setup();
    UART_BYTE(UBRRH) = (uint8_t)(DIVISOR >> 8);
    UART_BYTE(UBRRL) = (uint8_t)(DIVISOR & 0xFFu);
    UART_BYTE(UCSRA) = U2X;
    UART_BYTE(UCSRC) = EIGHT_BITS;
    UART_BYTE(UCSRB) = RXEN_TXEN;
}

uint8_t uart_get(void)
{
    while ((UART_BYTE(UCSRA) & RXC) == 0) {
    }
    return UART_BYTE(UDR);
}

void uart_put(uint8_t byte)
{
    while ((UART_BYTE(UCSRA) & UDRE) == 0) {
    }
    UART_BYTE(UDR) = byte;
}
