/* Goal: as vault_wire_test.c, for signed requests of operators (TP-15). Method: the same; and each
 * part of what is signed changes it. */
#include "ipc/admin_wire.h"

#include "ipc/wire_test.h"

static uint8_t wire_memory[8192];
static uint8_t large[WIRE_ADMIN_TEXT_BYTES_MAX + 1];

#define REQUEST                                                                          \
    {                                                                                    \
        SPAN("alice"), 42, SPAN("0123456789abcdef"), SPAN("{\"operation\":\"status\"}"), \
                SPAN("signature")                                                        \
    }

static void test_it_goes_round_and_no_prefix_of_it_does(void)
{
    ROUND_TRIP(admin_request, WireAdminRequest, REQUEST);
}

static void test_bounds_are_kept(void)
{
    Buffer b = BUFFER_OF(wire_memory);
    WireAdminRequest wrong[] = { REQUEST, REQUEST, REQUEST, REQUEST, REQUEST };
    wrong[0].as = (Span) { large, WIRE_ADMIN_NAME_BYTES_MAX + 1 };
    wrong[1].nonce = SPAN("0123456789abcde");
    wrong[2].request = SPAN_OF(large);
    wrong[3].signature = SPAN("");
    wrong[4].as = SPAN("");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        EXPECT_REFUSED(wire_put_admin_request(&b, &wrong[i]), REFUSED_IPC_TOO_LARGE);
    EXPECT(b.size == 0);
}

static void test_what_is_signed_is_all_of_it(void)
{
    uint8_t message_bytes[256];
    Buffer message = BUFFER_OF(message_bytes);
    const WireAdminRequest right = REQUEST;
    WireAdminRequest others[] = { REQUEST, REQUEST, REQUEST, REQUEST };
    others[0].as = SPAN("alicf");
    others[1].at_us = 43;
    others[2].nonce = SPAN("0123456789abcdeg");
    others[3].request = SPAN("{\"operation\":\"statut\"}");
    EXPECT_OK(wire_admin_message(&right, &message));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        Buffer other = BUFFER_OF(wire_memory);
        EXPECT_OK(wire_admin_message(&others[i], &other));
        EXPECT(!span_equal(span_of_buffer(&message), span_of_buffer(&other)));
    }
    WireAdminRequest resigned = REQUEST;
    Buffer same = BUFFER_OF(wire_memory);
    resigned.signature = SPAN("another");
    EXPECT_OK(wire_admin_message(&resigned, &same));
    EXPECT(span_equal(span_of_buffer(&message), span_of_buffer(&same)));
}

TESTS(TEST(test_it_goes_round_and_no_prefix_of_it_does), TEST(test_bounds_are_kept),
        TEST(test_what_is_signed_is_all_of_it))
