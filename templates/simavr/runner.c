/* Runs AVR firmware in simavr: runner MCU FLASH ENTRY LIMIT COUNT, addresses in bytes.
 *
 * FLASH is the image of flash memory. The firmware reads in.bin and writes out.bin byte by byte through GPIOR0; GPIOR2 tells
 * it whether a byte is left, and what it writes to GPIOR1 is the exit status. One line "cycles instructions stack" is
 * printed for each of the first COUNT calls of the function at ENTRY, from its first instruction to its return, with the
 * bytes of stack that it used, return address included. A stack pointer below LIMIT, or a crash, prints its pc and ends the
 * run with status 99. */
#include <simavr/sim_avr.h>
#include <simavr/sim_io.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"

enum { DATA = 0x3e, EXIT = 0x4a, LEFT = 0x4b, FAULT = 99, USAGE = 98, SP_LOW = 0x5d, SP_HIGH = 0x5e, RET = 0x9508 };

static FILE *source, *sink;
static int status = -1;

static uint8_t on_read(struct avr_t *avr, avr_io_addr_t address, void *unused)
{
    (void)avr, (void)unused;
    const int byte = getc(source);
    if (address == LEFT && byte != EOF) {
        ungetc(byte, source);
    }
    return (uint8_t)(address == LEFT ? byte != EOF : byte);
}

static void on_write(struct avr_t *avr, avr_io_addr_t address, uint8_t byte, void *unused)
{
    (void)avr, (void)unused;
    if (address == EXIT) {
        status = byte;
    } else {
        putc(byte, sink);
    }
}

static avr_t *connected(avr_t *avr)
{
    if (avr == NULL) {
        return NULL;
    }
    avr_register_io_read(avr, DATA, on_read, NULL);
    avr_register_io_read(avr, LEFT, on_read, NULL);
    avr_register_io_write(avr, DATA, on_write, NULL);
    avr_register_io_write(avr, EXIT, on_write, NULL);
    return avr;
}

static unsigned stack_pointer(const avr_t *avr)
{
    return avr->data[SP_LOW] | (unsigned)avr->data[SP_HIGH] << 8;
}

static unsigned opcode(const avr_t *avr)
{
    return avr->flash[avr->pc] | (unsigned)avr->flash[avr->pc + 1] << 8;
}

int main(int count, char **words)
{
    avr_t *avr = count == 6 ? connected(machine(words[1], words[2], 0)) : NULL;
    source = fopen("in.bin", "rb");
    sink = fopen("out.bin", "wb");
    if (avr == NULL || source == NULL || sink == NULL) {
        return USAGE;
    }
    const avr_flashaddr_t entry = (avr_flashaddr_t)strtoul(words[3], NULL, 10);
    const unsigned limit = (unsigned)strtoul(words[4], NULL, 10);
    unsigned long left = strtoul(words[5], NULL, 10);
    unsigned long instructions = 0;
    avr_cycle_count_t start = 0;
    unsigned inside = 0; /* SP as the call begins, 0 while there is none */
    unsigned deepest = 0;
    int started = 0; /* SP is 0 until the start-up code has set it */
    while (status < 0) {
        if (inside == 0 && avr->pc == entry && left > 0) {
            inside = deepest = stack_pointer(avr);
            start = avr->cycle;
            instructions = 0;
        }
        started = started || avr->pc == entry;
        const unsigned instruction = opcode(avr);
        const int state = avr_run(avr);
        const unsigned sp = stack_pointer(avr);
        const int whole = (instruction & 0xf800) != 0xb800; /* an OUT may have written one half of SP */
        instructions++;
        if (whole && sp < deepest) {
            deepest = sp;
        }
        if (inside != 0 && instruction == RET && sp > inside) {
            const unsigned address = sp - inside;
            printf("%llu %lu %u\n", (unsigned long long)(avr->cycle - start), instructions, inside - deepest + address);
            inside = 0;
            left--;
        }
        if (state == cpu_Crashed || state == cpu_Done || (started && whole && sp < limit)) {
            printf("fault %lu\n", (unsigned long)avr->pc);
            status = FAULT;
        }
    }
    return fclose(sink) == 0 ? status : FAULT;
}
