/* The host's files through the general-purpose I/O registers, which the emulator watches: GPIOR0 takes and gives bytes,
 * GPIOR2 says whether there was one to give, a write to GPIOR1 ends the run. They are at one place on all ATmegas. */
#include "port.h"

#define GPIOR0 (*(volatile uint8_t *)0x3e)
#define GPIOR1 (*(volatile uint8_t *)0x4a)
#define GPIOR2 (*(volatile uint8_t *)0x4b)

enum { SOURCE = 1, SINK = 2 };

int32_t port_open_read(const char *name)
{
    (void)name;
    return SOURCE;
}

int32_t port_open_write(const char *name)
{
    (void)name;
    return SINK;
}

int32_t port_read(int32_t file, void *bytes, uint32_t count)
{
    uint8_t *to = bytes;
    (void)file;
    for (; count != 0 && GPIOR2 != 0; count--) {
        *to++ = GPIOR0;
    }
    return (int32_t)count;
}

int32_t port_write(int32_t file, const void *bytes, uint32_t count)
{
    const uint8_t *from = bytes;
    (void)file;
    for (; count != 0; count--) {
        GPIOR0 = *from++;
    }
    return 0;
}

void port_close(int32_t file)
{
    (void)file;
}

void port_exit(int32_t status)
{
    for (;;) {
        GPIOR1 = (uint8_t)status;
    }
}
