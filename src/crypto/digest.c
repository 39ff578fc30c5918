/* libcrypto's SHA256_* and SHA512_* are called deprecated since 3.0, and stay the only way to copy
 * a running digest without an allocation and a provider look-up, ten times the cost of one
 * compression. They reach the same assembly. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/digest.h"

#include "base/secret.h"
#include "crypto/sm3.h"

#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((DigestState *)NULL)->opaque), "fits");
_Static_assert(sizeof(SHA512_CTX) <= sizeof(((DigestState *)NULL)->opaque), "fits");
_Static_assert(sizeof(Sm3State) <= sizeof(((DigestState *)NULL)->opaque), "fits");

size_t digest_bytes(DigestAlgorithm algorithm)
{
    return algorithm == DIGEST_SHA512 ? DIGEST_SHA512_BYTES : DIGEST_SHA256_BYTES;
}

size_t digest_block_bytes(DigestAlgorithm algorithm)
{
    return algorithm == DIGEST_SHA512 ? 128 : 64;
}

void digest_begin(DigestState *ret_state, DigestAlgorithm algorithm)
{
    ret_state->algorithm = algorithm;
    void *const state = ret_state->opaque;
    switch (algorithm) {
    case DIGEST_SHA256: ASSERT(SHA256_Init(state) == 1); return;
    case DIGEST_SM3: sm3_begin(state); return;
    case DIGEST_SHA512: ASSERT(SHA512_Init(state) == 1); return;
    }
    ASSERT(false); /* not one of the registered digests */
}

void digest_update(DigestState *state, Span bytes)
{
    if (bytes.size == 0) return;
    void *const inside = state->opaque;
    switch (state->algorithm) {
    case DIGEST_SHA256: ASSERT(SHA256_Update(inside, bytes.data, bytes.size) == 1); return;
    case DIGEST_SM3: sm3_update(inside, bytes); return;
    case DIGEST_SHA512: ASSERT(SHA512_Update(inside, bytes.data, bytes.size) == 1); return;
    }
    ASSERT(false); /* not one of the registered digests */
}

void digest_end(DigestState *state, uint8_t *ret_digest)
{
    void *const inside = state->opaque;
    switch (state->algorithm) {
    case DIGEST_SHA256: ASSERT(SHA256_Final(ret_digest, inside) == 1); break;
    case DIGEST_SM3: sm3_end(inside, ret_digest); break;
    case DIGEST_SHA512: ASSERT(SHA512_Final(ret_digest, inside) == 1); break;
    }
    bytes_wipe(state, sizeof(*state));
}

void digest_parts(DigestAlgorithm algorithm, const Span *parts, size_t count, uint8_t *ret_digest)
{
    DigestState state;
    digest_begin(&state, algorithm);
    for (size_t i = 0; i < count; i++)
        digest_update(&state, parts[i]);
    digest_end(&state, ret_digest);
}

void sha256(Span bytes, uint8_t ret_digest[DIGEST_SHA256_BYTES])
{
    digest_parts(DIGEST_SHA256, &bytes, 1, ret_digest);
}

void sm3(Span bytes, uint8_t ret_digest[DIGEST_SM3_BYTES])
{
    digest_parts(DIGEST_SM3, &bytes, 1, ret_digest);
}

void sha512(Span bytes, uint8_t ret_digest[DIGEST_SHA512_BYTES])
{
    digest_parts(DIGEST_SHA512, &bytes, 1, ret_digest);
}
