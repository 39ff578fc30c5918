/* Whatever bytes arrive as form fields: what is read is within its limits, and the same when it is
 * read again. */
#include "message/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t first_bytes[ENVELOPE_BYTES_MAX];
    static uint8_t again_bytes[ENVELOPE_BYTES_MAX];
    Buffer first = BUFFER_OF(first_bytes);
    Buffer again = BUFFER_OF(again_bytes);
    Envelope a = { 0 };
    Envelope b = { 0 };
    if (!status_ok(envelope_parse((Span) { data, size }, &first, &a))) return 0;
    ASSERT(status_ok(envelope_parse((Span) { data, size }, &again, &b)));
    ASSERT(span_equal(a.content, b.content) && span_equal(a.call, b.call));
    ASSERT(a.content.size <= ENVELOPE_CONTENT_BYTES_MAX && span_is_utf8(a.content));
    ASSERT(a.who.profile->carrier == CARRIER_FORM && a.who.signature.size > 0);
    return 0;
}
