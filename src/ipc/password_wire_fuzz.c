/* Arbitrary bytes as every shape of password_wire.h. */
#include "ipc/password_wire.h"
#include "ipc/wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AGAIN(mac_key_set, WireMacKeySet);
    AGAIN(key_mac, WireKeyMac);
    AGAIN(merchant_leaf, WireMerchantLeaf);
    AGAIN(password_owner, WirePasswordOwner);
    AGAIN(password_set, WirePasswordSet);
    AGAIN(known, WireKnown);
    AGAIN(password_check, WirePasswordCheck);
    AGAIN(password_right, WirePasswordRight);
    AGAIN(password_spend, WirePasswordSpend);
    AGAIN(password_reset, WirePasswordReset);
    AGAIN(second_login, WireSecondLogin);
    AGAIN(sealed_fact, WireSealedFact);
    AGAIN(password_recover, WirePasswordRecover);
    AGAIN(claimed_fact, WireClaimedFact);
    AGAIN(password_shown, WirePasswordShown);
    AGAIN(password_kept, WirePasswordKept);
    AGAIN(password_import, WirePasswordImport);
    AGAIN(legacy_record, WireLegacyRecord);
    AGAIN(legacy_enable, WireLegacyEnable);
    AGAIN(password_counts, WirePasswordCounts);
    return 0;
}
