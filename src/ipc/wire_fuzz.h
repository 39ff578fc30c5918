#pragma once
/* wire_fuzz: any bytes as a shape of ipc: what is taken is put back byte for byte, what is refused
 * leaves the cursor where it was, nothing reads past the end. */
#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WIRE_FUZZ_BYTES = 1024 * 1024 };
static uint8_t wire_fuzz_memory[WIRE_FUZZ_BYTES];

#define AGAIN(name, Type)                                                                  \
    do {                                                                                   \
        Cursor c = cursor_of(bytes);                                                       \
        Type value;                                                                        \
        if (!status_ok(wire_take_##name(&c, &value))) {                                    \
            ASSERT(c.rest.size == bytes.size);                                             \
            break;                                                                         \
        }                                                                                  \
        Buffer again = BUFFER_OF(wire_fuzz_memory);                                        \
        ASSERT(status_ok(wire_put_##name(&again, &value)));                                \
        ASSERT(span_equal(                                                                 \
                span_of_buffer(&again), (Span) { bytes.data, bytes.size - c.rest.size })); \
    } while (0)
