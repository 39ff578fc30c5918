/*
 * Goal: whatever stands in an id, a reason or a title, the page shows it and does nothing with it
 * (TP-16: people sign what they read). Method: hostile strings, byte by byte.
 */
#include "base/expect.h"
#include "report/page.h"

static uint8_t memory[64 * 1024];

static Span shown(Span text)
{
    static Buffer html;
    html = BUFFER_OF(memory);
    Page page = page_of(&html, REPORT_BOTH);
    page_text(&page, text);
    ASSERT(status_ok(page.status));
    return span_of_buffer(&html);
}

static bool holds(Span html, const char *text)
{
    const Span wanted = span_of_text(text);
    for (size_t i = 0; i + wanted.size <= html.size; i++)
        if (span_equal((Span) { html.data + i, wanted.size }, wanted)) return true;
    return false;
}

static void test_markup_is_escaped(void)
{
    EXPECT(span_equal(shown(SPAN("<script>alert('x')</script>")),
            SPAN("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;")));
    EXPECT(span_equal(shown(SPAN("\" onclick=\"a&b")), SPAN("&quot; onclick=&quot;a&amp;b")));
    EXPECT(span_equal(shown(SPAN("虎符 p17")), SPAN("虎符 p17")));
}

/* What cannot be seen, or shows another order than it has, becomes a visible mark. */
static void test_what_cannot_be_seen_is_marked(void)
{
    static const char *const hidden[] = { "\x01", "\x1B", "\x7F", "\xC2\x85", "\xE2\x80\x8B",
        "\xE2\x80\xAE", "\xE2\x81\xA6", "\xEF\xBB\xBF", "\n" };
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        const Span html = shown(span_of_text(hidden[i]));
        EXPECT(holds(html, "\xEF\xBF\xBD") && !holds(html, hidden[i]));
        EXPECT(span_is_utf8(html));
    }
}

/* Every byte alone, and every byte behind the head of a longer character: always valid text. */
static void test_every_byte_comes_out_as_text(void)
{
    for (int head = 0; head < 256; head++) {
        for (int byte = 0; byte < 256; byte++) {
            const uint8_t text[] = { (uint8_t)head, (uint8_t)byte, '<' };
            const Span html = shown(SPAN_OF(text));
            EXPECT(span_is_utf8(html) && holds(html, "&lt;"));
            EXPECT(memchr(html.data, '<', html.size) == NULL);
        }
    }
}

/* Nothing is fetched, nothing runs; one language alone has none of the other. */
static void test_a_document_stands_alone(void)
{
    Buffer html = BUFFER_OF(memory);
    Page page = page_of(&html, REPORT_ENGLISH);
    page_begin(&page, SPAN("</title><script>"));
    page_paragraph(&page, (ReportText) { "said", "说" });
    EXPECT_OK(page_end(&page));
    const Span all = span_of_buffer(&html);
    EXPECT(holds(all, "&lt;/title&gt;&lt;script&gt;") && !holds(all, "<script"));
    EXPECT(!holds(all, "src=") && !holds(all, "url(") && !holds(all, "@import"));
    EXPECT(holds(all, "default-src 'none'") && holds(all, "said") && !holds(all, "说"));
}

static Span exported(DataClass class, Span text)
{
    static Buffer html;
    html = BUFFER_OF(memory);
    Page page = page_of(&html, REPORT_ENGLISH);
    page_export(&page, class, text);
    ASSERT(status_ok(page.status));
    return span_of_buffer(&html);
}

/* The layer export, for auditors, by the policy in force (TP-8, TP-11, LL-4.5.2): clear, masked, or
 * not at all; escaped in any case. */
static void test_the_policy_decides_what_is_printed(void)
{
    EXPECT(span_equal(exported(CLASS_PUBLIC, SPAN("a<b")), SPAN("a&lt;b")));
    EXPECT(span_equal(exported(CLASS_IDENTITY, SPAN("operator/alice")), SPAN("operator/alice")));
    EXPECT(span_equal(exported(CLASS_CARD, SPAN("4111111111111111")), SPAN("**** **** **** 1111")));
    EXPECT(!holds(exported(CLASS_CARD, SPAN("no card")), "no card"));
    EXPECT(span_equal(exported(CLASS_EMAIL, SPAN("wang@example.com")), SPAN("w***@example.com")));
    static const DataClass never[] = { CLASS_PROHIBITED, CLASS_PIN, CLASS_PASSWORD,
        CLASS_SIGNING_KEY, CLASS_ONE_TIME_CODE, CLASS_BIOMETRIC, CLASS_CARD_EXPIRY,
        CLASS_SECOND_FACTOR };
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        EXPECT(span_equal(exported(never[i], SPAN("0931")), SPAN("(withheld)")));
    EXPECT(span_equal(exported((DataClass)9999, SPAN("x")), SPAN("(withheld)")));
    EXPECT(span_equal(exported(CLASS_FREE_TEXT, SPAN("repaired")), SPAN("repaired")));
    EXPECT(span_equal(
            exported(CLASS_FREE_TEXT, SPAN("card 4111 1111 1111 1111")), SPAN("(withheld)")));
}

static void test_a_full_page_is_refused(void)
{
    uint8_t small[256];
    Buffer html = BUFFER_OF(small);
    Page page = page_of(&html, REPORT_BOTH);
    page_begin(&page, SPAN("t"));
    EXPECT_REFUSED(page_end(&page), REFUSED_REPORT_TOO_LARGE);
}

TESTS(TEST(test_markup_is_escaped), TEST(test_what_cannot_be_seen_is_marked),
        TEST(test_every_byte_comes_out_as_text), TEST(test_a_document_stands_alone),
        TEST(test_the_policy_decides_what_is_printed), TEST(test_a_full_page_is_refused))
