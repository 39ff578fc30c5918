/* Arbitrary bytes as every shape of field_wire.h: what is taken is put back byte for byte; nothing
 * reads past the end. */
#include "ipc/field_wire.h"

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
    AGAIN(batch_head, WireBatchHead);
    AGAIN(session, WireSession);
    AGAIN(subject, WireSubject);
    AGAIN(subject_answer, WireSubjectAnswer);
    AGAIN(field_item, WireFieldItem);
    AGAIN(indexes, WireIndexes);
    AGAIN(protected, WireProtected);
    AGAIN(sealed_field, WireSealedField);
    AGAIN(rewrapped, WireRewrapped);
    AGAIN(subject_name, WireSubjectName);
    AGAIN(turn, WireTurn);
    AGAIN(reveal, WireReveal);
    AGAIN(receiver, WireReceiver);
    AGAIN(reveal_record, WireRevealRecord);
    AGAIN(reveal_head, WireRevealHead);
    AGAIN(legacy_key, WireLegacyKey);
    AGAIN(legacy_item, WireLegacyItem);
    return 0;
}
