#include "http/outside_url.h"

/* What is read is a host without tricks, and says the same when it is written and read again. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OutsideUrl url = { 0 };
    OutsideUrl again = { 0 };
    uint8_t bytes[OUTSIDE_URL_BYTES_MAX + 16];
    Buffer text = BUFFER_OF(bytes);
    if (!status_ok(outside_url_read((Span) { data, size }, &url))) return 0;
    ASSERT(url.port != 0 && url.path[0] == '/' && strpbrk(url.host, "/\\?#@[] ") == NULL);
    const bool v6 = strchr(url.host, ':') != NULL;
    ASSERT(status_ok(buffer_print(
            &text, v6 ? "https://[%s]:%u%s" : "https://%s:%u%s", url.host, url.port, url.path)));
    if (text.size > OUTSIDE_URL_BYTES_MAX) return 0;
    ASSERT(status_ok(outside_url_read(span_of_buffer(&text), &again)));
    ASSERT(strcmp(url.host, again.host) == 0 && url.port == again.port);
    ASSERT(strcmp(url.path, again.path) == 0);
    return 0;
}
