#include "http/address.h"

#include <arpa/inet.h>

enum { LENGTH_DIGITS_MAX = 3 };

static const uint8_t ipv4_prefix[HTTP_ADDRESS_IPV4_AT] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
    0xff };

bool http_address_read(Span text, uint8_t ret_bits[HTTP_ADDRESS_BYTES])
{
    char terminated[HTTP_ADDRESS_TEXT_MAX] = "";
    if (text.size == 0 || text.size >= sizeof(terminated)) return false;
    memcpy(terminated, text.data, text.size);
    if (strlen(terminated) != text.size) return false;
    if (inet_pton(AF_INET6, terminated, ret_bits) == 1) return true;
    memcpy(ret_bits, ipv4_prefix, sizeof(ipv4_prefix));
    return inet_pton(AF_INET, terminated, ret_bits + HTTP_ADDRESS_IPV4_AT) == 1;
}

bool http_address_is_ipv4(const uint8_t bits[HTTP_ADDRESS_BYTES])
{
    return span_equal((Span) { bits, HTTP_ADDRESS_IPV4_AT }, SPAN_OF(ipv4_prefix));
}

void http_address_write(
        const uint8_t bits[HTTP_ADDRESS_BYTES], char ret_text[HTTP_ADDRESS_TEXT_MAX])
{
    const bool v4 = http_address_is_ipv4(bits);
    const void *from = v4 ? bits + HTTP_ADDRESS_IPV4_AT : bits;
    ASSERT(inet_ntop(v4 ? AF_INET : AF_INET6, from, ret_text, HTTP_ADDRESS_TEXT_MAX) != NULL);
}

bool http_address_bit(const uint8_t bits[HTTP_ADDRESS_BYTES], unsigned at)
{
    return (bits[at / 8] & (0x80U >> at % 8)) != 0;
}

static bool read_length(Span text, unsigned most, unsigned *ret_length)
{
    unsigned length = 0;
    if (text.size < 1 || text.size > LENGTH_DIGITS_MAX || text.data[0] == '0') return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        length = 10 * length + (unsigned)(text.data[i] - '0');
    }
    *ret_length = length;
    return length <= most;
}

bool http_network_read(Span text, HttpNetwork *ret_network)
{
    HttpNetwork network = { .length = HTTP_ADDRESS_BITS };
    Cursor c = cursor_of(text);
    Span address = text;
    const bool has_prefix = status_ok(cursor_until(&c, '/', &address));
    if (!http_address_read(address, network.bits)) return false;
    const unsigned before = http_address_is_ipv4(network.bits) ? 8 * HTTP_ADDRESS_IPV4_AT : 0;
    if (has_prefix) {
        if (!read_length(c.rest, HTTP_ADDRESS_BITS - before, &network.length)) return false;
        network.length += before;
    }
    for (unsigned i = network.length; i < HTTP_ADDRESS_BITS; i++)
        if (http_address_bit(network.bits, i)) return false;
    *ret_network = network;
    return true;
}

bool http_network_has(const HttpNetwork *network, const uint8_t bits[HTTP_ADDRESS_BYTES])
{
    for (unsigned i = 0; i < network->length; i++)
        if (http_address_bit(network->bits, i) != http_address_bit(bits, i)) return false;
    return true;
}

/* --- which of them lie outside --- */

#define V4(a, b, c, d, prefix)                                                  \
    {                                                                           \
        { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d }, 96 + (prefix) \
    }

static const HttpNetwork inside_ipv4[] = {
    V4(0, 0, 0, 0, 8), /* this network */
    V4(10, 0, 0, 0, 8), /* private */
    V4(100, 64, 0, 0, 10), /* shared: CGNAT */
    V4(127, 0, 0, 0, 8), /* loopback */
    V4(169, 254, 0, 0, 16), /* link-local; where clouds tell their secrets */
    V4(172, 16, 0, 0, 12), /* private */
    V4(192, 0, 0, 0, 24), /* IETF protocol assignments */
    V4(192, 0, 2, 0, 24), /* documentation */
    V4(192, 31, 196, 0, 24), /* AS112 */
    V4(192, 52, 193, 0, 24), /* AMT */
    V4(192, 88, 99, 0, 24), /* 6to4 relays */
    V4(192, 168, 0, 0, 16), /* private */
    V4(192, 175, 48, 0, 24), /* AS112 */
    V4(198, 18, 0, 0, 15), /* benchmarking */
    V4(198, 51, 100, 0, 24), /* documentation */
    V4(203, 0, 113, 0, 24), /* documentation */
    V4(224, 0, 0, 0, 4), /* multicast */
    V4(240, 0, 0, 0, 4), /* reserved, and broadcast */
};

static const HttpNetwork ipv6_unicast = { { 0x20 }, 3 };

static const HttpNetwork inside_ipv6[] = {
    { { 0x20, 0x01 }, 23 }, /* IETF protocol assignments: Teredo, ORCHID, benchmarking */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
    { { 0x20, 0x02 }, 16 }, /* 6to4 */
    { { 0x26, 0x20, 0x00, 0x4f, 0x80, 0x00 }, 48 }, /* AS112 */
    { { 0x3f, 0xff }, 20 }, /* documentation */
};

static bool is_one_of(
        const HttpNetwork *networks, size_t count, const uint8_t bits[HTTP_ADDRESS_BYTES])
{
    for (size_t i = 0; i < count; i++)
        if (http_network_has(&networks[i], bits)) return true;
    return false;
}

bool http_address_is_loopback(const uint8_t bits[HTTP_ADDRESS_BYTES])
{
    static const HttpNetwork ipv4 = V4(127, 0, 0, 0, 8);
    static const HttpNetwork ipv6 = { { [HTTP_ADDRESS_BYTES - 1] = 1 }, HTTP_ADDRESS_BITS };
    return http_network_has(&ipv4, bits) || http_network_has(&ipv6, bits);
}

bool http_address_is_public(const uint8_t bits[HTTP_ADDRESS_BYTES])
{
    if (http_address_is_ipv4(bits))
        return !is_one_of(inside_ipv4, sizeof(inside_ipv4) / sizeof(inside_ipv4[0]), bits);
    return http_network_has(&ipv6_unicast, bits)
            && !is_one_of(inside_ipv6, sizeof(inside_ipv6) / sizeof(inside_ipv6[0]), bits);
}
