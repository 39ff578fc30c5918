/* Goal: what is put is taken; nothing short, oversize or inconsistent is. Method: one value of each
 * shape, cut at every length and with every bound stepped over. */
#include "ipc/wire_test.h"

static uint8_t wire_memory[WIRE_LEAF_BYTES_MAX + 4096];
static uint8_t large[WIRE_LEAF_BYTES_MAX + 1];
static const uint8_t seal[WIRE_SEAL_BYTES] = { 1, 2, 3 };

static void test_every_shape_goes_round_and_no_prefix_of_it_does(void)
{
    ROUND_TRIP(claim, WireClaim, { false, SPAN("image"), SPAN_OF(seal) });
    ROUND_TRIP(claim, WireClaim, { true, SPAN("key"), { NULL, 0 } });
    ROUND_TRIP(change, WireChange, { SPAN("old"), SPAN_OF(seal), SPAN("new") });
    ROUND_TRIP(change, WireChange, { { NULL, 0 }, { NULL, 0 }, SPAN("new") });
    ROUND_TRIP(draft_head, WireDraftHead, { 3, -4, 5, SPAN("events") });
    ROUND_TRIP(sealed, WireSealed, { { 1 }, { 2 }, { 3 }, SPAN("leaf") });
    ROUND_TRIP(sign_item, WireSignItem, { WIRE_SIGN_SM2, 2, SPAN("message") });
    ROUND_TRIP(public_key, WirePublicKey,
            { SPAN("platform-rsa"), 2, 4, 5, 0, SPAN("der"), SPAN("note") });
    ROUND_TRIP(scan_row, WireScanRow, { SPAN("image"), SPAN_OF(seal) });
    ROUND_TRIP(roll, WireRoll, { 3, 4 });
    ROUND_TRIP(roll_page, WireRollPage, { 5, 6, true });
    ROUND_TRIP(pin_check, WirePinCheck,
            { SPAN("box"), SPAN("pay"), SPAN("1900000109"), SPAN("T1"), 100, SPAN("payer"),
                    SPAN("nonce"), SPAN("verifier"), 1234567 });
    ROUND_TRIP(pin_set, WirePinSet, { SPAN("box"), SPAN("payer"), SPAN("nonce"), 7, SPAN("old") });
    ROUND_TRIP(box_key, WireBoxKey,
            { 20260131, 1, 99, SPAN("public"), SPAN("signature"), SPAN("before") });
    ROUND_TRIP(key_facts, WireKeyFacts,
            { SPAN("seal"), SPAN("HMAC-SHA256"), 2, 3, 0, SPAN("5F3C"), 1, 7, 9 });
    ROUND_TRIP(approval, WireApproval,
            { SPAN("alice"), SPAN("release-row"), SPAN("subject"), SPAN("reason"), 8,
                    SPAN("0123456789abcdef"), SPAN("signature"), WIRE_SIGNATURE_RAW });
    ROUND_TRIP(status, WireStatus, { SPAN("development"), true, false, 9, 10, 11, { 12 }, 13, 14 });
}

static void test_layout_of_a_change_is_the_documented_one(void)
{
    const uint8_t wanted[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 'n', 'w' };
    Buffer b = BUFFER_OF(wire_memory);
    EXPECT_OK(wire_put_change(&b, &(WireChange) { .new_image = SPAN("nw") }));
    EXPECT(span_equal(span_of_buffer(&b), SPAN_OF(wanted)));
}

static void test_values_that_make_no_sense_are_neither_put_nor_taken(void)
{
    Buffer b = BUFFER_OF(wire_memory);
    const Span key_over = { large, ROW_KEY_BYTES_MAX + 1 };
    const Span image_over = { large, ROW_IMAGE_BYTES_MAX + 1 };
    const Span short_seal = { seal, WIRE_SEAL_BYTES - 1 };
    EXPECT_REFUSED(wire_put_claim(&b, &(WireClaim) { true, SPAN("k"), SPAN_OF(seal) }),
            REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(
            wire_put_claim(&b, &(WireClaim) { true, key_over, { 0 } }), REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(
            wire_put_claim(&b, &(WireClaim) { false, image_over, { 0 } }), REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(wire_put_claim(&b, &(WireClaim) { false, { 0 }, { 0 } }), REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(wire_put_claim(&b, &(WireClaim) { false, SPAN("i"), short_seal }),
            REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(wire_put_change(&b, &(WireChange) { { 0 }, SPAN_OF(seal), SPAN("n") }),
            REFUSED_IPC_TOO_LARGE);
    EXPECT_REFUSED(wire_put_change(&b, &(WireChange) { SPAN("o"), SPAN_OF(seal), { 0 } }),
            REFUSED_IPC_TOO_LARGE);
    EXPECT(b.size == 0);

    EXPECT_OK(wire_put_claim(&b, &(WireClaim) { false, SPAN("image"), SPAN_OF(seal) }));
    WireClaim claim;
    for (int flag = 1; flag < 256; flag++) { /* 1: absent with a seal; 2..: no truth value */
        wire_memory[0] = (uint8_t)flag;
        Cursor c = cursor_of(span_of_buffer(&b));
        EXPECT_REFUSED(wire_take_claim(&c, &claim), REFUSED_IPC_FORMAT);
    }
}

static void test_lengths_beyond_their_bound_are_refused_although_the_bytes_are_there(void)
{
    Buffer b = BUFFER_OF(wire_memory);
    EXPECT_OK(buffer_put_u8(&b, WIRE_SIGN_RSA));
    EXPECT_OK(buffer_put_u32(&b, 0));
    EXPECT_OK(buffer_put_framed(&b, (Span) { large, WIRE_MESSAGE_BYTES_MAX + 1 }));
    Cursor c = cursor_of(span_of_buffer(&b));
    WireSignItem item;
    EXPECT_REFUSED(wire_take_sign_item(&c, &item), REFUSED_IPC_FORMAT);
}

static void test_counts_are_bounded_by_their_max_and_by_the_bytes_that_follow(void)
{
    Buffer b = BUFFER_OF(wire_memory);
    uint32_t count = 0;
    EXPECT_REFUSED(wire_put_count(&b, 5, 4), REFUSED_IPC_TOO_LARGE);
    EXPECT_OK(wire_put_count(&b, 4, 4));
    Cursor c = cursor_of(span_of_buffer(&b));
    EXPECT_REFUSED(wire_take_count(&c, 4, &count), REFUSED_IPC_FORMAT); /* nothing follows */
    EXPECT_OK(buffer_put(&b, SPAN("abcd")));
    c = cursor_of(span_of_buffer(&b));
    EXPECT_REFUSED(wire_take_count(&c, 3, &count), REFUSED_IPC_FORMAT);
    EXPECT_OK(wire_take_count(&c, 4, &count));
    EXPECT(count == 4 && c.rest.size == 4);
}

static void test_approval_message_tells_neighbours_apart(void)
{
    uint8_t one[WIRE_APPROVAL_BYTES_MAX];
    uint8_t two[WIRE_APPROVAL_BYTES_MAX];
    Buffer a = BUFFER_OF(one);
    Buffer b = BUFFER_OF(two);
    EXPECT_OK(wire_approval_message(
            &(WireApproval) { .subject = SPAN("ab"), .reason = SPAN("c") }, &a));
    EXPECT_OK(wire_approval_message(
            &(WireApproval) { .subject = SPAN("a"), .reason = SPAN("bc") }, &b));
    EXPECT(a.size == b.size && !span_equal(span_of_buffer(&a), span_of_buffer(&b)));
    const Span over = { large, WIRE_TEXT_BYTES_MAX + 1 };
    const size_t before = a.size;
    EXPECT_REFUSED(
            wire_approval_message(&(WireApproval) { .reason = over }, &a), REFUSED_IPC_TOO_LARGE);
    EXPECT(a.size == before);
}

TESTS(TEST(test_every_shape_goes_round_and_no_prefix_of_it_does),
        TEST(test_layout_of_a_change_is_the_documented_one),
        TEST(test_values_that_make_no_sense_are_neither_put_nor_taken),
        TEST(test_lengths_beyond_their_bound_are_refused_although_the_bytes_are_there),
        TEST(test_counts_are_bounded_by_their_max_and_by_the_bytes_that_follow),
        TEST(test_approval_message_tells_neighbours_apart))
