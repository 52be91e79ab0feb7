/* The first 256 bytes of flash on RP2040: its boot ROM copies them to RAM, and runs them if the last word is their CRC-32/MPEG-2
 * ("RP2040 Datasheet", 2.8.1). They make flash readable at its address by the serial read 03h, which every part has, through
 * the SSI (4.10.13), set VTOR, and start as from a vector table at 0x10000100. Position-independent, so written as words. */
#include <stdint.h>

static const uint32_t boot[64] __attribute__((used, section(".boot"))) = {
    0x21004B0Au, /* ldr r3, SSI;           movs r1, #0                                              */
    0x21046099u, /* str r1, [r3, #8];      movs r1, #4             SSIENR = 0: off                  */
    0x49096159u, /* str r1, [r3, #20];     ldr r1, CTRLR0          BAUDR = 4: an even divisor       */
    0x49096019u, /* str r1, [r3, #0];      ldr r1, SPI_CTRLR0      frames of 32 bits, read by a command */
    0x60014809u, /* ldr r0, address of it; str r1, [r0]            03h, 8 bits of it and 24 of address */
    0x60592100u, /* movs r1, #0;           str r1, [r3, #4]        CTRLR1 = 0: one frame a read     */
    0x60992101u, /* movs r1, #1;           str r1, [r3, #8]        SSIENR = 1: on                   */
    0x49084807u, /* ldr r0, vectors;       ldr r1, VTOR                                             */
    0xC8036008u, /* str r0, [r1];          ldmia r0, {r0, r1}                                       */
    0x8808F380u, /* msr msp, r0                                                                     */
    0x46C04708u, /* bx r1;                 nop                                                      */
    0x18000000u, /* SSI */
    0x001F0300u, /* CTRLR0 */
    0x03000218u, /* SPI_CTRLR0 */
    0x180000F4u, /* its address */
    0x10000100u, /* vectors */
    0xE000ED08u, /* VTOR */
    [63] = 0x42136556u, /* the CRC of all before */
};
