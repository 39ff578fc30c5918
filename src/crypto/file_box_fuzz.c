#include "crypto/file_box.h"

/* Any bytes as a file for a fixed key: nothing that was not sealed opens, nothing reads past the
 * end. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[FILE_BOX_PLAIN_BYTES_MAX];
    static PrivateKey *key;
    Buffer plain = BUFFER_OF(memory);
    BoxContext context;
    if (key == NULL) ASSERT(status_ok(private_key_generate(KEY_P256, &key)));
    ASSERT(!status_ok(file_box_open(key, (Span) { data, size }, &context, &plain)));
    ASSERT(plain.size == 0);
    return 0;
}
