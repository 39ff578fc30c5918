/* Ciphertext of before Hufu, any bytes: it is refused, or what comes out is shorter than what went
 * in. Byte 0 names the cipher, then key, IV and ciphertext follow. */
#include "crypto/legacy_cipher.h"
#include "crypto/library.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ASSERT(status_ok(library_start()));
    uint8_t memory[LEGACY_PLAIN_BYTES_MAX];
    Buffer plain = BUFFER_OF(memory);
    Cursor c = cursor_of((Span) { data, size });
    uint8_t selector = 0;
    Span key;
    Span iv;
    if (!status_ok(cursor_u8(&c, &selector))) return 0;
    const LegacyCipher cipher = (LegacyCipher)(selector % 6);
    const size_t iv_bytes = selector >= 128 ? 0 : legacy_cipher_block_bytes(cipher);
    if (!status_ok(cursor_take(&c, legacy_cipher_key_bytes(cipher), &key))) return 0;
    if (!status_ok(cursor_take(&c, iv_bytes, &iv))) return 0;
    IGNORE(legacy_cipher_check_key(cipher, key), "an older system may have used a weak one");
    const Status s = legacy_cipher_open(cipher, key, iv, c.rest, &plain);
    if (status_ok(s))
        ASSERT(plain.size < c.rest.size);
    else
        ASSERT(plain.size == 0 && !status_broken(s));
    return 0;
}
