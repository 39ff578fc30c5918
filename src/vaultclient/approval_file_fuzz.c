#include "vaultclient/approval_file.h"

/* What is read is written again byte for byte. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ApprovalFile file;
    static uint8_t memory[APPROVAL_FILE_BYTES_MAX];
    Buffer again = BUFFER_OF(memory);
    if (!status_ok(approval_file_read((Span) { data, size }, &file))) return 0;
    ASSERT(status_ok(approval_file_write(&file, &again)));
    ASSERT(span_equal(span_of_buffer(&again), (Span) { data, size }));
    return 0;
}
