#include "http/proxies.h"

#include <arpa/inet.h>

enum { IPV4_AT = 12, IPV4_BITS_BEFORE = 96, BITS = 128, DECIMAL_DIGITS_MAX = 3 };

static const uint8_t ipv4_prefix[IPV4_AT] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* Numeric and alone: no port, no brackets, no zone. */
static bool read_address(Span text, uint8_t ret_bits[HTTP_ADDRESS_BYTES])
{
    char terminated[HTTP_ADDRESS_TEXT_MAX] = "";
    if (text.size == 0 || text.size >= sizeof(terminated)) return false;
    memcpy(terminated, text.data, text.size);
    if (strlen(terminated) != text.size) return false;
    if (inet_pton(AF_INET6, terminated, ret_bits) == 1) return true;
    memcpy(ret_bits, ipv4_prefix, sizeof(ipv4_prefix));
    return inet_pton(AF_INET, terminated, ret_bits + IPV4_AT) == 1;
}

static bool is_ipv4(const uint8_t bits[HTTP_ADDRESS_BYTES])
{
    return span_equal((Span) { bits, IPV4_AT }, SPAN_OF(ipv4_prefix));
}

static void write_address(
        const uint8_t bits[HTTP_ADDRESS_BYTES], char ret_text[HTTP_ADDRESS_TEXT_MAX])
{
    const bool v4 = is_ipv4(bits);
    const void *from = v4 ? bits + IPV4_AT : bits;
    ASSERT(inet_ntop(v4 ? AF_INET : AF_INET6, from, ret_text, HTTP_ADDRESS_TEXT_MAX) != NULL);
}

/* --- whom we trust --- */

static bool bit_at(const uint8_t *bits, unsigned at)
{
    return (bits[at / 8] & (0x80U >> at % 8)) != 0;
}

static bool has(const HttpNetwork *network, const uint8_t bits[HTTP_ADDRESS_BYTES])
{
    for (unsigned i = 0; i < network->length; i++)
        if (bit_at(network->bits, i) != bit_at(bits, i)) return false;
    return true;
}

static bool is_trusted(const HttpProxies *proxies, const uint8_t bits[HTTP_ADDRESS_BYTES])
{
    for (size_t i = 0; i < proxies->count; i++)
        if (has(&proxies->networks[i], bits)) return true;
    return false;
}

static Status read_length(Span text, unsigned most, unsigned *ret_length)
{
    unsigned length = 0;
    REQUIRE(text.size >= 1 && text.size <= DECIMAL_DIGITS_MAX, REFUSED_PROXY_ADDRESS);
    for (size_t i = 0; i < text.size; i++) {
        REQUIRE(text.data[i] >= '0' && text.data[i] <= '9', REFUSED_PROXY_ADDRESS);
        length = 10 * length + (unsigned)(text.data[i] - '0');
    }
    REQUIRE(length >= 1 && length <= most, REFUSED_PROXY_ADDRESS);
    *ret_length = length;
    return OK;
}

Status http_proxies_add(HttpProxies *proxies, Span text)
{
    HttpNetwork network = { .length = BITS };
    Cursor c = cursor_of(text);
    Span address = text;
    const bool has_prefix = status_ok(cursor_until(&c, '/', &address));
    REQUIRE(read_address(address, network.bits), REFUSED_PROXY_ADDRESS);
    const unsigned before = is_ipv4(network.bits) ? IPV4_BITS_BEFORE : 0;
    if (has_prefix) {
        TRY(read_length(c.rest, BITS - before, &network.length));
        network.length += before;
    }
    for (unsigned i = network.length; i < BITS; i++) /* a slip of the pen trusts nobody else */
        REQUIRE(!bit_at(network.bits, i), REFUSED_PROXY_ADDRESS);
    REQUIRE(proxies->count < HTTP_PROXIES_MAX, REFUSED_PROXY_ADDRESS);
    proxies->networks[proxies->count++] = network;
    return OK;
}

/* --- who asks --- */

static Span trimmed(Span text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = (Span) { text.data + 1, text.size - 1 };
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

/* What was seen so far of the lists, from the left. */
typedef struct Walk {
    const HttpProxies *proxies;
    bool found; /* a client, behind the last thing that was no address */
    uint8_t client[HTTP_ADDRESS_BYTES];
} Walk;

/* An untrusted address replaces what stands left of it; a proxy is the client only where nothing
 * better stands left of it. */
static void see(Walk *walk, Span text)
{
    uint8_t bits[HTTP_ADDRESS_BYTES];
    const bool is_address = read_address(trimmed(text), bits);
    if (is_address && walk->found && is_trusted(walk->proxies, bits)) return;
    walk->found = is_address;
    if (is_address) memcpy(walk->client, bits, sizeof(bits));
}

void http_proxies_client(const HttpProxies *proxies, const char *peer, const Span *lists,
        size_t count, char ret_client[HTTP_ADDRESS_TEXT_MAX])
{
    uint8_t bits[HTTP_ADDRESS_BYTES];
    Walk walk = { .proxies = proxies };
    const size_t size = strlen(peer);
    ASSERT(size < HTTP_ADDRESS_TEXT_MAX);
    memcpy(ret_client, peer, size + 1);
    if (!read_address(span_of_text(peer), bits) || !is_trusted(proxies, bits)) return;
    for (size_t i = 0; i < count; i++) {
        Cursor c = cursor_of(lists[i]);
        Span one = { 0 };
        while (status_ok(cursor_until(&c, ',', &one)))
            see(&walk, one);
        see(&walk, c.rest);
    }
    if (walk.found) write_address(walk.client, ret_client);
}
