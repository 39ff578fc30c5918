/* Arbitrary bytes as every shape of identity_wire.h. */
#include "ipc/identity_wire.h"
#include "ipc/wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AGAIN(identity, WireIdentity);
    AGAIN(identity_prints, WireIdentityPrints);
    return 0;
}
