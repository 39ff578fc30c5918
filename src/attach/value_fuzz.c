/* Any bytes as any type: refused or canonical, never more. The first two bytes choose the type. */
#include "attach/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[ATTACH_NUMERIC_BYTES_MAX];
    Buffer scratch = BUFFER_OF(memory);
    Cursor c = cursor_of((Span) { data, size });
    uint16_t type = 0;
    Value value;
    if (!status_ok(cursor_u16(&c, &type))) return 0;
    const Status s = attach_value(type, c.rest, &scratch, &value);
    ASSERT(!status_broken(s) && (status_ok(s) || scratch.size == 0));
    return 0;
}
