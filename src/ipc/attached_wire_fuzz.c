/* Arbitrary bytes as every shape of attached_wire.h: what is taken is put back byte for byte;
 * nothing reads past the end. */
#include "ipc/attached_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[64 * 1024];

#define AGAIN(name, Type)                                                                  \
    do {                                                                                   \
        Cursor c = cursor_of(bytes);                                                       \
        Type value;                                                                        \
        if (!status_ok(wire_take_##name(&c, &value))) {                                    \
            ASSERT(c.rest.size == bytes.size);                                             \
            break;                                                                         \
        }                                                                                  \
        Buffer again = BUFFER_OF(memory);                                                  \
        ASSERT(status_ok(wire_put_##name(&again, &value)));                                \
        ASSERT(span_equal(                                                                 \
                span_of_buffer(&again), (Span) { bytes.data, bytes.size - c.rest.size })); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AGAIN(attached_column, WireAttachedColumn);
    AGAIN(attached_table, WireAttachedTable);
    AGAIN(attached_status, WireAttachedStatus);
    AGAIN(attached_head, WireAttachedHead);
    AGAIN(attached_signed, WireAttachedSigned);
    AGAIN(attached_change, WireAttachedChange);
    AGAIN(attached_claim, WireAttachedClaim);
    AGAIN(attached_verdict, WireAttachedVerdict);
    return 0;
}
