#pragma once
/*
 * proxies: who asks, when a proxy of ours asks for him (RFC 7239's forerunner, X-Forwarded-For).
 *
 * Only a peer that is trusted may say so. What it says is a list to which each proxy appends whom
 * it saw: the last address that is no proxy of ours is who asks; whatever stands left of it he may
 * have written himself. What is no address counts as nothing: then the proxy itself asks. Pure; no
 * shared state.
 */
#include "http/address.h"

enum { HTTP_PROXIES_MAX = 16 };

typedef struct HttpProxies {
    HttpNetwork networks[HTTP_PROXIES_MAX];
    size_t count;
} HttpProxies;

/* One more: "192.0.2.1", "192.0.2.0/24", "2001:db8::/32". Refuses PROXY_ADDRESS (no address, a
 * prefix of everything or with bits behind it, one too many). */
MUST_USE Status http_proxies_add(HttpProxies *proxies, Span text);

/*
 * Who asks?
 *
 * peer   who is connected, as text
 * lists  the values of X-Forwarded-For in the order in which they came
 *
 * `peer` itself unless it is trusted and the lists say more; else numeric, each address in its one
 * form.
 */
void http_proxies_client(const HttpProxies *proxies, const char *peer, const Span *lists,
        size_t count, char ret_client[HTTP_ADDRESS_TEXT_MAX]);
