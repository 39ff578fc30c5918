/* Whatever a custodian types: share text and the file of the set. */
#include "keys/shares.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    Share share;
    Share again;
    ShareSet set;
    if (status_ok(share_parse_text(bytes, &share))) {
        uint8_t memory[SHARE_TEXT_BYTES_MAX];
        Buffer text = BUFFER_OF(memory);
        ASSERT(status_ok(share_put_text(&share, &text)));
        ASSERT(status_ok(share_parse_text(span_of_buffer(&text), &again)));
        ASSERT(bytes_equal_ct(&share, &again, sizeof(share)));
    }
    if (status_ok(share_set_parse(bytes, &set))) {
        uint8_t memory[SHARE_SET_BYTES_MAX];
        Buffer out = BUFFER_OF(memory);
        ASSERT(status_ok(share_set_put(&set, &out)) && span_equal(span_of_buffer(&out), bytes));
    }
    return 0;
}
