/* Goal: as vault_wire_test.c, for legal holds (LL-4.5.4). Method: the same. */
#include "ipc/hold_wire.h"

#include "ipc/wire_test.h"

static uint8_t wire_memory[8192];
static uint8_t large[WIRE_HOLD_TEXT_BYTES_MAX + 1];

static void test_every_shape_goes_round_and_no_prefix_of_it_does(void)
{
    ROUND_TRIP(legal_hold, WireLegalHold,
            { SPAN("house"), SPAN("wang"), SPAN("court"), SPAN("2026-17"), 42 });
    ROUND_TRIP(held_subject, WireHeldSubject, { SPAN("house"), SPAN("wang") });
}

static void test_bounds_are_kept(void)
{
    Buffer b = BUFFER_OF(wire_memory);
    const Span long_text = SPAN_OF(large);
    const WireLegalHold tenant = { long_text, SPAN("s"), SPAN("a"), SPAN("r"), 1 };
    const WireLegalHold reference = { SPAN("t"), SPAN("s"), SPAN("a"), long_text, 1 };
    const WireLegalHold nobody = { SPAN("t"), SPAN(""), SPAN("a"), SPAN("r"), 1 };
    EXPECT_REFUSED(wire_put_legal_hold(&b, &tenant), REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(wire_put_legal_hold(&b, &reference), REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(wire_put_legal_hold(&b, &nobody), REFUSED_IPC_TOO_LARGE);
    EXPECT(b.size == 0);
}

TESTS(TEST(test_every_shape_goes_round_and_no_prefix_of_it_does), TEST(test_bounds_are_kept))
