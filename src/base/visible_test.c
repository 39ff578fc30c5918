/* Goal: a text that people agree to is what they see. Method: characters beside the edges. */
#include "base/visible.h"

#include "base/expect.h"

static void test_what_is_seen(void)
{
    static const char *const seen[] = { " ~", "\xC2\xA0", "\xC3\xA9", "\xE6\x88\xB7\xE9\x83\xA8",
        "\xE2\x80\x8A", "\xE2\x80\x90", "\xE2\x80\xA7", "\xE2\x80\xAF", "\xE2\x81\x9F",
        "\xE2\x81\xB0", "\xF0\x9F\x90\x85" };
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
        EXPECT(visible_text(span_of_text(seen[i])));
    EXPECT(visible_text(SPAN("")));
    EXPECT(visible_bytes(SPAN("\xE6\x88\xB7x")) == 3);
}

static void test_what_is_not(void)
{
    static const char *const unseen[] = { "\x1B[2J", "\n", "\x7F", "\xC2\x80", "\xC2\x9B",
        "\xC2\x9F", "\xC2\xAD", "\xE2\x80\x8B", "\xE2\x80\x8F", "\xE2\x80\xA8", "\xE2\x80\xAE",
        "\xE2\x81\xA0", "\xE2\x81\xA6", "\xE2\x81\xAF", "\xEF\xBB\xBF", "\x80", "\xC2", "\xE2\x80",
        "\xC0\x80", "\xED\xA0\x80" };
    for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
        EXPECT(visible_bytes(span_of_text(unseen[i])) == 0);
        EXPECT(!visible_text(span_of_text(unseen[i])));
    }
    EXPECT(!visible_text(SPAN("court order\xE2\x80\xAE 7")));
}

TESTS(TEST(test_what_is_seen), TEST(test_what_is_not))
