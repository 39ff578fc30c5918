/*
 * Goal: behind a proxy that we trust each client is himself, and nobody can make himself another
 * (LL-4.5.3: where somebody came from stands in the log). Method: lists as proxies write them and
 * as liars do, from peers that are trusted and that are not; each prefix and its neighbours.
 */
#include "base/expect.h"
#include "http/proxies.h"

#include <stdio.h>

static HttpProxies ours(void)
{
    HttpProxies proxies = { .count = 0 };
    ASSERT(status_ok(http_proxies_add(&proxies, SPAN("127.0.0.1"))));
    ASSERT(status_ok(http_proxies_add(&proxies, SPAN("10.1.0.0/16"))));
    ASSERT(status_ok(http_proxies_add(&proxies, SPAN("2001:db8:7::/48"))));
    return proxies;
}

static bool is(const HttpProxies *proxies, const char *peer, const char *list, const char *wanted)
{
    char client[HTTP_ADDRESS_TEXT_MAX];
    const Span lists[] = { span_of_text(list) };
    http_proxies_client(proxies, peer, lists, 1, client);
    if (strcmp(client, wanted) == 0) return true;
    fprintf(stderr, "  %s '%s': %s, not %s\n", peer, list, client, wanted);
    return false;
}

static void test_the_last_that_is_no_proxy(void)
{
    const HttpProxies p = ours();
    EXPECT(is(&p, "127.0.0.1", "203.0.113.7", "203.0.113.7"));
    EXPECT(is(&p, "10.1.255.255", "203.0.113.7", "203.0.113.7"));
    EXPECT(is(&p, "2001:db8:7::1", "203.0.113.7, 10.1.2.3,127.0.0.1", "203.0.113.7"));
    EXPECT(is(&p, "::ffff:127.0.0.1", " 203.0.113.7\t", "203.0.113.7"));
    EXPECT(is(&p, "127.0.0.1", "2001:DB8:0:0::9", "2001:db8::9")); /* one form each */
    EXPECT(is(&p, "127.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"));
    EXPECT(is(&p, "127.0.0.1", "10.1.2.3, 10.1.2.4", "10.1.2.3")); /* a proxy asks for itself */
}

/* Whatever he writes himself stands left of what our proxy saw. */
static void test_nobody_is_somebody_else(void)
{
    const HttpProxies p = ours();
    EXPECT(is(&p, "127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"));
    EXPECT(is(&p, "127.0.0.1", "198.51.100.1, 127.0.0.1, 203.0.113.7, 10.1.0.1", "203.0.113.7"));
    EXPECT(is(&p, "127.0.0.1", "nonsense, 203.0.113.7", "203.0.113.7"));
    EXPECT(is(&p, "198.51.100.9", "203.0.113.7", "198.51.100.9")); /* no proxy of ours */
    EXPECT(is(&p, "10.2.0.1", "203.0.113.7", "10.2.0.1"));
    EXPECT(is(&p, "127.0.0.2", "203.0.113.7", "127.0.0.2"));
    EXPECT(is(&p, "2001:db8:8::1", "203.0.113.7", "2001:db8:8::1"));
    EXPECT(is(&p, "", "203.0.113.7", ""));
    const HttpProxies none = { .count = 0 };
    EXPECT(is(&none, "127.0.0.1", "203.0.113.7", "127.0.0.1"));
}

static void test_garbage_is_the_proxy(void)
{
    static const char *const garbage[] = { "", ",", " ", "203.0.113.7:443", "[2001:db8::9]",
        "fe80::1%eth0", "203.0.113", "203.0.113.256", "unknown", "203.0.113.7,", "198.51.100.1, x",
        "203.0.113.7 198.51.100.1", "for=203.0.113.7",
        "11111111111111111111111111111111111111111111111111111111111111111111111111111" };
    const HttpProxies p = ours();
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++)
        EXPECT(is(&p, "127.0.0.1", garbage[i], "127.0.0.1"));
    EXPECT(is(&p, "127.0.0.1", "198.51.100.1, x, 10.1.0.1", "10.1.0.1")); /* who passed it on */
    char client[HTTP_ADDRESS_TEXT_MAX];
    const Span with_nul[] = { SPAN("203.0.113.7\0") };
    http_proxies_client(&p, "127.0.0.1", with_nul, 1, client);
    EXPECT(strcmp(client, "127.0.0.1") == 0);
}

/* Several headers are one list. */
static void test_headers_are_one_list(void)
{
    const HttpProxies p = ours();
    char client[HTTP_ADDRESS_TEXT_MAX];
    const Span lists[] = { SPAN("198.51.100.1"), SPAN("203.0.113.7, 10.1.0.1"), SPAN("10.1.0.2") };
    http_proxies_client(&p, "127.0.0.1", lists, 3, client);
    EXPECT(strcmp(client, "203.0.113.7") == 0);
    http_proxies_client(&p, "127.0.0.1", lists, 0, client);
    EXPECT(strcmp(client, "127.0.0.1") == 0);
}

static void test_each_bit_of_a_prefix_counts(void)
{
    for (unsigned length = 1; length <= 32; length++) {
        char text[64];
        HttpProxies proxies = { .count = 0 };
        const uint32_t bits =
                length == 32 ? 0xc0000201U : 0xc0000201U >> (32 - length) << (32 - length);
        snprintf(text, sizeof(text), "%u.%u.%u.%u/%u", bits >> 24, bits >> 16 & 255,
                bits >> 8 & 255, bits & 255, length);
        EXPECT_OK(http_proxies_add(&proxies, span_of_text(text)));
        EXPECT(is(&proxies, "192.0.2.1", "203.0.113.7", "203.0.113.7"));
        const uint32_t other = 0xc0000201U ^ 1U << (32 - length); /* the prefix's last bit */
        snprintf(text, sizeof(text), "%u.%u.%u.%u", other >> 24, other >> 16 & 255,
                other >> 8 & 255, other & 255);
        EXPECT(is(&proxies, text, "203.0.113.7", text));
    }
}

static void test_a_wrong_prefix_is_refused(void)
{
    static const char *const wrong[] = { "", "localhost", "10.0.0.0/0", "::/0", "10.0.0.0/33",
        "2001:db8::/129", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/-8", "10.0.0.0/ 8",
        "10.0.0.0/08x", "10.0.0.0/1000", "/8", " 10.0.0.1", "10.0.0.1 ", "10.0.0.1,10.0.0.2" };
    HttpProxies proxies = { .count = 0 };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        EXPECT_REFUSED(http_proxies_add(&proxies, span_of_text(wrong[i])), REFUSED_PROXY_ADDRESS);
    EXPECT(proxies.count == 0);
    for (size_t i = 0; i < HTTP_PROXIES_MAX; i++)
        EXPECT_OK(http_proxies_add(&proxies, SPAN("10.0.0.1")));
    EXPECT_REFUSED(http_proxies_add(&proxies, SPAN("10.0.0.1")), REFUSED_PROXY_ADDRESS);
}

TESTS(TEST(test_the_last_that_is_no_proxy), TEST(test_nobody_is_somebody_else),
        TEST(test_garbage_is_the_proxy), TEST(test_headers_are_one_list),
        TEST(test_each_bit_of_a_prefix_counts), TEST(test_a_wrong_prefix_is_refused))
