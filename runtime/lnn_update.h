/* What generated code looks at before it takes other weights: nothing in them may make a step read beyond what there is, or
 * shift by what is no shift. Bytes are read as such, so that they may lie anywhere. */
#ifndef LNN_UPDATE_H
#define LNN_UPDATE_H

/* Whether halves of words are the same where mask says so of every period of them, the first lowest; mask has 32 bits. */
LN_SHARED int ln_same_halves(const uint8_t *a, const uint8_t *b, uint32_t halves, uint32_t period, uint32_t mask)
{
    LN_ROLLED
    for (uint32_t i = 0; i < halves; i++) {
        const uint32_t at = i % period;
        const int fixed = at < 32u && ((mask >> at) & 1u) != 0u;
        if (fixed && (a[2u * i] != b[2u * i] || a[2u * i + 1u] != b[2u * i + 1u])) {
            return 0;
        }
    }
    return 1;
}

/* The same of lists: the bytes that follow, in a word; then three words a synapse, with its source above the last. Only the
 * lengths of b are followed. */
LN_SHARED int ln_same_lists(const uint8_t *a, const uint8_t *b, uint32_t bytes)
{
    uint32_t at = 0;
    while (at < bytes) {
        const uint32_t length = ln_get32(b + at);
        if (ln_get32(a + at) != length) {
            return 0;
        }
        at += 4u;
        LN_ROLLED
        for (uint32_t k = 10u; k < length; k += 12u) {
            if (a[at + k] != b[at + k] || a[at + k + 1u] != b[at + k + 1u]) {
                return 0;
            }
        }
        at += length;
    }
    return 1;
}

/* Whether count numbers of one, two or four bytes are all of 0 to 30. */
LN_SHARED int ln_are_shifts(const uint8_t *a, uint32_t count, uint32_t bytes)
{
    LN_ROLLED
    for (uint32_t i = 0; i < count * bytes; i++) {
        if (a[i] > (i % bytes == 0u ? 30u : 0u)) {
            return 0;
        }
    }
    return 1;
}

#endif
