/* What may stand in the form fields of a signed request, and what is refused (LL-4.3.9). */
#include "message/envelope.h"

#include "base/expect.h"

#include <string.h>

static uint8_t memory_bytes[ENVELOPE_BYTES_MAX];

static const char good[] = "biz_content=%7B%22a%22%3A%22%e4%BA%BA+b%2B%22%7D&mchid=1900000001"
                           "&method=POST+/v3/x&nonce_str=n1&serial_no=S1&sign_type=RSA2"
                           "&timestamp=1767225600&sign=YWJj";

static Status parse(const char *form, Envelope *ret)
{
    Buffer memory = BUFFER_OF(memory_bytes);
    return envelope_parse(span_of_text(form), &memory, ret);
}

static void test_values_are_decoded_once(void)
{
    Envelope e = { 0 };
    EXPECT_OK(parse(good, &e));
    EXPECT(span_equal(e.content, SPAN("{\"a\":\"\xE4\xBA\xBA b+\"}")));
    EXPECT(span_equal(e.call, SPAN("POST /v3/x")));
    EXPECT(span_equal(e.who.mchid, SPAN("1900000001")) && e.who.timestamp_s == 1767225600);
    EXPECT(strcmp(e.who.profile->name, "sorted-rsa2") == 0);
}

/* `good` with the first `from` replaced. */
static Status changed(const char *from, const char *to)
{
    static char form[1024];
    Envelope e = { 0 };
    const char *at = strstr(good, from);
    ASSERT(at != NULL && strlen(good) + strlen(to) < sizeof(form));
    snprintf(form, sizeof(form), "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    return parse(form, &e);
}

static void test_each_field_exactly_once(void)
{
    static const char *const names[] = { "biz_content", "mchid", "method", "nonce_str", "serial_no",
        "sign_type", "timestamp", "sign=" };
    EXPECT_REFUSED(changed("&mchid=1900000001", ""), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(changed("&sign=YWJj", ""), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(changed("&sign=YWJj", "&sign=YWJj&sign=YWJj"), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(changed("&sign=YWJj", "&sign=YWJj&other=1"), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(changed("&sign=YWJj", "&sign=YWJj&"), REFUSED_ENVELOPE_FORMAT);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        EXPECT_REFUSED(changed(names[i], "zz="), REFUSED_ENVELOPE_FORMAT);
}

static void test_bytes_that_have_no_place(void)
{
    EXPECT_REFUSED(changed("%7B", "%7"), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(changed("%7B", "%zz"), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(changed("%7B", "%00"), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(changed("%7B", "%0A"), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(changed("%e4", "%ff"), REFUSED_ENVELOPE_FORMAT); /* not UTF-8 */
    EXPECT_REFUSED(changed("mchid=19", "mchid=1+9"), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(changed("nonce_str=n1", "nonce_str="), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(changed("nonce_str=n1", "nonce_str=n1%26serial_no=S"), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(changed("POST+/v3/x", "POST+/v3/x%26y"), REFUSED_ENVELOPE_FORMAT);
    EXPECT_OK(changed("%22a%22", "%22a%26%22"));
    EXPECT_REFUSED(changed("RSA2", "RSA"), REFUSED_AUTHORIZATION_SCHEME);
    EXPECT_REFUSED(changed("=1767225600", "=01767225600"), REFUSED_AUTHORIZATION_FORMAT);
}

static void test_more_than_fits(void)
{
    static char form[8 * ENVELOPE_BYTES_MAX];
    Envelope e = { 0 };
    memcpy(form, "biz_content=", 12);
    memset(form + 12, 'x', sizeof(form) - 13);
    EXPECT_REFUSED(parse(form, &e), REFUSED_ENVELOPE_FORMAT);
    memset(form, '&', sizeof(form) - 1);
    EXPECT_REFUSED(parse(form, &e), REFUSED_ENVELOPE_FORMAT);
    EXPECT_REFUSED(parse("", &e), REFUSED_ENVELOPE_FORMAT);
}

TESTS(TEST(test_values_are_decoded_once), TEST(test_each_field_exactly_once),
        TEST(test_bytes_that_have_no_place), TEST(test_more_than_fits))
