/* Goal: as vault_wire_test.c, for vaultd's people (TP-15). Method: the same. */
#include "ipc/operator_wire.h"

#include "ipc/wire_test.h"

static uint8_t wire_memory[8192];
static uint8_t large[WIRE_OPERATOR_KEY_BYTES_MAX + 1];

static void test_every_shape_goes_round_and_no_prefix_of_it_does(void)
{
    ROUND_TRIP(operator, WireOperator, { SPAN("dan"), SPAN("key"), SPAN("S-1017"), DUTY_KEYS });
    ROUND_TRIP(operator_facts, WireOperatorFacts,
            { SPAN("dan"), SPAN("P-256"), { 3 }, DUTIES_ALL, true, false, 5, 6 });
}

static void test_bounds_are_kept(void)
{
    Buffer b = BUFFER_OF(wire_memory);
    const WireOperator nobody = { SPAN(""), SPAN("key"), SPAN("S-1"), DUTY_KEYS };
    const WireOperator name = { SPAN_OF(large), SPAN("key"), SPAN("S-1"), DUTY_KEYS };
    const WireOperator key = { SPAN("dan"), SPAN_OF(large), SPAN("S-1"), DUTY_KEYS };
    const WireOperator person = { SPAN("dan"), SPAN("key"), SPAN_OF(large), DUTY_KEYS };
    EXPECT_REFUSED(wire_put_operator(&b, &nobody), REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(wire_put_operator(&b, &name), REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(wire_put_operator(&b, &key), REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(wire_put_operator(&b, &person), REFUSED_IPC_TOO_LARGE);
    EXPECT(b.size == 0);
}

static void test_duties_have_names(void)
{
    uint32_t all = 0;
    for (unsigned i = 0; i < WIRE_DUTIES; i++) {
        const uint32_t duty = wire_duty_of(span_of_text(wire_duty_name(i)));
        EXPECT(duty == (uint32_t)1 << i);
        all |= duty;
    }
    EXPECT(all == DUTIES_ALL);
    EXPECT(wire_duty_name(WIRE_DUTIES) == NULL);
    EXPECT(wire_duty_of(SPAN("everything")) == 0 && wire_duty_of(SPAN("")) == 0);
}

TESTS(TEST(test_every_shape_goes_round_and_no_prefix_of_it_does), TEST(test_bounds_are_kept),
        TEST(test_duties_have_names))
