/* Goal: a cookie is found by its whole name, and not at all when somebody added another of it. */
#include "api/cookie.h"
#include "base/expect.h"

typedef struct Case {
    const char *header;
    const char *value; /* of "a" */
} Case;

static const Case cases[] = {
    { "", "" },
    { "a=1", "1" },
    { "b=2; a=1", "1" },
    { "b=2;a=1;c=3", "1" },
    { "a=", "" },
    { "a=1=2", "1=2" },
    { "aa=1", "" },
    { "A=1", "" },
    { "xa=1; ax=2", "" },
    { "a", "" },
    { "a=1; a=2", "" }, /* planted: neither counts */
    { "a=1; a=1", "" },
    { " a=1", "1" },
    { ";;a=1;;", "1" },
    { "b=\"; a=1", "1" },
};

static void test_cookies(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const Span value = cookie_named(span_of_text(cases[i].header), SPAN("a"));
        if (!span_equal(value, span_of_text(cases[i].value)))
            fprintf(stderr, "  '%s'\n", cases[i].header);
        EXPECT(span_equal(value, span_of_text(cases[i].value)));
    }
}

/* Of very many only the first are looked at; nothing is read behind the end. */
static void test_many(void)
{
    static char header[8 * 64];
    for (size_t i = 0; i < 64; i++)
        memcpy(header + 8 * i, i == 40 ? "a=12345;" : "b=12345;", 8);
    EXPECT(cookie_named(SPAN_OF(header), SPAN("a")).size == 0);
    memcpy(header + 8 * 30, "a=12345;", 8);
    EXPECT(span_equal(cookie_named(SPAN_OF(header), SPAN("a")), SPAN("12345")));
}

TESTS(TEST(test_cookies), TEST(test_many))
