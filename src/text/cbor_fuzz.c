#include "text/cbor.h"

/* Whatever is read was there: no function goes behind the end, or says that it took nothing. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Cursor c = cursor_of((Span) { data, size });
    while (c.rest.size > 0) {
        const size_t before = c.rest.size;
        int64_t number = 0;
        Span string = { NULL, 0 };
        uint64_t count = 0;
        Cursor whole = c;
        const bool fits = status_ok(cbor_skip(&whole));
        const bool read = status_ok(cbor_int(&c, &number)) || status_ok(cbor_bytes(&c, &string))
                || status_ok(cbor_text(&c, &string)) || status_ok(cbor_map(&c, &count));
        ASSERT(!fits || whole.rest.size < before);
        ASSERT(string.size == 0
                || (string.data > data && string.data + string.size <= data + size));
        if (!read) {
            ASSERT(c.rest.size == before);
            if (!fits) return 0;
            c = whole;
        }
        ASSERT(c.rest.size < before);
    }
    return 0;
}
