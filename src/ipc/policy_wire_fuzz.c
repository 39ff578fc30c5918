/* Arbitrary bytes as every shape of policy_wire.h. */
#include "ipc/policy_wire.h"
#include "ipc/wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AGAIN(policy_book, WirePolicyBook);
    AGAIN(policy_set, WirePolicySet);
    AGAIN(expiry_name, WireExpiryName);
    AGAIN(expiry_grant, WireExpiryGrant);
    AGAIN(expiry_look, WireExpiryLook);
    AGAIN(expiry_page, WireExpiryPage);
    AGAIN(expiry_listed, WireExpiryListed);
    return 0;
}
