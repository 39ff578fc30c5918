#include "base/secret.h"

#include <string.h>

void bytes_wipe(void *bytes, size_t size)
{
    if (size > 0) explicit_bzero(bytes, size);
}

void secret_wipe(Secret *secret) { bytes_wipe(secret, sizeof(*secret)); }

Status secret_set(Secret *secret, Span bytes)
{
    REQUIRE(bytes.size <= SECRET_BYTES_MAX, REFUSED_BUFFER_FULL);
    secret_wipe(secret);
    if (bytes.size > 0) memcpy(secret->bytes, bytes.data, bytes.size);
    secret->size = bytes.size;
    return OK;
}
