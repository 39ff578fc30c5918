/* Any bytes as a sealed field: never opens; and any plaintext, sealed and hurt at any place,
 * neither. */
#include "crypto/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hurt_a_real_one(const SealKey *key, Span plain)
{
    static uint8_t bytes[SEAL_PLAIN_BYTES_MAX + SEAL_OVERHEAD_BYTES], back[SEAL_PLAIN_BYTES_MAX];
    const Random random = random_system();
    Buffer sealed = BUFFER_OF(bytes), opened = BUFFER_OF(back);
    ASSERT(status_ok(seal_close(key, &random, SPAN("place"), plain, &sealed)));
    ASSERT(status_ok(seal_open(key, SPAN("place"), span_of_buffer(&sealed), &opened)));
    ASSERT(span_equal(span_of_buffer(&opened), plain));
    opened.size = 0;
    bytes[plain.data[0] * 31u % sealed.size] ^= (uint8_t)(1u << (plain.data[0] & 7));
    ASSERT(status_refused(seal_open(key, SPAN("place"), span_of_buffer(&sealed), &opened)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key_bytes[SEAL_KEY_BYTES] = { 1 };
    if (size == 0) return 0;
    SealKey key;
    seal_key_init(&key, (data[0] & 1) == 0 ? SEAL_AES_256_GCM : SEAL_SM4_GCM, 1, 1, key_bytes);
    const Span rest = { data + 1, size - 1 };
    static uint8_t back[SEAL_PLAIN_BYTES_MAX];
    Buffer opened = BUFFER_OF(back);
    ASSERT(status_refused(seal_open(&key, SPAN("place"), rest, &opened)) && opened.size == 0);
    if (rest.size > 0 && rest.size <= SEAL_PLAIN_BYTES_MAX) hurt_a_real_one(&key, rest);
    return 0;
}
