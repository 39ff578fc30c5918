/* As digest.c: a running digest on the stack, without a look-up. libcrypto calls these deprecated,
 * and so do we. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/legacy_digest.h"

#include "base/secret.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

void legacy_md5_verify_only(const Span *parts, size_t count, uint8_t ret_digest[LEGACY_MD5_BYTES])
{
    MD5_CTX state;
    ASSERT(MD5_Init(&state) == 1);
    for (size_t i = 0; i < count; i++)
        ASSERT(parts[i].size == 0 || MD5_Update(&state, parts[i].data, parts[i].size) == 1);
    ASSERT(MD5_Final(ret_digest, &state) == 1);
    bytes_wipe(&state, sizeof(state));
}

void legacy_sha1_verify_only(const Span *parts, size_t count, uint8_t ret_digest[LEGACY_SHA1_BYTES])
{
    SHA_CTX state;
    ASSERT(SHA1_Init(&state) == 1);
    for (size_t i = 0; i < count; i++)
        ASSERT(parts[i].size == 0 || SHA1_Update(&state, parts[i].data, parts[i].size) == 1);
    ASSERT(SHA1_Final(ret_digest, &state) == 1);
    bytes_wipe(&state, sizeof(state));
}
