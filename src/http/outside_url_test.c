/* Goal: only https URLs of the one plain form are read, whatever tricks the bytes try; and what
 * leads to an address that is not public is refused before anything is sent. Method: tables; the
 * system's resolver with names that need no network. */
#include "base/expect.h"
#include "http/outside_url.h"

static const OutsideRules strict = { .ports = { 443, 8443 }, .port_count = 2 };
static const OutsideRules development = { .loopback = true };

static void test_plain_ones_are_read(void)
{
    static const struct {
        const char *url;
        const char *host;
        uint16_t port;
        const char *path;
    } table[] = {
        { "https://merchant.example/notify", "merchant.example", 443, "/notify" },
        { "https://M-1.Example:8443/a/b;c=d%20e/@x", "m-1.example", 8443, "/a/b;c=d%20e/@x" },
        { "https://merchant.example", "merchant.example", 443, "/" },
        { "https://localhost:1/", "localhost", 1, "/" },
        { "https://192.0.2.1:65535/x", "192.0.2.1", 65535, "/x" },
        { "https://[2001:DB8::1]/x", "2001:db8::1", 443, "/x" },
        { "https://[::1]:8443", "::1", 8443, "/" },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        OutsideUrl url = { 0 };
        EXPECT_OK(outside_url_read(span_of_text(table[i].url), &url));
        EXPECT(strcmp(url.host, table[i].host) == 0 && url.port == table[i].port);
        EXPECT(strcmp(url.path, table[i].path) == 0);
    }
}

static void test_everything_else_is_not(void)
{
    static const char *const table[] = { "", "https://", "http://merchant.example/", "HTTPS://m.e/",
        "https:/merchant.example", "//merchant.example/", "ftp://m.example/", "https:///x",
        "https://user@m.example/", "https://user:word@m.example/", "https://m.example@127.0.0.1/",
        "https://m.example/?a=b", "https://m.example?a", "https://m.example/#f",
        "https://m.example\\@127.0.0.1/", "https://m.example/a b", "https://m.example/\x7f",
        "https://m.example/\xc3\xa9", "https://m.example:/", "https://m.example:0/",
        "https://m.example:080/", "https://m.example:65536/", "https://m.example:443x/",
        "https://m.example:443:1/", "https://m..example/", "https://.example/",
        "https://m.example./", "https://-m.example/", "https://m-.example/", "https://m_1.example/",
        "https://%6d.example/", "https://0x7f000001/", "https://2130706433/", "https://127.1/",
        "https://0177.0.0.1/", "https://1.2.3.4.5/", "https://m.1/", "https://[::1/",
        "https://::1/", "https://[::1]x/", "https://[::1]:/", "https://[127.0.0.1]/",
        "https://[fe80::1%25lo]/", "https://[]/", "https://m.example/\n",
        "https://\xe2\x91\xa0.example/" };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        OutsideUrl url = { .port = 7 };
        if (status_ok(outside_url_read(span_of_text(table[i]), &url)))
            fprintf(stderr, "  %s\n", table[i]);
        EXPECT_REFUSED(outside_url_read(span_of_text(table[i]), &url), REFUSED_NOTIFY_URL);
        EXPECT(url.port == 7);
    }
    OutsideUrl url = { 0 };
    EXPECT_REFUSED(outside_url_read(SPAN("https://m.example/\0x"), &url), REFUSED_NOTIFY_URL);
}

static void test_no_longer_than_it_may_be(void)
{
    char text[OUTSIDE_URL_BYTES_MAX + 2];
    OutsideUrl url = { 0 };
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://m.example/", 18);
    EXPECT_OK(outside_url_read((Span) { (const uint8_t *)text, OUTSIDE_URL_BYTES_MAX }, &url));
    EXPECT(strlen(url.path) == OUTSIDE_URL_BYTES_MAX - 17);
    EXPECT_REFUSED(outside_url_read((Span) { (const uint8_t *)text, sizeof(text) - 1 }, &url),
            REFUSED_NOTIFY_URL);
}

static Status resolve(const char *text, const OutsideRules *rules)
{
    OutsideUrl url = { 0 };
    OutsideAddresses addresses;
    TRY(outside_url_read(span_of_text(text), &url));
    TRY(outside_url_resolve(&url, rules, &addresses));
    return addresses.count >= 1 && addresses.text[0][0] != 0 ? OK : BROKEN(FAULT_SYSTEM);
}

static void test_where_it_leads_is_judged(void)
{
    EXPECT_OK(resolve("https://8.8.8.8/", &strict));
    EXPECT_OK(resolve("https://[2606:4700::1111]:8443/", &strict));
    EXPECT_REFUSED(resolve("https://8.8.8.8:22/", &strict), REFUSED_NOTIFY_PORT);
    EXPECT_REFUSED(resolve("https://127.0.0.1/", &strict), REFUSED_NOTIFY_ADDRESS);
    EXPECT_REFUSED(resolve("https://[::ffff:127.0.0.1]/", &strict), REFUSED_NOTIFY_ADDRESS);
    EXPECT_REFUSED(
            resolve("https://169.254.169.254/latest/meta-data", &strict), REFUSED_NOTIFY_ADDRESS);
    EXPECT_REFUSED(resolve("https://localhost/", &strict), REFUSED_NOTIFY_ADDRESS);
    EXPECT_OK(resolve("https://localhost:9999/", &development));
    EXPECT_OK(resolve("https://127.0.0.1:9999/", &development));
    EXPECT_REFUSED(resolve("https://10.0.0.1/", &development), REFUSED_NOTIFY_ADDRESS);
    EXPECT_REFUSED(resolve("https://nowhere.invalid/", &development), REFUSED_NOTIFY_NAME);
}

TESTS(TEST(test_plain_ones_are_read), TEST(test_everything_else_is_not),
        TEST(test_no_longer_than_it_may_be), TEST(test_where_it_leads_is_judged))
