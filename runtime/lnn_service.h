/* What generated code does beside its steps: counts, saves and checks. CRCs are CRC-32 as in zip files, bit by bit, since a
 * table of it costs more flash than it is worth here. */
#ifndef LNN_SERVICE_H
#define LNN_SERVICE_H

/* What was clipped, in the count of all and in that of its kind. */
LN_FN void ln_count(uint32_t *all, uint32_t *kind, int32_t more)
{
    *all += (uint32_t)more;
    *kind += (uint32_t)more;
}

/* The register after one more byte; it starts with all bits set, and the CRC is its complement. */
LN_SHARED uint32_t ln_crc_byte(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    LN_ROLLED
    for (uint8_t bit = 0; bit < 8; bit++) {
        crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
    }
    return crc;
}

LN_SHARED uint32_t ln_crc(const uint8_t *bytes, uint32_t count)
{
    uint32_t crc = 0xFFFFFFFFu;
    LN_ROLLED
    for (uint32_t i = 0; i < count; i++) {
        crc = ln_crc_byte(crc, bytes[i]);
    }
    return ~crc;
}

/* Part of a walk through all tables: what lies before it is passed over, what lies behind it is left. */
typedef struct {
    uint32_t crc;
    uint32_t before;
    uint32_t left;
} ln_walk;

LN_SHARED void ln_walk_table(ln_walk *walk, const LN_ROM void *table, uint32_t size)
{
    if (walk->before >= size) {
        walk->before -= size;
        return;
    }
    const LN_ROM uint8_t *bytes = (const LN_ROM uint8_t *)table + walk->before;
    const uint32_t here = size - walk->before;
    uint32_t count = here < walk->left ? here : walk->left;
    walk->before = 0;
    walk->left -= count;
    LN_ROLLED
    for (; count != 0; count--) {
        walk->crc = ln_crc_byte(walk->crc, ln_ldu8(bytes++));
    }
}

/* Integers as bytes, the lower first; each returns what follows. */
LN_FN uint8_t *ln_put16(uint8_t *bytes, int16_t value)
{
    const uint16_t word = (uint16_t)value;
    bytes[0] = (uint8_t)(word & 255u);
    bytes[1] = (uint8_t)(word >> 8);
    return bytes + 2;
}

LN_FN uint8_t *ln_put32(uint8_t *bytes, uint32_t word)
{
    LN_ROLLED
    for (uint8_t i = 0; i < 4; i++) {
        *bytes++ = (uint8_t)(word & 255u);
        word >>= 8;
    }
    return bytes;
}

LN_FN int16_t ln_get16(const uint8_t *bytes)
{
    const int32_t word = (int32_t)bytes[0] + 256 * (int32_t)bytes[1];
    return (int16_t)(word < 32768 ? word : word - 65536);
}

LN_FN uint32_t ln_get32(const uint8_t *bytes)
{
    uint32_t word = 0;
    LN_ROLLED
    for (uint8_t i = 4; i != 0; i--) {
        word = (word << 8) | bytes[i - 1];
    }
    return word;
}

/* A value inside a step, for the caller to see. */
LN_FN void ln_tap16(int16_t *to, const int16_t *from, ln_size count)
{
    for (ln_size i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

LN_FN void ln_tap32(int32_t *to, const int32_t *from, ln_size count)
{
    for (ln_size i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

#endif
