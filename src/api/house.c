#include "api/house.h"

#include <stdio.h>

bool house_public_url(const House *house, char ret_url[HOUSE_URL_BYTES_MAX])
{
    const unsigned port = atomic_load(&house->port);
    const bool named = house->public_url != NULL && house->public_url[0] != 0;
    if (!named && (port == 0 || house->address == NULL)) return false;
    const bool any =
            !named && (strcmp(house->address, "0.0.0.0") == 0 || strcmp(house->address, "::") == 0);
    if (any) return false; /* no browser gets there */
    const bool six = !named && strchr(house->address, ':') != NULL;
    const int size = named ? snprintf(ret_url, HOUSE_URL_BYTES_MAX, "%s", house->public_url)
                           : snprintf(ret_url, HOUSE_URL_BYTES_MAX, "https://%s%s%s:%u",
                                   six ? "[" : "", house->address, six ? "]" : "", port);
    return size > 0 && size < HOUSE_URL_BYTES_MAX;
}
