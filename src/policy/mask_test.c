/* TP-11: only the last four digits of a number are shown. */
#include "policy/mask.h"

#include "base/expect.h"

static void test_last_four_are_kept_in_groups(void)
{
    uint8_t bytes[64];
    Buffer text = BUFFER_OF(bytes);
    EXPECT_OK(mask_number(SPAN("9555123456781234"), &text)); /* the example of TP-11 */
    EXPECT(span_equal(span_of_buffer(&text), SPAN("**** **** **** 1234")));
    text.size = 0;
    EXPECT_OK(mask_number(SPAN("6222021234567890123"), &text));
    EXPECT(span_equal(span_of_buffer(&text), SPAN("*** **** **** **** 0123")));
}

static void test_other_input_is_refused_and_nothing_is_shown(void)
{
    uint8_t bytes[64] = { 0 };
    Buffer text = BUFFER_OF(bytes);
    EXPECT_REFUSED(mask_number(SPAN("1234567"), &text), REFUSED_NUMBER_INVALID);
    EXPECT_REFUSED(mask_number(SPAN("95551234x6781234"), &text), REFUSED_NUMBER_INVALID);
    Buffer small = { bytes, 0, 10 };
    EXPECT_REFUSED(mask_number(SPAN("9555123456781234"), &small), REFUSED_BUFFER_FULL);
    EXPECT(text.size == 0 && small.size == 0);
}

TESTS(TEST(test_last_four_are_kept_in_groups),
        TEST(test_other_input_is_refused_and_nothing_is_shown))
