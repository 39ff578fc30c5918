/* Arbitrary bytes as a frame and as every shape of the wire: what is taken must be put back byte
 * for byte, except for list counts; nothing reads past the end. */
#include "ipc/channel.h"
#include "ipc/vault_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[WIRE_LEAF_BYTES_MAX + 64 * 1024];

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

static void fuzz_frame(Span bytes)
{
    Frame frame;
    if (!status_ok(frame_parse(bytes, &frame))) return;
    ASSERT(frame.size <= CHANNEL_PAYLOAD_BYTES_MAX);
    Buffer again = BUFFER_OF(memory);
    ASSERT(status_ok(frame_encode(&frame, &again)));
    ASSERT(span_equal(span_of_buffer(&again), bytes));
}

static void fuzz_list(Span bytes)
{
    Cursor c = cursor_of(bytes);
    uint32_t count = 0;
    if (!status_ok(wire_take_count(&c, WIRE_CHANGES_MAX, &count))) return;
    ASSERT(count <= WIRE_CHANGES_MAX);
    WireChange change;
    for (uint32_t i = 0; i < count && status_ok(wire_take_change(&c, &change)); i++)
        ASSERT(change.new_image.size <= ROW_IMAGE_BYTES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    fuzz_frame(bytes);
    fuzz_list(bytes);
    AGAIN(claim, WireClaim);
    AGAIN(change, WireChange);
    AGAIN(draft_head, WireDraftHead);
    AGAIN(sealed, WireSealed);
    AGAIN(sign_item, WireSignItem);
    AGAIN(scan_row, WireScanRow);
    AGAIN(pin_check, WirePinCheck);
    AGAIN(pin_set, WirePinSet);
    AGAIN(box_key, WireBoxKey);
    AGAIN(key_facts, WireKeyFacts);
    AGAIN(unseal, WireUnseal);
    AGAIN(approval, WireApproval);
    AGAIN(status, WireStatus);
    return 0;
}
