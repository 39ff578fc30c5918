#include "crypto/derive.h"

#include "base/secret.h"

enum { DERIVE_PARTS_MAX = 16 };

void derive_extract(MacAlgorithm algorithm, Span salt, Span key_material, uint8_t *ret_secret)
{
    /* HMAC pads its key with zeros, so an empty salt already is the zero salt of RFC 5869. */
    mac_once(algorithm, salt, key_material, ret_secret);
}

void derive_expand(
        const MacKey *key, const Span *parts, size_t count, uint8_t *ret_bytes, size_t size)
{
    ASSERT(size <= DERIVE_BYTES_MAX);
    ASSERT(count <= DERIVE_PARTS_MAX);
    const size_t step = mac_bytes(key->algorithm);
    uint8_t block[MAC_BYTES_MAX];
    uint8_t counter = 0;
    Span message[DERIVE_PARTS_MAX + 2]; /* T(n) = HMAC(T(n-1) | info | n), T(0) empty */
    message[0] = (Span) { block, 0 };
    for (size_t i = 0; i < count; i++)
        message[1 + i] = parts[i];
    message[1 + count] = (Span) { &counter, 1 };
    for (size_t done = 0; done < size; done += step) {
        counter++;
        mac_make(key, message, count + 2, block);
        message[0].size = step;
        memcpy(ret_bytes + done, block, size - done < step ? size - done : step);
    }
    bytes_wipe(block, sizeof(block));
}

void derive_hkdf(MacAlgorithm algorithm, Span salt, Span key_material, Span info,
        uint8_t *ret_bytes, size_t size)
{
    uint8_t secret[MAC_BYTES_MAX];
    CLEANUP(mac_key_wipe) MacKey key;
    derive_extract(algorithm, salt, key_material, secret);
    mac_key_init(&key, algorithm, (Span) { secret, mac_bytes(algorithm) });
    derive_expand(&key, &info, 1, ret_bytes, size);
    bytes_wipe(secret, sizeof(secret));
}
