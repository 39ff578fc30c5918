/* Any header: what is found stands in it, behind its name. */
#include "api/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span found = cookie_named((Span) { data, size }, SPAN("__Host-hufu"));
    if (found.size > 0)
        ASSERT(found.data >= data + 12 && found.data + found.size <= data + size
                && found.data[-1] == '=');
    return 0;
}
