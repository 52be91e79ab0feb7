/* A board with an AVR, a boot loader and a serial port: board MCU HZ BOOT ADDRESS, BOOT being the image of the boot loader
 * that lies at ADDRESS, where the core starts. USART0 is a pseudoterminal, to which ./uart0 points. As on an Arduino, opening
 * it resets the core. Time goes as on the chip, as the boot loader waits for a second. It runs until it is told to end. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { USAGE = 98, SLICE = 512 }; /* instructions between two looks at the line: a byte takes 1389 cycles at 115200 baud */

static int line;
static int ready = 1; /* the USART can take a byte */

static void on_output(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq, (void)unused;
    const uint8_t byte = (uint8_t)value;
    (void)!write(line, &byte, 1);
}

static void on_ready(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq, (void)value, (void)unused;
    ready = 1;
}

static void on_full(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq, (void)value, (void)unused;
    ready = 0;
}

static void quiet(struct avr_t *avr, const int level, const char *format, va_list arguments)
{
    (void)avr, (void)level, (void)format, (void)arguments;
}

static avr_t *machine(char **words)
{
    static uint8_t boot[1 << 14];
    const int file = open(words[3], O_RDONLY);
    avr_t *avr = avr_make_mcu_by_name(words[1]);
    const ssize_t size = file < 0 ? -1 : read(file, boot, sizeof boot);
    if (avr == NULL || size <= 0) {
        return NULL;
    }
    avr_init(avr);
    avr->frequency = (uint32_t)strtoul(words[2], NULL, 10);
    const avr_flashaddr_t start = (avr_flashaddr_t)strtoul(words[4], NULL, 10);
    avr_loadcode(avr, boot, (uint32_t)size, start);
    avr->reset_pc = start;
    avr->codeend = avr->flashend;
    return avr;
}

static void connect(avr_t *avr)
{
    uint32_t flags = 0;
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_output, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), on_ready, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), on_full, NULL);
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
    unlink("uart0");
    return tcsetattr(line, TCSANOW, &raw) == 0 ? symlink(ptsname(line), "uart0") : -1;
}

/* Bytes that came in, to the USART as it can take them; a reset when somebody opens the port. */
static void serve(avr_t *avr)
{
    static int open_before = 0;
    struct pollfd wanted = {.fd = line, .events = POLLIN};
    poll(&wanted, 1, 0);
    const int open_now = (wanted.revents & POLLHUP) == 0;
    if (open_now && !open_before) {
        avr_reset(avr);
        avr_regbit_set(avr, avr->reset_flags.extrf);
    }
    open_before = open_now;
    uint8_t byte;
    if (ready && (wanted.revents & POLLIN) != 0 && read(line, &byte, 1) == 1) {
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
    avr_global_logger_set(quiet);
    avr_t *avr = count == 5 ? machine(words) : NULL;
    if (avr == NULL || terminal() != 0) {
        return USAGE;
    }
    connect(avr);
    for (unsigned run = 0;; run++) {
        avr_run(avr);
        if (run % SLICE == 0) {
            serve(avr);
            pace(avr);
        }
    }
}
