/* The host's files by semihosting, the same five calls on every core. A kind's port.c gives call_host and includes this
 * once. "Semihosting for AArch32 and AArch64" (Arm), operations 1, 2, 5, 6, 0x20; "RISC-V Semihosting" 1.0 takes over
 * its numbers. */
#ifndef LNN_SEMIHOSTING_H
#define LNN_SEMIHOSTING_H

#include <stdint.h>
#include "port.h"

enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
enum { MODE_READ_BINARY = 1, MODE_WRITE_BINARY = 5 };
enum { ADP_APPLICATION_EXIT = 0x20026 };

/* What the host answers to an operation with these arguments, each as wide as an address. */
static int32_t call_host(uintptr_t operation, const uintptr_t *arguments);

static int32_t open_file(const char *name, uintptr_t mode)
{
    uintptr_t length = 0;
    while (name[length] != '\0') {
        length++;
    }
    const uintptr_t arguments[3] = {(uintptr_t)name, mode, length};
    return call_host(SYS_OPEN, arguments);
}

int32_t port_open_read(const char *name)
{
    return open_file(name, MODE_READ_BINARY);
}

int32_t port_open_write(const char *name)
{
    return open_file(name, MODE_WRITE_BINARY);
}

int32_t port_read(int32_t file, void *bytes, uint32_t count)
{
    const uintptr_t arguments[3] = {(uintptr_t)file, (uintptr_t)bytes, count};
    return call_host(SYS_READ, arguments);
}

int32_t port_write(int32_t file, const void *bytes, uint32_t count)
{
    const uintptr_t arguments[3] = {(uintptr_t)file, (uintptr_t)bytes, count};
    return call_host(SYS_WRITE, arguments);
}

void port_close(int32_t file)
{
    const uintptr_t arguments[1] = {(uintptr_t)file};
    (void)call_host(SYS_CLOSE, arguments);
}

void port_exit(int32_t status)
{
    const uintptr_t arguments[2] = {ADP_APPLICATION_EXIT, (uintptr_t)status};
    for (;;) {
        (void)call_host(SYS_EXIT_EXTENDED, arguments);
    }
}

#endif
