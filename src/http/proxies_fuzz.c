#include "http/proxies.h"

/* Whatever the list says, the answer is an address or the peer; appending one that our proxy saw
 * makes it the answer, whatever stands before it. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HttpProxies proxies = { .count = 0 };
    HttpProxies read = { .count = 0 };
    char client[HTTP_ADDRESS_TEXT_MAX];
    const Span lists[] = { { data, size }, SPAN("203.0.113.7") };
    ASSERT(status_ok(http_proxies_add(&proxies, SPAN("127.0.0.1"))));
    http_proxies_client(&proxies, "127.0.0.1", lists, 1, client);
    ASSERT(strlen(client) < sizeof(client));
    http_proxies_client(&proxies, "127.0.0.1", lists, 2, client);
    ASSERT(strcmp(client, "203.0.113.7") == 0);
    http_proxies_client(&proxies, "127.0.0.2", lists, 2, client);
    ASSERT(strcmp(client, "127.0.0.2") == 0);
    if (status_ok(http_proxies_add(&read, lists[0])))
        ASSERT(read.count == 1 && read.networks[0].length >= 1 && read.networks[0].length <= 128);
    return 0;
}
