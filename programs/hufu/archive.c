#include "archive.h"

#include "command.h"

#include "base/secret.h"
#include "crypto/aead.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC_BYTES = 8, SEALED_BYTES_MAX = ARCHIVE_CHUNK_BYTES + AEAD_TAG_BYTES };
static const Span magic = { (const uint8_t *)"HUFUBAK1", MAGIC_BYTES };

struct Archive {
    FILE *file;
    Secret key;
    uint64_t chunks;
    bool last_seen;
    size_t taken; /* reading: how much of `plain` was handed out */
    Buffer plain;
    uint8_t plain_bytes[ARCHIVE_CHUNK_BYTES];
    uint8_t sealed_bytes[SEALED_BYTES_MAX];
};

static Archive *archive_new(FILE *file)
{
    Archive *archive = calloc(1, sizeof(*archive));
    if (archive == NULL) return NULL;
    archive->file = file;
    archive->plain = BUFFER_OF(archive->plain_bytes);
    return archive;
}

void archive_close(Archive **archive)
{
    Archive *a = *archive;
    *archive = NULL;
    if (a == NULL) return;
    if (a->file != NULL) fclose(a->file);
    bytes_wipe(a, sizeof(*a));
    free(a);
}

typedef struct ChunkPlace {
    uint8_t nonce[AEAD_NONCE_BYTES];
    uint8_t aad[16];
    Span aad_span;
} ChunkPlace;

static void chunk_place(const Archive *a, bool last, ChunkPlace *ret)
{
    Buffer nonce = BUFFER_OF(ret->nonce);
    Buffer aad = BUFFER_OF(ret->aad);
    ASSERT(status_ok(buffer_put_u32(&nonce, 0)));
    ASSERT(status_ok(buffer_put_u64(&nonce, a->chunks)));
    ASSERT(status_ok(buffer_put(&aad, SPAN("hufu backup 1"))));
    ASSERT(status_ok(buffer_put_u8(&aad, last ? 1 : 0)));
    ret->aad_span = span_of_buffer(&aad);
}

/* --- writing --- */

MUST_USE static Status write_bytes(Archive *a, Span bytes)
{
    CHECK(fwrite(bytes.data, 1, bytes.size, a->file) == bytes.size, FAULT_DISK);
    return OK;
}

MUST_USE static Status flush_chunk(Archive *a, bool last)
{
    ChunkPlace place;
    uint8_t size_bytes[4];
    Buffer size = BUFFER_OF(size_bytes);
    Buffer sealed = BUFFER_OF(a->sealed_bytes);
    chunk_place(a, last, &place);
    TRY(aead_close(AEAD_AES_256_GCM, secret_span(&a->key), place.nonce, place.aad_span,
            span_of_buffer(&a->plain), &sealed));
    TRY(buffer_put_u32(&size, (uint32_t)sealed.size));
    TRY(write_bytes(a, span_of_buffer(&size)));
    TRY(write_bytes(a, span_of_buffer(&sealed)));
    a->chunks++;
    a->plain.size = 0;
    return OK;
}

MUST_USE static Status put(Archive *a, Span bytes)
{
    while (bytes.size > 0) {
        const size_t space = a->plain.capacity - a->plain.size;
        const size_t size = bytes.size < space ? bytes.size : space;
        TRY(buffer_put(&a->plain, (Span) { bytes.data, size }));
        bytes = (Span) { bytes.data + size, bytes.size - size };
        if (a->plain.size == a->plain.capacity) TRY(flush_chunk(a, false));
    }
    return OK;
}

Status archive_create(const char *path, Span wrapped, Span key, Archive **ret_archive)
{
    REQUIRE(key.size == ARCHIVE_KEY_BYTES, REFUSED_BACKUP_FORMAT);
    REQUIRE(wrapped.size <= ARCHIVE_WRAPPED_BYTES_MAX, REFUSED_BACKUP_FORMAT);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0, FAULT_DISK);
    CLEANUP(archive_close) Archive *a = archive_new(fdopen(fd, "wb"));
    CHECK(a != NULL && a->file != NULL, FAULT_MEMORY);
    TRY(secret_set(&a->key, key));
    uint8_t head_bytes[ARCHIVE_WRAPPED_BYTES_MAX + 16];
    Buffer head = BUFFER_OF(head_bytes);
    TRY(buffer_put(&head, magic));
    TRY(buffer_put_framed(&head, wrapped));
    TRY(write_bytes(a, span_of_buffer(&head)));
    *ret_archive = a; /* transferred */
    a = NULL;
    return OK;
}

static void file_done(FILE **file)
{
    if (*file != NULL) fclose(*file);
}

Status archive_add(Archive *a, const char *name, const char *path)
{
    CLEANUP(file_done) FILE *in = fopen(path, "rb");
    struct stat about;
    CHECK(in != NULL && fstat(fileno(in), &about) == 0, FAULT_DISK);
    uint8_t head_bytes[ARCHIVE_NAME_BYTES_MAX + 16];
    Buffer head = BUFFER_OF(head_bytes);
    TRY(buffer_put_framed(&head, span_of_text(name)));
    TRY(buffer_put_u64(&head, (uint64_t)about.st_size));
    TRY(put(a, span_of_buffer(&head)));
    uint64_t left = (uint64_t)about.st_size;
    while (left > 0) {
        uint8_t block[16384];
        const size_t wanted = left < sizeof(block) ? (size_t)left : sizeof(block);
        CHECK(fread(block, 1, wanted, in) == wanted, FAULT_DISK);
        TRY(put(a, (Span) { block, wanted }));
        left -= wanted;
    }
    return OK;
}

Status archive_finish(Archive *a)
{
    TRY(flush_chunk(a, true));
    CHECK(fflush(a->file) == 0 && fsync(fileno(a->file)) == 0, FAULT_DISK);
    return OK;
}

/* --- reading --- */

Status archive_open(const char *path, Buffer *ret_wrapped, Archive **ret_archive)
{
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL, FAULT_DISK);
    CLEANUP(archive_close) Archive *a = archive_new(file);
    if (a == NULL) fclose(file);
    CHECK(a != NULL, FAULT_MEMORY);
    uint8_t head[MAGIC_BYTES + 4];
    uint8_t wrapped[ARCHIVE_WRAPPED_BYTES_MAX];
    REQUIRE(fread(head, 1, sizeof(head), file) == sizeof(head), REFUSED_BACKUP_FORMAT);
    REQUIRE(span_equal((Span) { head, MAGIC_BYTES }, magic), REFUSED_BACKUP_FORMAT);
    Cursor c = cursor_of((Span) { head + MAGIC_BYTES, 4 });
    uint32_t size = 0;
    TRY(cursor_u32(&c, &size));
    REQUIRE(size <= sizeof(wrapped), REFUSED_BACKUP_FORMAT);
    REQUIRE(fread(wrapped, 1, size, file) == size, REFUSED_BACKUP_FORMAT);
    TRY(buffer_put(ret_wrapped, (Span) { wrapped, size }));
    *ret_archive = a; /* transferred */
    a = NULL;
    return OK;
}

/* Open the next chunk. It is the last one exactly when the file ends behind it. */
MUST_USE static Status next_chunk(Archive *a)
{
    uint8_t size_bytes[4];
    uint32_t size = 0;
    REQUIRE(!a->last_seen, REFUSED_BACKUP_TAMPERED);
    REQUIRE(fread(size_bytes, 1, 4, a->file) == 4, REFUSED_BACKUP_TAMPERED);
    Cursor c = cursor_of(SPAN_OF(size_bytes));
    TRY(cursor_u32(&c, &size));
    REQUIRE(size >= AEAD_TAG_BYTES && size <= SEALED_BYTES_MAX, REFUSED_BACKUP_TAMPERED);
    REQUIRE(fread(a->sealed_bytes, 1, size, a->file) == size, REFUSED_BACKUP_TAMPERED);
    const int byte = fgetc(a->file);
    a->last_seen = byte == EOF;
    if (byte != EOF) ungetc(byte, a->file);

    ChunkPlace place;
    chunk_place(a, a->last_seen, &place);
    a->plain.size = 0;
    a->taken = 0;
    const Status s = aead_open(AEAD_AES_256_GCM, secret_span(&a->key), place.nonce, place.aad_span,
            (Span) { a->sealed_bytes, size }, &a->plain);
    REQUIRE(!status_is(s, REFUSED_AEAD_TAMPERED), REFUSED_BACKUP_TAMPERED);
    TRY(s);
    a->chunks++;
    return OK;
}

/* Borrow up to `most` bytes of the stream; empty at its end. */
MUST_USE static Status take(Archive *a, size_t most, Span *ret_bytes)
{
    while (a->taken == a->plain.size && !a->last_seen)
        TRY(next_chunk(a));
    const size_t left = a->plain.size - a->taken;
    *ret_bytes = (Span) { a->plain_bytes + a->taken, left < most ? left : most };
    a->taken += ret_bytes->size;
    return OK;
}

MUST_USE static Status take_exactly(Archive *a, size_t size, uint8_t *ret_bytes)
{
    for (size_t done = 0; done < size;) {
        Span part = { 0 };
        TRY(take(a, size - done, &part));
        REQUIRE(part.size > 0, REFUSED_BACKUP_FORMAT);
        memcpy(ret_bytes + done, part.data, part.size);
        done += part.size;
    }
    return OK;
}

MUST_USE static Status extract_bytes(Archive *a, uint64_t size, const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0, FAULT_DISK);
    CLEANUP(file_done) FILE *out = fdopen(fd, "wb");
    CHECK(out != NULL, FAULT_MEMORY);
    while (size > 0) {
        Span part = { 0 };
        TRY(take(a, size < SIZE_MAX ? (size_t)size : SIZE_MAX, &part));
        REQUIRE(part.size > 0, REFUSED_BACKUP_FORMAT);
        CHECK(fwrite(part.data, 1, part.size, out) == part.size, FAULT_DISK);
        size -= part.size;
    }
    CHECK(fflush(out) == 0 && fsync(fd) == 0, FAULT_DISK);
    return OK;
}

/* The next file's name and size. */
MUST_USE static Status take_head(
        Archive *a, char ret_name[ARCHIVE_NAME_BYTES_MAX + 1], uint64_t *ret_size)
{
    uint8_t bytes[8];
    uint32_t name_size = 0;
    TRY(take_exactly(a, 4, bytes));
    Cursor c = cursor_of((Span) { bytes, 4 });
    TRY(cursor_u32(&c, &name_size));
    REQUIRE(name_size <= ARCHIVE_NAME_BYTES_MAX, REFUSED_BACKUP_FORMAT);
    TRY(take_exactly(a, name_size, (uint8_t *)ret_name));
    ret_name[name_size] = '\0';
    TRY(take_exactly(a, 8, bytes));
    c = cursor_of(SPAN_OF(bytes));
    return cursor_u64(&c, ret_size);
}

Status archive_extract(
        Archive *a, Span key, const char *folder, const char *const *names, size_t name_count)
{
    REQUIRE(key.size == ARCHIVE_KEY_BYTES, REFUSED_BACKUP_FORMAT);
    TRY(secret_set(&a->key, key));
    for (size_t i = 0; i < name_count; i++) {
        char name[ARCHIVE_NAME_BYTES_MAX + 1];
        char path[PATH_BYTES_MAX];
        uint64_t size = 0;
        TRY(take_head(a, name, &size));
        REQUIRE(strcmp(name, names[i]) == 0, REFUSED_BACKUP_FORMAT);
        TRY(extract_bytes(a, size, path_in(path, folder, name)));
    }
    Span rest = { 0 };
    TRY(take(a, 1, &rest)); /* also opens an empty last chunk */
    return rest.size == 0 && a->last_seen ? OK : REFUSE(REFUSED_BACKUP_FORMAT);
}
