/* Any bytes as a box: parsed or refused; what parses has one encoding of its context, and opens for
 * nobody. The first input byte chooses the recipient. */
#include "crypto/box.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static PrivateKey *recipients[2];

static void make_recipients(void)
{
    if (recipients[0] != NULL) return;
    ASSERT(status_ok(private_key_generate(KEY_P256, &recipients[0])));
    ASSERT(status_ok(private_key_generate(KEY_SM2, &recipients[1])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_recipients();
    if (size == 0) return 0;
    Box box = { 0 };
    if (!status_ok(box_parse((Span) { data + 1, size - 1 }, &box))) return 0;
    uint8_t bytes[BOX_CONTEXT_BYTES_MAX];
    Buffer again = BUFFER_OF(bytes);
    ASSERT(status_ok(box_context_put(&box.context, &again)));
    ASSERT(span_equal(span_of_buffer(&again), box.context_bytes));
    uint8_t plain_bytes[BOX_PLAIN_BYTES_MAX];
    Buffer plain = BUFFER_OF(plain_bytes);
    ASSERT(status_refused(box_open(recipients[data[0] & 1], &box, &plain)) && plain.size == 0);
    return 0;
}
