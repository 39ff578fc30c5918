/* Whatever bytes arrive as a signed body: what is read is within its limits, and the same when it
 * is read again. */
#include "message/signed_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t first_bytes[ENVELOPE_BYTES_MAX];
    static uint8_t again_bytes[ENVELOPE_BYTES_MAX];
    Buffer first = BUFFER_OF(first_bytes);
    Buffer again = BUFFER_OF(again_bytes);
    Envelope a = { 0 };
    Envelope b = { 0 };
    const SignedBody request = { { data, size }, SPAN("RSA"), SPAN("YWJj"), 1, 1 };
    if (!status_ok(signed_body_parse(&request, &first, &a))) return 0;
    ASSERT(status_ok(signed_body_parse(&request, &again, &b)));
    ASSERT(span_equal(a.content, b.content) && span_equal(a.call, b.call));
    ASSERT(a.content.size <= ENVELOPE_CONTENT_BYTES_MAX && span_is_utf8(a.content));
    ASSERT(a.who.profile->carrier == CARRIER_BODY && a.who.nonce.size == 64);
    ASSERT(a.who.mchid.size <= MESSAGE_MCHID_BYTES_MAX && a.signed_body.size == size);
    return 0;
}
