/* Goal: as vault_wire_test.c, for the policy's payloads (TP-15). Method: the same. */
#include "ipc/policy_wire.h"

#include "ipc/wire_test.h"

static uint8_t wire_memory[8192];
static uint8_t large[WIRE_POLICY_BYTES_MAX + 1];

static void test_every_shape_goes_round_and_no_prefix_of_it_does(void)
{
    ROUND_TRIP(policy_book, WirePolicyBook, { 77, 3 });
    ROUND_TRIP(policy_set, WirePolicySet,
            { 9, 77, SPAN("ann"), SPAN("bob"), SPAN("because"), SPAN("blob") });
    ROUND_TRIP(expiry_name, WireExpiryName, { SPAN("payer"), SPAN("bank") });
    ROUND_TRIP(expiry_grant, WireExpiryGrant, { SPAN("payer"), SPAN("bank"), { 1 }, { 2 }, 77 });
    ROUND_TRIP(expiry_look, WireExpiryLook, { true, 77, { 1 }, { 2 }, SPAN("ann"), SPAN("bob") });
    ROUND_TRIP(expiry_page, WireExpiryPage, { 300, 128, false });
    ROUND_TRIP(expiry_listed, WireExpiryListed,
            { true, false, 77, SPAN("payer"), SPAN("bank"), SPAN("ann"), SPAN("bob") });
}

static void test_bounds_are_kept(void)
{
    Buffer b = BUFFER_OF(wire_memory);
    const WirePolicySet set = { 1, 1, SPAN("a"), SPAN("b"), SPAN("c"), { large, sizeof(large) } };
    EXPECT_REFUSED(wire_put_policy_set(&b, &set), REFUSED_IPC_TOO_LARGE);
    const WireExpiryName nobody = { SPAN(""), SPAN("bank") };
    EXPECT_REFUSED(wire_put_expiry_name(&b, &nobody), REFUSED_IPC_TOO_LARGE);
    const WireExpiryName longer = { SPAN("p"), { large, WIRE_EXPIRY_NAME_BYTES_MAX + 1 } };
    EXPECT_REFUSED(wire_put_expiry_name(&b, &longer), REFUSED_IPC_TOO_LARGE);
    EXPECT(b.size == 0);
}

TESTS(TEST(test_every_shape_goes_round_and_no_prefix_of_it_does), TEST(test_bounds_are_kept))
