/* Goal: as vault_wire_test.c, for sensitive fields (TP-8). Method: the same. */
#include "ipc/field_wire.h"

#include "ipc/wire_test.h"

static uint8_t wire_memory[16 * 1024];
static uint8_t large[WIRE_SECRET_BYTES_MAX + 1];

static void test_every_shape_goes_round_and_no_prefix_of_it_does(void)
{
    ROUND_TRIP(batch_head, WireBatchHead, { SPAN("shop"), { 1, 2 }, 104, 20, 1 });
    ROUND_TRIP(session, WireSession, { { 9 }, 77, 1000 });
    ROUND_TRIP(subject, WireSubject, { SPAN("payer"), SPAN("wrapped") });
    ROUND_TRIP(subject_answer, WireSubjectAnswer, { 1133, SPAN("wrapped") });
    ROUND_TRIP(field_item, WireFieldItem, { 3, 4, SPAN("secret"), SPAN("row") });
    ROUND_TRIP(indexes, WireIndexes, { 2, { 1 }, 1, { 2 } });
    ROUND_TRIP(protected, WireProtected,
            { SPAN("sealed"), SPAN("token"), SPAN("mask"), { 2, { 1 }, 1, { 2 } } });
    ROUND_TRIP(sealed_field, WireSealedField, { 1, SPAN("row"), SPAN("sealed"), 2 });
    ROUND_TRIP(rewrapped, WireRewrapped, { SPAN("sealed"), { 2, { 1 }, 0, { 0 } } });
    ROUND_TRIP(subject_name, WireSubjectName, { SPAN("shop"), SPAN("payer") });
    ROUND_TRIP(turn, WireTurn, { SPAN("shop"), SPAN("payer"), SPAN("wrapped") });
    ROUND_TRIP(reveal, WireReveal,
            { SPAN("shop"), 104, 20, 1, SPAN("row"), SPAN("payer"), SPAN("wrapped"), SPAN("sealed"),
                    SPAN("bank"), REVEAL_BANK_CHANNEL, SPAN("settlement") });
    ROUND_TRIP(receiver, WireReceiver, { SPAN("bank"), SPAN("spki"), 6, 10, 1 });
    ROUND_TRIP(reveal_record, WireRevealRecord,
            { 1, 2, 0, SPAN("shop"), 104, 20, 1, SPAN("row"), { 8 }, SPAN("bank"), 1,
                    SPAN("settlement"), SPAN("ann"), SPAN("bob") });
    ROUND_TRIP(reveal_head, WireRevealHead, { 3, 2, { 1 } });
    ROUND_TRIP(legacy_key, WireLegacyKey, { SPAN("shop"), LEGACY_3DES_CBC, SPAN("box") });
    ROUND_TRIP(legacy_item, WireLegacyItem, { 1, SPAN("12345678"), SPAN("cipher"), SPAN("row") });
}

static void test_sizes_have_limits(void)
{
    Buffer b = BUFFER_OF(wire_memory);
    const WireFieldItem item = { 0, 0, SPAN_OF(large), { NULL, 0 } };
    EXPECT_REFUSED(wire_put_field_item(&b, &item), REFUSED_IPC_TOO_LARGE);
    const WireSubject subject = { { large, WIRE_SUBJECT_BYTES_MAX + 1 }, { NULL, 0 } };
    EXPECT_REFUSED(wire_put_subject(&b, &subject), REFUSED_IPC_TOO_LARGE);
    const WireSubject nobody = { { NULL, 0 }, { NULL, 0 } };
    EXPECT_REFUSED(wire_put_subject(&b, &nobody), REFUSED_IPC_TOO_LARGE);
    const WireBatchHead head = { .tenant = { large, FIELD_TENANT_BYTES_MAX + 1 } };
    EXPECT_REFUSED(wire_put_batch_head(&b, &head), REFUSED_IPC_TOO_LARGE);
    EXPECT(b.size == 0);
    EXPECT_REFUSED(field_item_aad(1, (Span) { large, WIRE_SUBJECT_BYTES_MAX + 1 }, SPAN(""), &b),
            REFUSED_IPC_TOO_LARGE);
}

/* Nothing of one part of what is authenticated can slide into its neighbour. */
static void test_what_an_item_says_has_one_reading(void)
{
    uint8_t first_memory[128];
    uint8_t second_memory[128];
    Buffer first = BUFFER_OF(first_memory);
    Buffer second = BUFFER_OF(second_memory);
    EXPECT_OK(field_item_aad(104, SPAN("ab"), SPAN("c"), &first));
    EXPECT_OK(field_item_aad(104, SPAN("a"), SPAN("bc"), &second));
    EXPECT(!span_equal(span_of_buffer(&first), span_of_buffer(&second)));
    WireReveal a = { .tenant = SPAN("s"), .row_key = SPAN("12"), .receiver = SPAN("3") };
    WireReveal b = { .tenant = SPAN("s"), .row_key = SPAN("1"), .receiver = SPAN("23") };
    first.size = second.size = 0;
    static const uint8_t sealed[WIRE_HASH_BYTES] = { 1 };
    static const uint8_t another[WIRE_HASH_BYTES] = { 2 };
    EXPECT_OK(wire_reveal_message(&a, sealed, &first));
    EXPECT_OK(wire_reveal_message(&b, sealed, &second));
    EXPECT(!span_equal(span_of_buffer(&first), span_of_buffer(&second)));
    second.size = 0;
    EXPECT_OK(wire_reveal_message(&a, another, &second));
    EXPECT(!span_equal(span_of_buffer(&first), span_of_buffer(&second)));
}

TESTS(TEST(test_every_shape_goes_round_and_no_prefix_of_it_does), TEST(test_sizes_have_limits),
        TEST(test_what_an_item_says_has_one_reading))
