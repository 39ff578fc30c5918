#include "http/list.h"

#include "base/expect.h"

static void test_blanks_go_from_both_ends(void)
{
    EXPECT(span_equal(http_trim(SPAN(" \t a b\t ")), SPAN("a b")));
    EXPECT(http_trim(SPAN(" \t ")).size == 0);
    EXPECT(http_trim((Span) { NULL, 0 }).size == 0);
}

static void test_a_list_has_whole_items_alone(void)
{
    EXPECT(http_list_has(SPAN("close"), "close"));
    EXPECT(http_list_has(SPAN("Upgrade, CLOSE"), "close"));
    EXPECT(http_list_has(SPAN("close\t,x"), "close"));
    EXPECT(http_list_has(SPAN(",, close"), "close"));
    EXPECT(!http_list_has(SPAN(""), "close"));
    EXPECT(!http_list_has(SPAN("keep-alive"), "close"));
    EXPECT(!http_list_has(SPAN("closed, unclose"), "close"));
    EXPECT(!http_list_has(SPAN("close;x, clo se"), "close"));
}

TESTS(TEST(test_blanks_go_from_both_ends), TEST(test_a_list_has_whole_items_alone))
