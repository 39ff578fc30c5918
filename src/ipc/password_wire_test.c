/* Goal: as vault_wire_test.c, for passwords and merchants' keys (TP-6). Method: the same. */
#include "ipc/password_wire.h"

#include "ipc/wire_test.h"

static uint8_t wire_memory[8192];
static uint8_t large[WIRE_BOX_BYTES_MAX + 1];

#define OWNER                                         \
    {                                                 \
        103, SPAN("t1"), SPAN("admins"), SPAN("wang") \
    }

static void test_every_shape_goes_round_and_no_prefix_of_it_does(void)
{
    ROUND_TRIP(mac_key_set, WireMacKeySet, { SPAN("bank-a"), SPAN("m-1"), SPAN("box") });
    ROUND_TRIP(key_mac, WireKeyMac,
            { SPAN("bank-a"), SPAN("m-1"), SPAN("record"), 1, 2, SPAN("message"), SPAN("mac") });
    ROUND_TRIP(merchant_leaf, WireMerchantLeaf, { SPAN("1900000109"), SPAN("PEM"), 7 });
    ROUND_TRIP(password_owner, WirePasswordOwner, { OWNER });
    ROUND_TRIP(password_set, WirePasswordSet, { OWNER, SPAN("box"), SPAN("n"), SPAN("old") });
    ROUND_TRIP(password_check, WirePasswordCheck,
            { OWNER, SPAN("box"), SPAN("n"), 42, SPAN("T1"), 100, SPAN("verifier") });
    ROUND_TRIP(password_right, WirePasswordRight, { { 7 }, SPAN("new") });
    ROUND_TRIP(password_spend, WirePasswordSpend, { OWNER, 42, SPAN("T1"), 100, 156, { 7 } });
    ROUND_TRIP(password_reset, WirePasswordReset, { OWNER, SPAN("box"), SPAN("n") });
    ROUND_TRIP(second_login, WireSecondLogin,
            { OWNER, SPAN("box"), SPAN("n"), SPAN("verifier"), SPAN("second") });
    ROUND_TRIP(sealed_fact, WireSealedFact, { 109, SPAN("sealed") });
    ROUND_TRIP(password_recover, WirePasswordRecover,
            { OWNER, SPAN("box"), SPAN("n"), SPAN("old"), SPAN("key") });
    ROUND_TRIP(claimed_fact, WireClaimedFact, { 109, SPAN("11010519491231002X") });
    ROUND_TRIP(password_shown, WirePasswordShown, { OWNER, SPAN("verifier") });
    ROUND_TRIP(password_kept, WirePasswordKept, { 1119, SPAN("") });
    ROUND_TRIP(password_import, WirePasswordImport,
            { 103, SPAN("t1"), SPAN("users"), true, SPAN("box"), SPAN("n") });
    ROUND_TRIP(legacy_record, WireLegacyRecord, { SPAN("u"), SPAN("salt"), SPAN("digest") });
    ROUND_TRIP(legacy_enable, WireLegacyEnable,
            { 103, SPAN("t1"), SPAN("users"), 3, 1, SPAN("box"), SPAN("n") });
    ROUND_TRIP(password_counts, WirePasswordCounts, { 1, 2, 3, 4 });
    ROUND_TRIP(key_reveal, WireKeyReveal,
            { SPAN("row"), SPAN(""), SPAN("record"), SPAN("1"), SPAN("n"), SPAN("signature") });
    ROUND_TRIP(key_revealed, WireKeyRevealed, { 1, SPAN("cipher") });
}

static void test_bounds_are_kept(void)
{
    Buffer b = BUFFER_OF(wire_memory);
    const WirePasswordSet set = { { 103, SPAN("t"), SPAN("r"), { large, 65 } }, SPAN("box"),
        SPAN("n"), SPAN("") };
    EXPECT_REFUSED(wire_put_password_set(&b, &set), REFUSED_IPC_TOO_LARGE);
    const WirePasswordSet nobody = { { 103, SPAN("t"), SPAN("r"), SPAN("") }, SPAN("box"),
        SPAN("n"), SPAN("") };
    EXPECT_REFUSED(wire_put_password_set(&b, &nobody), REFUSED_IPC_TOO_LARGE);
    const WirePasswordReset boxed = { OWNER, { large, sizeof(large) }, SPAN("n") };
    EXPECT_REFUSED(wire_put_password_reset(&b, &boxed), REFUSED_IPC_TOO_LARGE);
    const WireLegacyRecord record = { SPAN("u"), SPAN("s"), { large, 33 } };
    EXPECT_REFUSED(wire_put_legacy_record(&b, &record), REFUSED_IPC_TOO_LARGE);
    EXPECT(b.size == 0);
}

TESTS(TEST(test_every_shape_goes_round_and_no_prefix_of_it_does), TEST(test_bounds_are_kept))
