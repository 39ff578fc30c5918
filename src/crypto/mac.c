#include "crypto/mac.h"

#include "base/secret.h"

size_t mac_bytes(MacAlgorithm algorithm) { return digest_bytes((DigestAlgorithm)algorithm); }

static void absorb_padded(DigestState *ret_state, DigestAlgorithm algorithm,
        const uint8_t block[DIGEST_BLOCK_BYTES_MAX], uint8_t pad)
{
    uint8_t padded[DIGEST_BLOCK_BYTES_MAX];
    const size_t size = digest_block_bytes(algorithm);
    for (size_t i = 0; i < size; i++)
        padded[i] = block[i] ^ pad;
    digest_begin(ret_state, algorithm);
    digest_update(ret_state, (Span) { padded, size });
    bytes_wipe(padded, sizeof(padded));
}

void mac_key_init(MacKey *ret_key, MacAlgorithm algorithm, Span key)
{
    const DigestAlgorithm digest = (DigestAlgorithm)algorithm;
    uint8_t block[DIGEST_BLOCK_BYTES_MAX] = { 0 };
    if (key.size > digest_block_bytes(digest))
        digest_parts(digest, &key, 1, block);
    else if (key.size > 0)
        memcpy(block, key.data, key.size);
    ret_key->algorithm = algorithm;
    absorb_padded(&ret_key->inner, digest, block, 0x36);
    absorb_padded(&ret_key->outer, digest, block, 0x5C);
    bytes_wipe(block, sizeof(block));
}

void mac_key_wipe(MacKey *key) { bytes_wipe(key, sizeof(*key)); }

void mac_make(const MacKey *key, const Span *parts, size_t count, uint8_t *ret_mac)
{
    uint8_t inner[DIGEST_BYTES_MAX];
    DigestState state = key->inner;
    for (size_t i = 0; i < count; i++)
        digest_update(&state, parts[i]);
    digest_end(&state, inner);
    state = key->outer;
    digest_update(&state, (Span) { inner, mac_bytes(key->algorithm) });
    digest_end(&state, ret_mac);
    bytes_wipe(inner, sizeof(inner));
}

void mac_once(MacAlgorithm algorithm, Span key, Span message, uint8_t *ret_mac)
{
    CLEANUP(mac_key_wipe) MacKey once;
    mac_key_init(&once, algorithm, key);
    mac_make(&once, &message, 1, ret_mac);
}
