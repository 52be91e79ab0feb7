/* Frames over a serial line. docs/boards.md says what is in them; here is how they travel.
 *
 * A frame is a type, a sequence number, a payload, and the CRC of these, lower byte first. All of it goes over the line in
 * consistent overhead byte stuffing (COBS), between two zeros: a zero stands nowhere else, so whoever waits for the next one
 * is in step again, whatever came before. Source: Cheshire, Baker: Consistent Overhead Byte Stuffing, IEEE/ACM Trans.
 * Networking 7 (2), 1999. The CRC is CRC-16/IBM-3740: x^16 + x^12 + x^5 + 1, from 0xFFFF, 0x29B1 for "123456789". */
#ifndef LNN_FRAME_H
#define LNN_FRAME_H

#include <stdint.h>

enum { FRAME_HEADER = 2, FRAME_CRC = 2, FRAME_DAMAGED = 0 };

/* Waits for a frame of at most size bytes, CRC included, which go to bytes. Returns the length of header and payload, or
 * FRAME_DAMAGED for one that is too long, too short, or has another CRC. */
uint16_t frame_receive(uint8_t *bytes, uint16_t size);

/* Sends length bytes of header and payload. Writes their CRC behind them, so there MUST be room for FRAME_CRC more. */
void frame_send(uint8_t *bytes, uint16_t length);

#endif
