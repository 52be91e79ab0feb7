/* Does on an emulated core what tests/test_status.py does on the host: in.bin has a number of steps, which is how often a
 * state is stored; out.bin gets one word of status a question. MODEL is the header, N(x) the name of a function. */
#include MODEL
#include "port.h"

static uint8_t memory[M(STORE_BYTES)];
static uint16_t answers[8];

static uint8_t read_byte(void *context, uint32_t address)
{
    return ((uint8_t *)context)[address];
}

static void write_byte(void *context, uint32_t address, uint8_t byte)
{
    ((uint8_t *)context)[address] = byte;
}

static void step(N(state) *s)
{
    int16_t x[M(X0_LEN)];
    int16_t y[M(Y0_LEN)];
    for (uint16_t i = 0; i < M(X0_LEN); i++) {
        x[i] = 32767;
    }
    N(step)(s, x, y);
}

int main(void)
{
    const N(memory) m = {read_byte, write_byte, memory};
    const int32_t source = port_open_read("in.bin");
    const int32_t sink = port_open_write("out.bin");
    uint8_t bytes[M(SAVE_BYTES)];
    N(check) check = {0, 0};
    N(state) s;
    N(state) again;
    uint32_t stores;
    port_read(source, &stores, sizeof stores);
    N(reset)(&s);
    N(reset)(&again);
    answers[0] = N(check_tables)();
    do {
        answers[1] |= N(check_slice)(&check, 7);
    } while (check.at != 0);
    answers[2] = N(recall)(&again, &m);
    for (uint32_t i = 0; i < stores; i++) {
        step(&s);
        answers[3] |= N(store)(&s, &m);
    }
    answers[4] = N(recall)(&again, &m);
    for (uint16_t i = 0; i < M(S0_LEN); i++) {
        answers[5] |= again.s0[i] != s.s0[i];
    }
    answers[6] = N(status)(&s);
    N(save)(&s, bytes);
    bytes[7] ^= 1;
    answers[7] = N(restore)(&again, bytes);
    port_write(sink, answers, sizeof answers);
    port_close(sink);
    port_close(source);
    return 0;
}
