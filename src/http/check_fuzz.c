#include "http/check.h"

/* Fed at once or byte by byte, the verdict is the same; a refusal stays; what passes has no control
 * bytes in its head and never more body than allowed. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const HttpCheckLimits limits = { 512, 64, 8 };
    HttpCheck whole = http_check_new(limits);
    HttpCheck bytes = http_check_new(limits);
    const Status s = http_check_feed(&whole, (Span) { data, size });
    Status t = OK;
    for (size_t i = 0; i < size; i++) {
        t = http_check_feed(&bytes, (Span) { data + i, 1 });
        if (status_ok(t) && bytes.head_bytes > 0 && !http_check_idle(&bytes)
                && bytes.body_bytes == 0)
            ASSERT(data[i] != 0);
    }
    ASSERT(s.code == t.code && whole.requests == bytes.requests);
    ASSERT(whole.body_bytes <= limits.body_bytes_max || !status_ok(s));
    return 0;
}
