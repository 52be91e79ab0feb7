/* Runs AVR firmware in simavr with its first serial line on a pseudo-terminal: serve MCU FLASH.
 *
 * FLASH is the image of flash memory. The first line printed is the path of the terminal; it ends when the firmware crashes,
 * which gives status 99, or when it is killed. Whoever opens the terminal must set it raw. */
#define _XOPEN_SOURCE 600
#include <fcntl.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_io.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

enum { CLOCK = 16000000, FAULT = 99, USAGE = 98, TURN = 256 };

static int terminal = -1;
static int full; /* the line takes no byte now */

static void on_output(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq, (void)unused;
    const uint8_t byte = (uint8_t)value;
    if (write(terminal, &byte, 1) != 1) {
        /* nobody reads: a serial line drops it too */
    }
}

static void on_flow(struct avr_irq_t *irq, uint32_t value, void *stops)
{
    (void)irq, (void)value;
    full = stops != NULL;
}

static void quiet(struct avr_t *avr, const int level, const char *format, va_list arguments)
{
    (void)avr, (void)level, (void)format, (void)arguments;
}

static avr_t *machine(const char *name, const char *path)
{
    static uint8_t flash[1 << 18];
    FILE *file = fopen(path, "rb");
    avr_t *avr = avr_make_mcu_by_name(name);
    if (avr == NULL || file == NULL) {
        return NULL;
    }
    avr_init(avr);
    avr->frequency = CLOCK;
    avr_loadcode(avr, flash, (uint32_t)fread(flash, 1, sizeof flash, file), 0);
    return avr;
}

/* A raw terminal, whose other end stays open here, so that it outlives whoever opens it. */
static const char *open_terminal(void)
{
    struct termios raw;
    terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
        return NULL;
    }
    const char *name = ptsname(terminal);
    const int other = open(name, O_RDWR | O_NOCTTY);
    if (other < 0 || tcgetattr(other, &raw) != 0) {
        return NULL;
    }
    raw.c_iflag = raw.c_oflag = raw.c_lflag = 0;
    raw.c_cc[VMIN] = 1;
    if (tcsetattr(other, TCSANOW, &raw) != 0 || fcntl(terminal, F_SETFL, O_NONBLOCK) != 0) {
        return NULL;
    }
    return name;
}

/* The poll flag alone: simavr sleeps while the firmware asks for a byte that is not there, and prints nothing itself. */
static avr_irq_t *connect(avr_t *avr)
{
    uint32_t flags = AVR_UART_FLAG_POLL_SLEEP;
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_t *output = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT);
    avr_irq_t *on = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON);
    avr_irq_t *off = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF);
    if (output == NULL || on == NULL || off == NULL) {
        return NULL;
    }
    avr_irq_register_notify(output, on_output, NULL);
    avr_irq_register_notify(on, on_flow, NULL);
    avr_irq_register_notify(off, on_flow, &full);
    return avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
}

int main(int count, char **words)
{
    avr_global_logger_set(quiet);
    avr_t *avr = count == 3 ? machine(words[1], words[2]) : NULL;
    avr_irq_t *input = avr == NULL ? NULL : connect(avr);
    const char *name = open_terminal();
    if (input == NULL || name == NULL) {
        return USAGE;
    }
    printf("%s\n", name);
    fflush(stdout);
    for (;;) {
        uint8_t byte;
        while (!full && read(terminal, &byte, 1) == 1) {
            avr_raise_irq(input, byte);
        }
        for (int turn = 0; turn < TURN; turn++) {
            const int state = avr_run(avr);
            if (state == cpu_Crashed || state == cpu_Done) {
                return FAULT;
            }
        }
    }
}
