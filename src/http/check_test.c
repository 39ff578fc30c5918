#include "http/check.h"

#include "base/expect.h"

static const HttpCheckLimits limits = { 8192, 65536, 64 };

static Status check(Span bytes, uint64_t *ret_requests)
{
    HttpCheck c = http_check_new(limits);
    const Status s = http_check_feed(&c, bytes);
    *ret_requests = c.requests;
    return s;
}

#define GOOD "POST /v3/pay?x=%20 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Y:  z \t\r\n\r\nabc"

static void test_good_requests_are_counted(void)
{
    uint64_t requests = 0;
    EXPECT_OK(check(SPAN(GOOD GOOD "GET / HTTP/1.1\r\nHost: a:80\r\n\r\n"), &requests));
    EXPECT(requests == 3);
    EXPECT_OK(check(SPAN("GET / HTTP/1.0\r\n\r\n"), &requests)); /* 1.0 needs no Host */
    EXPECT(requests == 1);
    EXPECT_OK(check(
            SPAN("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nEmpty:\r\n\r\n"), &requests));
    EXPECT(requests == 1);
}

/* Each of these passed evhttp 2.1.12-stable-8+deb12u1 or tells a smuggler's trick from RFC 9112
 * section 11. */
static void test_bad_requests_are_refused(void)
{
    static const struct {
        const char *text;
        size_t size;
        StatusCode code;
    } cases[] = {
#define HEAD "POST / HTTP/1.1\r\nHost: a\r\n"
#define CASE(text, code) { text, sizeof(text) - 1, REFUSED_HTTP_##code }
        CASE(HEAD "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", REQUEST_INVALID),
        CASE(HEAD "Content-Length: 3\r\ncontent-length: 3\r\n\r\n", REQUEST_INVALID),
        CASE(HEAD "Content-Length: +3\r\n\r\n", REQUEST_INVALID),
        CASE(HEAD "Content-Length: -3\r\n\r\n", REQUEST_INVALID),
        CASE(HEAD "Content-Length: 3 \r\n\r\n", REQUEST_INVALID),
        CASE(HEAD "Content-Length: 3,3\r\n\r\n", REQUEST_INVALID),
        CASE(HEAD "Content-Length: 0x3\r\n\r\n", REQUEST_INVALID),
        CASE(HEAD "Content-Length:\r\n\r\n", REQUEST_INVALID),
        CASE(HEAD "Content-Length : 3\r\n\r\n", REQUEST_INVALID),
        CASE(HEAD "Content-Length: 65537\r\n\r\n", TOO_LARGE),
        CASE(HEAD "Content-Length: 99999999999999999999999999\r\n\r\n", TOO_LARGE),
        CASE(HEAD "Transfer-Encoding: chunked\r\n\r\n", LENGTH_REQUIRED),
        CASE(HEAD "transfer-ENCODING: x\r\n\r\n", LENGTH_REQUIRED),
        CASE("GET / HTTP/1.1\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost:\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\r\n\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\n Host: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\r\nX: b\x7F\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\r\nX: \xE4\xB8\xAD\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1\r\nHost: a\r\nX(y): b\r\n\r\n", REQUEST_INVALID),
        CASE("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET /\xFF HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET * HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/2.0\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET / HTTP/1.2\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET / http/1.1\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("GET /\r\n\r\n", REQUEST_INVALID),
        CASE("get / HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_INVALID),
        CASE("\x16\x03\x01\x02", REQUEST_INVALID), /* TLS spoken to a plain port */
#undef CASE
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t requests = 0;
        const Status s = check((Span) { (const uint8_t *)cases[i].text, cases[i].size }, &requests);
        if (s.code != (int32_t)cases[i].code) fprintf(stderr, "case %zu\n", i);
        EXPECT_REFUSED(s, cases[i].code);
        EXPECT(requests == 0);
    }
}

static void test_split_does_not_matter(void)
{
    static const char text[] = GOOD "GET / HTTP/1.1\r\nHost: a\r\nX: b\0";
    for (size_t at = 0; at < sizeof(text); at++) {
        HttpCheck c = http_check_new(limits);
        const Status first = http_check_feed(&c, (Span) { (const uint8_t *)text, at });
        const Status second =
                http_check_feed(&c, (Span) { (const uint8_t *)text + at, sizeof(text) - 1 - at });
        EXPECT(status_ok(first) || at >= sizeof(text) - 1);
        EXPECT_REFUSED(second, REFUSED_HTTP_REQUEST_INVALID);
        EXPECT(c.requests == 1);
    }
}

static void test_stays_refused(void)
{
    HttpCheck c = http_check_new(limits);
    EXPECT_REFUSED(http_check_feed(&c, SPAN("x")), REFUSED_HTTP_REQUEST_INVALID);
    EXPECT_REFUSED(http_check_feed(&c, SPAN(GOOD)), REFUSED_HTTP_REQUEST_INVALID);
    EXPECT(c.requests == 0 && !http_check_idle(&c));
}

static void test_heads_are_bounded(void)
{
    HttpCheck c = http_check_new(limits);
    EXPECT_OK(http_check_feed(&c, SPAN("GET / HTTP/1.1\r\nHost: a\r\nX: ")));
    Status s = OK;
    size_t fed = 28;
    while (status_ok(s) && fed < 9000) {
        s = http_check_feed(&c, SPAN("x"));
        fed++;
    }
    EXPECT_REFUSED(s, REFUSED_HTTP_HEAD_TOO_LARGE);
    EXPECT(fed == 8192 + 1);

    c = http_check_new(limits);
    EXPECT_OK(http_check_feed(&c, SPAN("GET / HTTP/1.1\r\nHost: a\r\n")));
    for (int i = 0; i < 63; i++)
        EXPECT_OK(http_check_feed(&c, SPAN("X: y\r\n")));
    EXPECT_REFUSED(http_check_feed(&c, SPAN("X: y\r\n")), REFUSED_HTTP_HEAD_TOO_LARGE);
}

TESTS(TEST(test_good_requests_are_counted), TEST(test_bad_requests_are_refused),
        TEST(test_split_does_not_matter), TEST(test_stays_refused), TEST(test_heads_are_bounded))
