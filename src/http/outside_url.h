#pragma once
/*
 * outside_url: where somebody outside wants to be told of things, and whether we go there (server
 * side request forgery).
 *
 * https://host[:port][/path] and nothing else: no user, no query, no fragment, no escapes in the
 * host. The host is a name of letters, digits and hyphens, a numeric IPv4 address of four decimal
 * numbers, or [IPv6]; what a resolver might take for a number in other clothes (0x7f.1, 2130706433)
 * is no host. The name is resolved once, all its addresses are judged, and it is one of just these
 * addresses that is then connected to: a name that leads elsewhere a moment later leads nobody.
 * Floor 2. No shared state.
 */
#include "http/address.h"

enum {
    OUTSIDE_URL_BYTES_MAX = 255,
    OUTSIDE_HOST_BYTES_MAX = 253,
    OUTSIDE_PORTS_MAX = 16,
    OUTSIDE_ADDRESSES_MAX = 4,
};

typedef struct OutsideUrl {
    char host[OUTSIDE_HOST_BYTES_MAX + 1]; /* in lower case, without brackets; ends with NUL */
    uint16_t port;
    char path[OUTSIDE_URL_BYTES_MAX + 1]; /* at least "/" */
} OutsideUrl;

/* Where we go at all. */
typedef struct OutsideRules {
    uint16_t ports[OUTSIDE_PORTS_MAX];
    size_t port_count; /* 0: any port */
    bool loopback; /* development: this machine, too */
} OutsideRules;

/* Refuses NOTIFY_URL. `url` is untrusted bytes of any size. */
MUST_USE Status outside_url_read(Span url, OutsideUrl *ret_url);

/* Where a name leads, the best first. */
typedef struct OutsideAddresses {
    size_t count; /* at least 1 */
    char text[OUTSIDE_ADDRESSES_MAX][HTTP_ADDRESS_TEXT_MAX];
} OutsideAddresses;

/*
 * Its addresses, judged. Asks the system's resolver, which may take its time: from a thread
 * that may wait.
 *
 * Refuses NOTIFY_PORT, NOTIFY_NAME (there is none now), NOTIFY_ADDRESS (one of them, whichever, is
 * not public: who mixes them in has something in mind).
 */
MUST_USE Status outside_url_resolve(
        const OutsideUrl *url, const OutsideRules *rules, OutsideAddresses *ret_addresses);
