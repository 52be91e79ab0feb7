/* The host's files by Arm semihosting ("Semihosting for AArch32 and AArch64", Arm, operations 1, 2, 5, 6, 0x20). */
#include <stdint.h>
#include "port.h"

enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
enum { MODE_READ_BINARY = 1, MODE_WRITE_BINARY = 5 };
enum { ADP_APPLICATION_EXIT = 0x20026 };

static int32_t call_host(uint32_t operation, const uint32_t *arguments)
{
    register uint32_t r0 __asm("r0") = operation;
    register const uint32_t *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

static uint32_t address(const void *pointer)
{
    return (uint32_t)(uintptr_t)pointer;
}

static int32_t open_file(const char *name, uint32_t mode)
{
    uint32_t length = 0;
    while (name[length] != '\0') {
        length++;
    }
    const uint32_t arguments[3] = {address(name), mode, length};
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
    const uint32_t arguments[3] = {(uint32_t)file, address(bytes), count};
    return call_host(SYS_READ, arguments);
}

int32_t port_write(int32_t file, const void *bytes, uint32_t count)
{
    const uint32_t arguments[3] = {(uint32_t)file, address(bytes), count};
    return call_host(SYS_WRITE, arguments);
}

void port_close(int32_t file)
{
    const uint32_t arguments[1] = {(uint32_t)file};
    (void)call_host(SYS_CLOSE, arguments);
}

void port_exit(int32_t status)
{
    const uint32_t arguments[2] = {ADP_APPLICATION_EXIT, (uint32_t)status};
    for (;;) {
        (void)call_host(SYS_EXIT_EXTENDED, arguments);
    }
}
