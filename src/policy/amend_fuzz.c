#include "policy/amend.h"

/* What is read is written back byte for byte: a policy has one spelling, so that what two people
 * signed is what is in force. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Policy policy;
    uint8_t memory[POLICY_BLOB_BYTES_MAX];
    Buffer again = BUFFER_OF(memory);
    PolicyBlob blob;
    size_t wrong = 0;
    if (!status_ok(policy_blob_read((Span) { data, size }, &blob))) return 0;
    ASSERT(status_ok(policy_blob_write(&blob, &again)));
    ASSERT(span_equal(span_of_buffer(&again), (Span) { data, size }));
    if (!status_ok(policy_blob_check(&blob, 1, &wrong))) return 0;
    policy_adopt(&policy, &blob);
    for (uint32_t layer = 1; layer <= POLICY_LAYER_COUNT; layer++) {
        const PolicyDecision d = policy_decide(&policy, CLASS_PROHIBITED, layer, PURPOSE_ANY, 1);
        ASSERT(d.forms == 0); /* TP-5, whatever was signed */
    }
    return 0;
}
