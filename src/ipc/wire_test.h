#pragma once
/* wire_test: one value of a shape, round trip and cut at every length. For this room's tests. */
#include "base/expect.h"
#include "ipc/vault_wire.h"

/* Round trip, then every shorter message: refused, and neither cursor nor value moves. */
#define ROUND_TRIP(name, Type, ...)                                                               \
    do {                                                                                          \
        const Type value = __VA_ARGS__;                                                           \
        Buffer b = BUFFER_OF(wire_memory);                                                        \
        EXPECT_OK(wire_put_##name(&b, &value));                                                   \
        Cursor whole = cursor_of(span_of_buffer(&b));                                             \
        Type taken;                                                                               \
        memset(&taken, 0xA5, sizeof(taken));                                                      \
        EXPECT_OK(wire_take_##name(&whole, &taken));                                              \
        EXPECT_OK(cursor_end(&whole));                                                            \
        uint8_t second[4096];                                                                     \
        Buffer again = BUFFER_OF(second);                                                         \
        EXPECT_OK(wire_put_##name(&again, &taken));                                               \
        EXPECT(span_equal(span_of_buffer(&b), span_of_buffer(&again)));                           \
        for (size_t size = 0; size < b.size; size++) {                                            \
            Cursor cut = cursor_of((Span) { wire_memory, size });                                 \
            Type untouched;                                                                       \
            uint8_t before[sizeof(Type)];                                                         \
            memset(&untouched, 0x5A, sizeof(untouched));                                          \
            memset(before, 0x5A, sizeof(before));                                                 \
            EXPECT_REFUSED(wire_take_##name(&cut, &untouched), REFUSED_IPC_FORMAT);               \
            EXPECT(cut.rest.size == size);                                                        \
            EXPECT(span_equal(                                                                    \
                    (Span) { (const uint8_t *)&untouched, sizeof(untouched) }, SPAN_OF(before))); \
            Buffer tight = { second, 0, size };                                                   \
            EXPECT_REFUSED(wire_put_##name(&tight, &value), REFUSED_BUFFER_FULL);                 \
            EXPECT(tight.size == 0);                                                              \
        }                                                                                         \
    } while (0)
