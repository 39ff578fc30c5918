/* Goal: what is said about attached tables is taken as it was put; nothing short, oversize or
 * inconsistent is. Method: as in vault_wire_test.c. */
#include "ipc/attached_wire.h"

#include "ipc/wire_test.h"

static uint8_t wire_memory[8192];
static const uint8_t seal[WIRE_SEAL_BYTES] = { 1, 2, 3 };

static void test_every_shape_goes_round_and_no_prefix_of_it_does(void)
{
    ROUND_TRIP(attached_column, WireAttachedColumn, { ATTACHED_INT, true, SPAN("fuid") });
    ROUND_TRIP(attached_table, WireAttachedTable,
            { SPAN("pay@127.0.0.1"), SPAN("public.t_account"), SPAN("spki") });
    ROUND_TRIP(attached_status, WireAttachedStatus,
            { 4096, ATTACHED_SEALED, 5, 6, 7, SPAN("definition") });
    ROUND_TRIP(attached_head, WireAttachedHead, { { 1, 2 }, 3, 4, 4096 });
    ROUND_TRIP(attached_signed, WireAttachedSigned, { SPAN("message"), SPAN("signature") });
    ROUND_TRIP(attached_change, WireAttachedChange, { SPAN("old"), SPAN_OF(seal), SPAN("new") });
    ROUND_TRIP(attached_change, WireAttachedChange, { { NULL, 0 }, { NULL, 0 }, SPAN("new") });
    ROUND_TRIP(attached_claim, WireAttachedClaim,
            { false, true, false, 9, SPAN("image"), SPAN_OF(seal) });
    ROUND_TRIP(
            attached_claim, WireAttachedClaim, { true, false, true, 0, SPAN("key"), { NULL, 0 } });
    ROUND_TRIP(attached_verdict, WireAttachedVerdict, { 1165, true, 12 });
}

/* What is signed names the operation: the signature of an announcement is none of an outcome. */
static void test_what_is_signed(void)
{
    Buffer b = BUFFER_OF(wire_memory);
    EXPECT_OK(wire_attached_signed_bytes(VAULT_ATTACHED_RESOLVE, SPAN("m"), &b));
    EXPECT(span_equal(span_of_buffer(&b), SPAN("hufu-attached\x4am")));
    Buffer tight = { wire_memory, 0, 5 };
    EXPECT_REFUSED(wire_attached_signed_bytes(1, SPAN("m"), &tight), REFUSED_BUFFER_FULL);
    EXPECT(tight.size == 0);
}

static void test_bounds(void)
{
    Buffer b = BUFFER_OF(wire_memory);
    const WireAttachedColumn nameless = { ATTACHED_INT, true, { NULL, 0 } };
    const WireAttachedClaim half = { false, true, false, 9, SPAN("image"), SPAN("short seal") };
    EXPECT_REFUSED(wire_put_attached_column(&b, &nameless), REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(wire_put_attached_claim(&b, &half), REFUSED_IPC_TOO_LARGE);
    EXPECT(b.size == 0);
}

TESTS(TEST(test_every_shape_goes_round_and_no_prefix_of_it_does), TEST(test_what_is_signed),
        TEST(test_bounds))
