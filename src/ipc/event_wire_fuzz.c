/* Arbitrary bytes as every shape of event_wire.h. */
#include "ipc/event_wire.h"
#include "ipc/wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AGAIN(vault_event, WireVaultEvent);
    return 0;
}
