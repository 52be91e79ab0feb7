/* What the firmware asks of the machine it runs on: two files and an end. targets/<kind>/port.c gives it. */
#ifndef LNN_PORT_H
#define LNN_PORT_H

#include <stdint.h>

/* A handle, or -1. */
int32_t port_open_read(const char *name);
int32_t port_open_write(const char *name);

/* How many of the count bytes were NOT transferred: 0 is success. */
int32_t port_read(int32_t file, void *bytes, uint32_t count);
int32_t port_write(int32_t file, const void *bytes, uint32_t count);

void port_close(int32_t file);

/* Ends the run with this status; never returns. */
void port_exit(int32_t status);

#endif
