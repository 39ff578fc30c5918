/* Arbitrary bytes as a signed announcement. */
#include "attach/announced.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AttachAnnounced a;
    WireAttachedChange change;
    Span key;
    if (!status_ok(attach_announced_open((Span) { data, size }, &a))) return 0;
    for (uint32_t i = 0; i < a.changes; i++) {
        if (!status_ok(attach_announced_next(&a, &change, &key))) return 0;
        ASSERT(key.size > 0 && key.size <= ROW_KEY_BYTES_MAX);
        ASSERT(change.old_image.size <= ROW_IMAGE_BYTES_MAX);
        ASSERT(change.new_image.size <= ROW_IMAGE_BYTES_MAX);
    }
    return 0;
}
