/* Frames, received and sent byte by byte: no memory but the caller's. */
#include "frame.h"
#include "uart.h"

enum { LONGEST_RUN = 254, BITS = 8 };

static uint16_t crc_of(const uint8_t *bytes, uint16_t length)
{
    uint16_t crc = 0xFFFFu;
    for (uint16_t i = 0; i < length; i++) {
        crc = (uint16_t)(crc ^ (uint16_t)bytes[i] << BITS);
        for (uint8_t bit = 0; bit < BITS; bit++) {
            crc = (uint16_t)((crc & 0x8000u) != 0 ? (uint16_t)(crc << 1) ^ 0x1021u : (uint16_t)(crc << 1));
        }
    }
    return crc;
}

/* The bytes between two zeros with the zeros put back. Returns how many there are, which may be more than were kept; 0 if
 * the stuffing is wrong. */
static uint16_t unstuffed(uint8_t *bytes, uint16_t size)
{
    uint16_t count = 0;
    uint8_t left = 0;  /* of the run */
    uint8_t owing = 0; /* a zero, if another run follows */
    uint8_t byte = uart_get();
    while (byte == 0) {
        byte = uart_get();
    }
    for (; byte != 0; byte = uart_get()) {
        const uint8_t starts = left == 0;
        const uint8_t data = starts ? 0 : byte;
        if (!starts || owing) {
            if (count < size) {
                bytes[count] = data;
            }
            count = (uint16_t)(count + (count <= size));
        }
        left = (uint8_t)(starts ? byte - 1 : left - 1);
        owing = starts ? byte <= LONGEST_RUN : owing;
    }
    return left == 0 ? count : 0;
}

uint16_t frame_receive(uint8_t *bytes, uint16_t size)
{
    const uint16_t count = unstuffed(bytes, size);
    if (count < FRAME_HEADER + FRAME_CRC || count > size) {
        return FRAME_DAMAGED;
    }
    const uint16_t length = (uint16_t)(count - FRAME_CRC);
    const uint16_t sent = (uint16_t)(bytes[length] | (uint16_t)bytes[length + 1] << BITS);
    return sent == crc_of(bytes, length) ? length : FRAME_DAMAGED;
}

/* Sends one run: its length and one more, then itself. Returns where it ends. */
static uint16_t send_run(const uint8_t *bytes, uint16_t from, uint16_t length)
{
    uint16_t end = from;
    while (end < length && end - from < LONGEST_RUN && bytes[end] != 0) {
        end++;
    }
    uart_put((uint8_t)(end - from + 1));
    for (uint16_t i = from; i < end; i++) {
        uart_put(bytes[i]);
    }
    return end;
}

void frame_send(uint8_t *bytes, uint16_t length)
{
    const uint16_t crc = crc_of(bytes, length);
    bytes[length] = (uint8_t)(crc & 0xFFu);
    bytes[length + 1] = (uint8_t)(crc >> BITS);
    const uint16_t count = (uint16_t)(length + FRAME_CRC);
    uint16_t at = 0;
    uint8_t more = 1;
    uart_put(0);
    while (more) {
        const uint16_t end = send_run(bytes, at, count);
        more = end < count;
        at = (uint16_t)(end - at < LONGEST_RUN ? end + 1 : end); /* past the zero that ended the run */
    }
    uart_put(0);
}
