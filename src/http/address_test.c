/* Goal: of every range that is not the public internet the first and the last address are refused,
 * and their neighbours outside are not; in whatever clothes the address comes. Method: tables. */
#include "base/expect.h"
#include "http/address.h"

static bool is_public(const char *text)
{
    uint8_t bits[HTTP_ADDRESS_BYTES];
    ASSERT(http_address_read(span_of_text(text), bits));
    return http_address_is_public(bits);
}

static void test_nothing_inside_is_public(void)
{
    static const char *const inside[] = { "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
        "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.0.0",
        "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0",
        "192.0.0.255", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0",
        "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1",
        "::ffff:10.1.2.3", "::ffff:169.254.169.254", "::ffff:0:7f00:1", "64:ff9b::7f00:1",
        "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:1::1", "2001:2::1",
        "2001:1ff:ffff::1", "2001:db8::1", "2001:db8:ffff::1", "2002:7f00:1::1", "2002:808:808::1",
        "3fff::1", "3fff:fff::1", "5f00::1", "fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1",
        "ff02::1", "4000::1", "1fff::1", "2620:4f:8000::1" };
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
        if (is_public(inside[i])) fprintf(stderr, "  %s\n", inside[i]);
        EXPECT(!is_public(inside[i]));
    }
}

static void test_their_neighbours_are(void)
{
    static const char *const outside[] = { "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255",
        "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
        "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.255",
        "203.0.114.0", "223.255.255.255", "::ffff:8.8.8.8", "2001:200::1", "2001:db7:ffff::1",
        "2001:db9::1", "2003::1", "2400:cb00::1", "2620:4f:7fff::1", "2a00::1", "3ffe:ffff::1",
        "3fff:1000::1" };
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        if (!is_public(outside[i])) fprintf(stderr, "  %s\n", outside[i]);
        EXPECT(is_public(outside[i]));
    }
}

static void test_loopback(void)
{
    static const char *const here[] = { "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1" };
    static const char *const elsewhere[] = { "::", "::2", "128.0.0.1", "126.255.255.255",
        "10.0.0.1", "::7f00:1" };
    uint8_t bits[HTTP_ADDRESS_BYTES];
    for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
        EXPECT(http_address_read(span_of_text(here[i]), bits) && http_address_is_loopback(bits));
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
        EXPECT(http_address_read(span_of_text(elsewhere[i]), bits)
                && !http_address_is_loopback(bits));
}

static void test_what_is_no_address_is_not_read(void)
{
    static const char *const texts[] = { "", "1", "127.1", "0x7f.0.0.1", "2130706433", "010.0.0.1",
        "1.2.3.4.", " 1.2.3.4", "1.2.3.4:80", "[::1]", "fe80::1%lo", "::g", "1.2.3.256" };
    uint8_t bits[HTTP_ADDRESS_BYTES];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        EXPECT(!http_address_read(span_of_text(texts[i]), bits));
    EXPECT(!http_address_read(SPAN("1.2.3.4\0"), bits));
}

TESTS(TEST(test_nothing_inside_is_public), TEST(test_their_neighbours_are), TEST(test_loopback),
        TEST(test_what_is_no_address_is_not_read))
