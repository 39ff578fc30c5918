#include "http/outside_url.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define SCHEME "https://"

enum { DEFAULT_PORT = 443, PORT_DIGITS_MAX = 5, LABEL_BYTES_MAX = 63, PORT_MAX = 65535 };

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

static bool is_label_character(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-';
}

static bool is_label(Span text)
{
    if (text.size == 0 || text.size > LABEL_BYTES_MAX) return false;
    for (size_t i = 0; i < text.size; i++)
        if (!is_label_character(text.data[i])) return false;
    return text.data[0] != '-' && text.data[text.size - 1] != '-';
}

/* Of labels, the last of which begins with a letter: no resolver reads a number in it. */
static bool is_name(Span host)
{
    Cursor c = cursor_of(host);
    Span label = { 0 };
    if (host.size > OUTSIDE_HOST_BYTES_MAX) return false;
    while (status_ok(cursor_until(&c, '.', &label)))
        if (!is_label(label)) return false;
    return is_label(c.rest) && !is_digit(c.rest.data[0]);
}

static bool is_host(Span host)
{
    uint8_t bits[HTTP_ADDRESS_BYTES];
    const bool colon = host.size > 0 && memchr(host.data, ':', host.size) != NULL;
    return !colon && (is_name(host) || http_address_read(host, bits));
}

static void copy_host(Span host, char ret[OUTSIDE_HOST_BYTES_MAX + 1])
{
    for (size_t i = 0; i < host.size; i++) {
        const uint8_t c = host.data[i];
        ret[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    ret[host.size] = 0;
}

static Status read_port(Span text, uint16_t *ret_port)
{
    unsigned port = 0;
    REQUIRE(text.size >= 1 && text.size <= PORT_DIGITS_MAX, REFUSED_NOTIFY_URL);
    for (size_t i = 0; i < text.size; i++) {
        REQUIRE(is_digit(text.data[i]), REFUSED_NOTIFY_URL);
        port = 10 * port + (unsigned)(text.data[i] - '0');
    }
    REQUIRE(port >= 1 && port <= PORT_MAX && text.data[0] != '0', REFUSED_NOTIFY_URL);
    *ret_port = (uint16_t)port;
    return OK;
}

/* [IPv6] */
static Status read_bracketed(Cursor *c, OutsideUrl *url)
{
    uint8_t bits[HTTP_ADDRESS_BYTES];
    Span host = { 0 };
    Span bracket = { 0 };
    REQUIRE(status_ok(cursor_take(c, 1, &bracket)), REFUSED_NOTIFY_URL);
    REQUIRE(status_ok(cursor_until(c, ']', &host)), REFUSED_NOTIFY_URL);
    const bool colon = host.size > 0 && memchr(host.data, ':', host.size) != NULL;
    REQUIRE(colon && http_address_read(host, bits), REFUSED_NOTIFY_URL);
    copy_host(host, url->host);
    return OK;
}

static Status read_authority(Span authority, OutsideUrl *url)
{
    Cursor c = cursor_of(authority);
    url->port = DEFAULT_PORT;
    REQUIRE(authority.size > 0, REFUSED_NOTIFY_URL);
    if (authority.data[0] == '[') {
        TRY(read_bracketed(&c, url));
        if (c.rest.size == 0) return OK;
        REQUIRE(c.rest.data[0] == ':', REFUSED_NOTIFY_URL);
        return read_port((Span) { c.rest.data + 1, c.rest.size - 1 }, &url->port);
    }
    Span host = authority;
    const bool has_port = status_ok(cursor_until(&c, ':', &host));
    REQUIRE(is_host(host), REFUSED_NOTIFY_URL);
    copy_host(host, url->host);
    return has_port ? read_port(c.rest, &url->port) : OK;
}

static bool is_path_character(uint8_t c)
{
    return c > ' ' && c < 0x7F && c != '?' && c != '#' && c != '\\';
}

Status outside_url_read(Span url, OutsideUrl *ret_url)
{
    const size_t scheme_size = sizeof(SCHEME) - 1;
    OutsideUrl read = { 0 };
    REQUIRE(url.size > scheme_size && url.size <= OUTSIDE_URL_BYTES_MAX, REFUSED_NOTIFY_URL);
    REQUIRE(span_equal((Span) { url.data, scheme_size }, SPAN(SCHEME)), REFUSED_NOTIFY_URL);
    for (size_t i = 0; i < url.size; i++)
        REQUIRE(is_path_character(url.data[i]), REFUSED_NOTIFY_URL);
    const Span rest = { url.data + scheme_size, url.size - scheme_size };
    const uint8_t *slash = memchr(rest.data, '/', rest.size);
    const size_t authority_size = slash == NULL ? rest.size : (size_t)(slash - rest.data);
    TRY(read_authority((Span) { rest.data, authority_size }, &read));
    memcpy(read.path, "/", 2);
    if (slash != NULL) memcpy(read.path, slash, rest.size - authority_size);
    *ret_url = read;
    return OK;
}

/* --- where it leads --- */

static bool is_allowed_port(const OutsideRules *rules, uint16_t port)
{
    for (size_t i = 0; i < rules->port_count; i++)
        if (rules->ports[i] == port) return true;
    return rules->port_count == 0;
}

static bool bits_of(const struct addrinfo *info, uint8_t ret_bits[HTTP_ADDRESS_BYTES])
{
    const void *const address = info->ai_addr;
    if (info->ai_family == AF_INET6) {
        const struct sockaddr_in6 *const v6 = address;
        memcpy(ret_bits, &v6->sin6_addr, HTTP_ADDRESS_BYTES);
        return true;
    }
    if (info->ai_family != AF_INET) return false;
    const struct sockaddr_in *const v4 = address;
    memset(ret_bits, 0, HTTP_ADDRESS_IPV4_AT - 2);
    memset(ret_bits + HTTP_ADDRESS_IPV4_AT - 2, 0xff, 2);
    memcpy(ret_bits + HTTP_ADDRESS_IPV4_AT, &v4->sin_addr, sizeof(v4->sin_addr));
    return true;
}

static bool may_connect(const OutsideRules *rules, const uint8_t bits[HTTP_ADDRESS_BYTES])
{
    return http_address_is_public(bits) || (rules->loopback && http_address_is_loopback(bits));
}

/* In the order that the resolver thinks best; all must be allowed, also those not kept. */
static Status judge(
        const struct addrinfo *all, const OutsideRules *rules, OutsideAddresses *ret_addresses)
{
    uint8_t bits[HTTP_ADDRESS_BYTES];
    *ret_addresses = (OutsideAddresses) { 0 };
    for (const struct addrinfo *info = all; info != NULL; info = info->ai_next) {
        if (!bits_of(info, bits)) continue;
        REQUIRE(may_connect(rules, bits), REFUSED_NOTIFY_ADDRESS);
        if (ret_addresses->count == OUTSIDE_ADDRESSES_MAX) continue;
        http_address_write(bits, ret_addresses->text[ret_addresses->count++]);
    }
    REQUIRE(ret_addresses->count > 0, REFUSED_NOTIFY_NAME);
    return OK;
}

Status outside_url_resolve(
        const OutsideUrl *url, const OutsideRules *rules, OutsideAddresses *ret_addresses)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *all = NULL;
    REQUIRE(is_allowed_port(rules, url->port), REFUSED_NOTIFY_PORT);
    REQUIRE(getaddrinfo(url->host, NULL, &hints, &all) == 0, REFUSED_NOTIFY_NAME);
    const Status s = judge(all, rules, ret_addresses);
    freeaddrinfo(all);
    return s;
}
