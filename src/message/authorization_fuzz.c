/* Whatever bytes arrive as Authorization: what is read must read the same when written again. */
#include "message/authorization.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(Buffer *b, Span bytes) { ASSERT(status_ok(buffer_put(b, bytes))); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Authorization a = { 0 };
    const Span header = { data, size };
    ASSERT(authorization_blame(header) != NULL);
    if (!status_ok(authorization_parse(header, &a))) return 0;

    uint8_t bytes[AUTHORIZATION_BYTES_MAX];
    Buffer again = BUFFER_OF(bytes);
    put(&again, span_of_text(a.profile->scheme));
    put(&again, SPAN(" signature=\""));
    put(&again, a.signature);
    put(&again, SPAN("\",serial_no=\""));
    put(&again, a.serial);
    put(&again, SPAN("\",timestamp=\""));
    put(&again, a.timestamp);
    put(&again, SPAN("\",nonce_str=\""));
    put(&again, a.nonce);
    put(&again, SPAN("\",mchid=\""));
    put(&again, a.mchid);
    put(&again, SPAN("\""));
    Authorization b = { 0 };
    ASSERT(status_ok(authorization_parse(span_of_buffer(&again), &b)));
    ASSERT(span_equal(a.mchid, b.mchid) && span_equal(a.nonce, b.nonce));
    ASSERT(span_equal(a.serial, b.serial) && span_equal(a.signature, b.signature));
    ASSERT(a.timestamp_s == b.timestamp_s);
    return 0;
}
