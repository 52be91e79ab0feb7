/* A board with an AVR and a serial port, for as long as it is not told to end: board MCU HZ IMAGE ADDRESS, IMAGE being what
 * lies in flash at ADDRESS, where the core starts. USART0 is a pseudoterminal, whose path is the first line printed. With
 * ADDRESS 0 the firmware is there already. Else IMAGE is a boot loader: then opening the port resets the core, as on an
 * Arduino, and time goes as on the chip, since the boot loader waits for a second. A crash ends it with status 99. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

enum { FAULT = 99, USAGE = 98, SLICE = 512 }; /* instructions between two looks at the line: a byte takes 1389 cycles */

static int line;
static int full; /* the USART takes no byte now */

static void on_output(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq, (void)unused;
    const uint8_t byte = (uint8_t)value;
    if (write(line, &byte, 1) != 1) {
        /* nobody reads: a serial line drops it too */
    }
}

static void on_flow(struct avr_irq_t *irq, uint32_t value, void *stops)
{
    (void)irq, (void)value;
    full = stops != NULL;
}

static avr_t *board(char **words)
{
    const avr_flashaddr_t start = (avr_flashaddr_t)strtoul(words[4], NULL, 10);
    avr_t *avr = machine(words[1], words[3], start);
    if (avr == NULL) {
        return NULL;
    }
    avr->frequency = (uint32_t)strtoul(words[2], NULL, 10);
    avr->reset_pc = avr->pc = start;
    if (start != 0) {
        avr->codeend = avr->flashend;
    }
    return avr;
}

/* Without a boot loader simavr may sleep while the firmware asks for a byte that is not there. It prints nothing itself. */
static int connect(avr_t *avr)
{
    uint32_t flags = avr->reset_pc == 0 ? AVR_UART_FLAG_POLL_SLEEP : 0;
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_t *output = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT);
    avr_irq_t *on = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON);
    avr_irq_t *off = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF);
    if (output == NULL || on == NULL || off == NULL) {
        return -1;
    }
    avr_irq_register_notify(output, on_output, NULL);
    avr_irq_register_notify(on, on_flow, NULL);
    avr_irq_register_notify(off, on_flow, &full);
    return 0;
}

static int terminal(void)
{
    struct termios raw;
    line = posix_openpt(O_RDWR | O_NOCTTY);
    if (line < 0 || grantpt(line) != 0 || unlockpt(line) != 0 || tcgetattr(line, &raw) != 0) {
        return -1;
    }
    cfmakeraw(&raw);
    close(open(ptsname(line), O_RDWR | O_NOCTTY)); /* only what was closed is seen to be opened */
    if (tcsetattr(line, TCSANOW, &raw) != 0 || fcntl(line, F_SETFL, O_NONBLOCK) != 0) {
        return -1;
    }
    printf("%s\n", ptsname(line));
    return fflush(stdout);
}

/* Bytes that came in, to the USART as it can take them; a reset when somebody opens the port of a boot loader. */
static void serve(avr_t *avr)
{
    static int open_before = 0;
    struct pollfd wanted = {.fd = line, .events = POLLIN};
    poll(&wanted, 1, 0);
    const int open_now = (wanted.revents & POLLHUP) == 0;
    if (open_now && !open_before && avr->reset_pc != 0) {
        avr_reset(avr);
        avr_regbit_set(avr, avr->reset_flags.extrf);
    }
    open_before = open_now;
    uint8_t byte;
    while (!full && (wanted.revents & POLLIN) != 0 && read(line, &byte, 1) == 1) {
        avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT), byte);
    }
}

/* Sleep for as long as the core is ahead of its clock; a reset of the core may count its cycles from 0 again. */
static void pace(const avr_t *avr)
{
    static struct timespec start;
    static avr_cycle_count_t before = 0;
    static double done = 0;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (start.tv_sec == 0) {
        start = now;
    }
    done += (double)(avr->cycle >= before ? avr->cycle - before : avr->cycle) / avr->frequency;
    before = avr->cycle;
    const double passed = (double)(now.tv_sec - start.tv_sec) + 1e-9 * (double)(now.tv_nsec - start.tv_nsec);
    if (done - passed > 1e-3) {
        usleep((useconds_t)((done - passed) * 1e6));
    }
}

int main(int count, char **words)
{
    avr_t *avr = count == 5 ? board(words) : NULL;
    if (avr == NULL || connect(avr) != 0 || terminal() != 0) {
        return USAGE;
    }
    for (;;) {
        serve(avr);
        if (avr->reset_pc != 0) {
            pace(avr);
        }
        for (int run = 0; run < SLICE; run++) {
            const int state = avr_run(avr);
            if (state == cpu_Crashed || state == cpu_Done) {
                return FAULT;
            }
        }
    }
}
