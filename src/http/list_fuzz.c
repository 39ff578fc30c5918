#include "http/list.h"

#include <string.h>

/* What is trimmed has no blanks at its ends and lies inside; a list has what stands in it alone. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span text = { data, size };
    const Span trimmed = http_trim(text);
    ASSERT(trimmed.size <= size);
    ASSERT(trimmed.size == 0 || strchr(" \t", trimmed.data[0]) == NULL || trimmed.data[0] == 0);
    if (!http_list_has(text, "close")) return 0;
    const bool alone = memchr(data, ',', size) == NULL;
    ASSERT(!alone || trimmed.size == strlen("close"));
    return 0;
}
