/* What may stand in a body that is signed whole, and what is refused (LL-4.3.9). */
#include "message/signed_body.h"

#include "base/expect.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

static uint8_t memory_bytes[ENVELOPE_BYTES_MAX];

static const char good[] = "{\"oid_partner\":\"1900000001\",\"serial_no\":\"S1\","
                           "\"timestamp\":\"20260101080000\",\"method\":\"POST /v3/x\","
                           "\"biz_content\":\"{\\\"a\\\":1}\",\"nonce_str\":\"n1\"}";

static Status parse(const char *body, Envelope *ret)
{
    Buffer memory = BUFFER_OF(memory_bytes);
    const SignedBody request = { span_of_text(body), SPAN("RSA2"), SPAN("YWJj"), 1, 1 };
    return signed_body_parse(&request, &memory, ret);
}

static void test_members_are_what_they_say(void)
{
    Envelope e = { 0 };
    EXPECT_OK(parse(good, &e));
    EXPECT(span_equal(e.content, SPAN("{\"a\":1}")) && span_equal(e.call, SPAN("POST /v3/x")));
    EXPECT(span_equal(e.who.mchid, SPAN("1900000001")) && span_equal(e.who.serial, SPAN("S1")));
    EXPECT(e.who.timestamp_s == 1767225600);
    EXPECT(e.who.nonce.size == 64 && strcmp(e.who.profile->name, "lianlian-rsa") == 0);
    EXPECT(span_equal(e.signed_body, span_of_text(good)));
    EXPECT_OK(parse("{\"oid_partner\":\"1\",\"serial_no\":\"S\",\"timestamp\":\"20260101080000\","
                    "\"method\":\"GET /v3/x\",\"biz_content\":\"\"}",
            &e));
    EXPECT(e.content.size == 0);
}

/* `good` with the first `from` replaced. */
static Status changed(const char *from, const char *to)
{
    static char body[1024];
    Envelope e = { 0 };
    const char *at = strstr(good, from);
    ASSERT(at != NULL && strlen(good) + strlen(to) < sizeof(body));
    snprintf(body, sizeof(body), "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    return parse(body, &e);
}

static void test_what_is_missing_or_no_text(void)
{
    static const char *const names[] = { "oid_partner", "serial_no", "timestamp", "method",
        "biz_content", "nonce_str" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        EXPECT_REFUSED(changed(names[i], "other"), REFUSED_PROFILE_BODY);
    EXPECT_REFUSED(changed("\"20260101080000\"", "20260101080000"), REFUSED_PROFILE_BODY);
    EXPECT_REFUSED(changed("20260101080000", "20260101T80000"), REFUSED_PROFILE_BODY);
    EXPECT_REFUSED(changed("20260101080000", "20260230080000"), REFUSED_PROFILE_BODY);
    EXPECT_REFUSED(changed("20260101080000", "2026010108000"), REFUSED_PROFILE_BODY);
    EXPECT_REFUSED(changed("1900000001", ""), REFUSED_PROFILE_BODY);
    EXPECT_REFUSED(changed("1900000001", "19 0"), REFUSED_PROFILE_BODY);
    EXPECT_REFUSED(changed("\"serial_no\":\"S1\"", "\"oid_partner\":\"2\""), REFUSED_PROFILE_BODY);
    EXPECT_REFUSED(changed("\"n1\"}", "\"n1\""), REFUSED_PROFILE_BODY);
    EXPECT_REFUSED(changed("{", "[{"), REFUSED_PROFILE_BODY);
}

static void test_headers_once_each(void)
{
    Envelope e = { 0 };
    Buffer memory = BUFFER_OF(memory_bytes);
    SignedBody r = { span_of_text(good), SPAN("RSA2"), SPAN("YWJj"), 0, 1 };
    EXPECT_REFUSED(signed_body_parse(&r, &memory, &e), REFUSED_AUTHORIZATION_MISSING);
    r.scheme_count = 2;
    EXPECT_REFUSED(signed_body_parse(&r, &memory, &e), REFUSED_AUTHORIZATION_FORMAT);
    r.scheme_count = 1;
    r.signature = SPAN("");
    EXPECT_REFUSED(signed_body_parse(&r, &memory, &e), REFUSED_AUTHORIZATION_FORMAT);
    r.signature = SPAN("YWJj");
    r.scheme = SPAN("MD5");
    EXPECT_REFUSED(signed_body_parse(&r, &memory, &e), REFUSED_AUTHORIZATION_SCHEME);
}

/* Two alike requests of one second are one: another nonce_str makes another digest. */
static void test_the_digest_is_the_nonce(void)
{
    Envelope e = { 0 };
    char first[65] = "";
    char body[512];
    EXPECT_OK(parse(good, &e));
    snprintf(first, sizeof(first), "%.*s", (int)e.who.nonce.size, (const char *)e.who.nonce.data);
    EXPECT_OK(parse(good, &e));
    EXPECT(span_equal(e.who.nonce, span_of_text(first)));
    snprintf(body, sizeof(body), "%s", good);
    *strstr(body, "n1") = 'm';
    EXPECT_OK(parse(body, &e));
    EXPECT(!span_equal(e.who.nonce, span_of_text(first)));
}

static void test_time_is_written_as_it_is_read(void)
{
    uint8_t bytes[14];
    Buffer text = BUFFER_OF(bytes);
    EXPECT_OK(signed_body_time(1767225600 * TIME_SECOND_US, &text));
    EXPECT(span_equal(span_of_buffer(&text), SPAN("20260101080000")));
}

TESTS(TEST(test_members_are_what_they_say), TEST(test_what_is_missing_or_no_text),
        TEST(test_headers_once_each), TEST(test_the_digest_is_the_nonce),
        TEST(test_time_is_written_as_it_is_read))
