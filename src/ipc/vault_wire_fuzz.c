/* Arbitrary bytes as every shape of vault_wire.h. */
#include "ipc/vault_wire.h"
#include "ipc/wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AGAIN(claim, WireClaim);
    AGAIN(change, WireChange);
    AGAIN(draft_head, WireDraftHead);
    AGAIN(sealed, WireSealed);
    AGAIN(sign_item, WireSignItem);
    AGAIN(public_key, WirePublicKey);
    AGAIN(scan_row, WireScanRow);
    AGAIN(roll, WireRoll);
    AGAIN(roll_page, WireRollPage);
    AGAIN(pin_check, WirePinCheck);
    AGAIN(pin_set, WirePinSet);
    AGAIN(box_key, WireBoxKey);
    AGAIN(unseal, WireUnseal);
    AGAIN(key_facts, WireKeyFacts);
    AGAIN(approval, WireApproval);
    AGAIN(status, WireStatus);
    return 0;
}
