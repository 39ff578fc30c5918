#pragma once
/*
 * address: numeric IP addresses as 16 bytes, IPv4 as ::ffff:a.b.c.d; networks of them; and which of
 * them lie outside, where whoever gave us a name may have us connect to.
 *
 * Sources of what is not outside: IANA's special-purpose registries of IPv4 and IPv6 (RFC 6890 and
 * what it was updated with), RFC 4291. Pure; no shared state. Floor 2.
 */
#include "base/bytes.h"

enum {
    HTTP_ADDRESS_BYTES = 16, /* IPv4 as ::ffff:a.b.c.d */
    HTTP_ADDRESS_TEXT_MAX = 64, /* with its NUL */
    HTTP_ADDRESS_BITS = 128,
    HTTP_ADDRESS_IPV4_AT = 12,
};

typedef struct HttpNetwork {
    uint8_t bits[HTTP_ADDRESS_BYTES];
    unsigned length; /* of the prefix, 1..128 */
} HttpNetwork;

/* Numeric and alone: no port, no brackets, no zone. */
bool http_address_read(Span text, uint8_t ret_bits[HTTP_ADDRESS_BYTES]);
/* In its one form; IPv4 as IPv4. */
void http_address_write(
        const uint8_t bits[HTTP_ADDRESS_BYTES], char ret_text[HTTP_ADDRESS_TEXT_MAX]);
bool http_address_is_ipv4(const uint8_t bits[HTTP_ADDRESS_BYTES]);
/* From the left; 0 is the highest. */
bool http_address_bit(const uint8_t bits[HTTP_ADDRESS_BYTES], unsigned at);
/* One address, or a network as "192.0.2.0/24": a prefix of everything, or one with bits behind it
 * (a slip of the pen), is none. */
bool http_network_read(Span text, HttpNetwork *ret_network);
bool http_network_has(const HttpNetwork *network, const uint8_t bits[HTTP_ADDRESS_BYTES]);

/* 127.0.0.0/8, also as a mapped address, or ::1. */
bool http_address_is_loopback(const uint8_t bits[HTTP_ADDRESS_BYTES]);
/* A unicast address of the public internet that leads nowhere else: not private, shared (CGNAT),
 * loopback, link-local, multicast, reserved, documentation, benchmarking; of IPv6 only 2000::/3,
 * and of that nothing that carries another address inside (6to4, Teredo; NAT64 lies outside it). */
bool http_address_is_public(const uint8_t bits[HTTP_ADDRESS_BYTES]);
