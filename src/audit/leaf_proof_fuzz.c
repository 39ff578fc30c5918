/* Any bytes as the proof of a leaf: refused or read, and what was read is written as it was. */
#include "audit/leaf_proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t leaf_bytes[AUDIT_LEAF_BYTES_MAX];
    static uint8_t text_bytes[LEAF_PROOF_BYTES_MAX];
    Buffer leaf = BUFFER_OF(leaf_bytes);
    Buffer text = BUFFER_OF(text_bytes);
    LeafProof proof;
    if (!status_ok(leaf_proof_parse((Span) { data, size }, &leaf, &proof))) return 0;
    ASSERT(status_ok(leaf_proof_put(&text, &proof)));
    ASSERT(span_equal(span_of_buffer(&text), (Span) { data, size }));
    return 0;
}
