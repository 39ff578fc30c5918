/* Arbitrary bytes as a URI of a token's key. */
#include "text/pkcs11_uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Pkcs11Uri uri;
    if (!status_ok(pkcs11_uri_parse((Span) { data, size }, &uri))) return 0;
    ASSERT(uri.token[0] != '\0' && uri.module_path[0] == '/');
    ASSERT(uri.object[0] != '\0' || uri.id_bytes > 0);
    return 0;
}
