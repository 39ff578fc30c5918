#include "http/proxies.h"

#include "http/list.h"

/* --- whom we trust --- */

static bool is_trusted(const HttpProxies *proxies, const uint8_t bits[HTTP_ADDRESS_BYTES])
{
    for (size_t i = 0; i < proxies->count; i++)
        if (http_network_has(&proxies->networks[i], bits)) return true;
    return false;
}

Status http_proxies_add(HttpProxies *proxies, Span text)
{
    HttpNetwork network;
    REQUIRE(http_network_read(text, &network), REFUSED_PROXY_ADDRESS);
    REQUIRE(proxies->count < HTTP_PROXIES_MAX, REFUSED_PROXY_ADDRESS);
    proxies->networks[proxies->count++] = network;
    return OK;
}

/* --- who asks --- */

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
    const bool is_address = http_address_read(http_trim(text), bits);
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
    if (!http_address_read(span_of_text(peer), bits) || !is_trusted(proxies, bits)) return;
    for (size_t i = 0; i < count; i++) {
        Cursor c = cursor_of(lists[i]);
        Span one = { 0 };
        while (status_ok(cursor_until(&c, ',', &one)))
            see(&walk, one);
        see(&walk, c.rest);
    }
    if (walk.found) http_address_write(walk.client, ret_client);
}
