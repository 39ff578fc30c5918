/* Arbitrary bytes as every shape of attached_wire.h. */
#include "ipc/attached_wire.h"
#include "ipc/wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AGAIN(attached_column, WireAttachedColumn);
    AGAIN(attached_table, WireAttachedTable);
    AGAIN(attached_status, WireAttachedStatus);
    AGAIN(attached_head, WireAttachedHead);
    AGAIN(attached_signed, WireAttachedSigned);
    AGAIN(attached_change, WireAttachedChange);
    AGAIN(attached_claim, WireAttachedClaim);
    AGAIN(attached_verdict, WireAttachedVerdict);
    return 0;
}
