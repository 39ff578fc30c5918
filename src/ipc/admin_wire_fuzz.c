/* Arbitrary bytes as a signed request of an operator. */
#include "ipc/admin_wire.h"
#include "ipc/wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AGAIN(admin_request, WireAdminRequest);
    return 0;
}
