/* Any bytes as an archive: refused, or a header whose files lie inside it; without the key nothing
 * of them comes out. */
#include "store/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Input {
    const uint8_t *data;
    size_t size;
} Input;

static Status input_read(void *context, uint64_t offset, uint8_t *ret_bytes, size_t size)
{
    const Input *input = context;
    REQUIRE(offset <= input->size && size <= input->size - offset, REFUSED_BYTES_TRUNCATED);
    if (size > 0) memcpy(ret_bytes, input->data + offset, size);
    return OK;
}

static Status input_size(void *context, uint64_t *ret_size)
{
    *ret_size = ((const Input *)context)->size;
    return OK;
}

static Status never_write(void *context, uint64_t offset, Span bytes)
{
    (void)context;
    (void)offset;
    (void)bytes;
    ASSERT(false); /* nothing authentic can be in it */
    return OK;
}

static Status sync_nothing(void *context)
{
    (void)context;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[ARCHIVE_KEY_BYTES] = { 1 };
    Input input = { data, size };
    const Disk from = { .read = input_read, .size = input_size, .context = &input };
    const Disk to = { .write = never_write, .sync = sync_nothing };
    ArchiveHeader header = { 0 };
    if (!status_ok(archive_header(&from, &header))) return 0;
    ASSERT(header.body_offset <= size);
    for (size_t i = 0; i < header.manifest.file_count; i++)
        ASSERT(status_is(archive_extract(&from, &header, SPAN_OF(key), i, &to),
                (StatusCode)REFUSED_ARCHIVE_TAMPERED));
    return 0;
}
