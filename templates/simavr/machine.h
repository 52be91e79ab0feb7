/* What every program on simavr begins with: a core that has an image in flash, and says nothing of its own accord. */
#ifndef MACHINE_H
#define MACHINE_H

#include <simavr/sim_avr.h>
#include <stdio.h>

static void quiet(struct avr_t *avr, const int level, const char *format, va_list arguments)
{
    (void)avr, (void)level, (void)format, (void)arguments;
}

/* The core called name with what the file holds in flash from start on; NULL if there is no such core, or no such file. */
static avr_t *machine(const char *name, const char *path, avr_flashaddr_t start)
{
    static uint8_t image[1 << 18];
    avr_global_logger_set(quiet);
    FILE *file = fopen(path, "rb");
    avr_t *avr = avr_make_mcu_by_name(name);
    const size_t size = file == NULL ? 0 : fread(image, 1, sizeof image, file);
    if (avr == NULL || size == 0) {
        return NULL;
    }
    avr_init(avr);
    avr_loadcode(avr, image, (uint32_t)size, start);
    return avr;
}

#endif
