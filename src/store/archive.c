#include "store/archive.h"

#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/digest.h"

#include <stdlib.h>

enum { SEALED_CHUNK_BYTES = ARCHIVE_CHUNK_BYTES + AEAD_TAG_BYTES };

static const Span magic = { (const uint8_t *)"HUFUARC\x01", 8 };

/* --- header --- */

static bool is_name(Span name)
{
    if (name.size == 0 || name.size > ARCHIVE_NAME_BYTES_MAX || name.data[0] == '.') return false;
    for (size_t i = 0; i < name.size; i++) {
        const uint8_t c = name.data[i];
        const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        if (!fits) return false;
    }
    return true;
}

static bool is_printable(Span text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < 0x20 || text.data[i] > 0x7E) return false;
    return true;
}

/* Two files of one name would be restored over one another. */
static bool is_new_name(const ArchiveManifest *m, size_t count, Span name)
{
    for (size_t i = 0; i < count; i++)
        if (span_equal(span_of_text(m->files[i].name), name)) return false;
    return true;
}

static Status put_manifest(const ArchiveManifest *m, Buffer *b)
{
    TRY(buffer_put_framed(b, span_of_text(m->origin)));
    TRY(buffer_put_i64(b, m->tree_size));
    TRY(buffer_put(b, SPAN_OF(m->root)));
    TRY(buffer_put_i64(b, m->time_us));
    TRY(buffer_put_u32(b, (uint32_t)m->file_count));
    for (size_t i = 0; i < m->file_count; i++) {
        TRY(buffer_put_framed(b, span_of_text(m->files[i].name)));
        TRY(buffer_put_u64(b, m->files[i].size));
    }
    return OK;
}

static void copy_text(char *to, Span text)
{
    if (text.size > 0) memcpy(to, text.data, text.size);
    to[text.size] = '\0';
}

static Status take_file(Cursor *c, ArchiveManifest *m, size_t index)
{
    Span name = { 0 };
    ArchiveFile *file = &m->files[index];
    TRY(cursor_framed(c, ARCHIVE_NAME_BYTES_MAX, &name));
    TRY(cursor_u64(c, &file->size));
    REQUIRE(is_name(name) && is_new_name(m, index, name), REFUSED_ARCHIVE_FORMAT);
    REQUIRE(file->size <= ARCHIVE_FILE_BYTES_MAX, REFUSED_ARCHIVE_FORMAT);
    copy_text(file->name, name);
    return OK;
}

static Status take_manifest(Span bytes, ArchiveManifest *m)
{
    Cursor c = cursor_of(bytes);
    Span origin = { 0 };
    uint32_t count = 0;
    TRY(cursor_framed(&c, ARCHIVE_ORIGIN_BYTES_MAX, &origin));
    TRY(cursor_i64(&c, &m->tree_size));
    TRY(cursor_copy(&c, ARCHIVE_ROOT_BYTES, m->root));
    TRY(cursor_i64(&c, &m->time_us));
    TRY(cursor_u32(&c, &count));
    REQUIRE(is_printable(origin), REFUSED_ARCHIVE_FORMAT);
    REQUIRE(m->tree_size >= 0 && m->time_us >= 0, REFUSED_ARCHIVE_FORMAT);
    REQUIRE(count >= 1 && count <= ARCHIVE_FILES_MAX, REFUSED_ARCHIVE_FORMAT);
    copy_text(m->origin, origin);
    m->file_count = count;
    for (size_t i = 0; i < count; i++)
        TRY(take_file(&c, m, i));
    return cursor_end(&c);
}

static Status take_header(Span bytes, ArchiveHeader *h)
{
    Cursor c = cursor_of(bytes);
    Span start = { 0 };
    Span wrapped = { 0 };
    Span manifest = { 0 };
    TRY(cursor_take(&c, magic.size, &start));
    REQUIRE(span_equal(start, magic), REFUSED_ARCHIVE_FORMAT);
    TRY(cursor_framed(&c, ARCHIVE_WRAPPED_BYTES_MAX, &wrapped));
    TRY(cursor_framed(&c, ARCHIVE_HEADER_BYTES_MAX, &manifest));
    REQUIRE(wrapped.size > 0, REFUSED_ARCHIVE_FORMAT);
    TRY(take_manifest(manifest, &h->manifest));
    memcpy(h->wrapped, wrapped.data, wrapped.size);
    h->wrapped_size = wrapped.size;
    h->body_offset = bytes.size - c.rest.size;
    sha256((Span) { bytes.data, (size_t)h->body_offset }, h->digest);
    return OK;
}

/* --- where chunks lie --- */

/* A file of no bytes has one chunk too: somebody vouches that it is empty. */
static uint64_t chunk_count(uint64_t size)
{
    return size == 0 ? 1 : (size + ARCHIVE_CHUNK_BYTES - 1) / ARCHIVE_CHUNK_BYTES;
}

static uint64_t sealed_size(uint64_t size) { return size + chunk_count(size) * AEAD_TAG_BYTES; }

static uint64_t file_offset(const ArchiveHeader *h, size_t index)
{
    uint64_t offset = h->body_offset;
    for (size_t i = 0; i < index; i++)
        offset += sealed_size(h->manifest.files[i].size);
    return offset;
}

static void make_nonce(
        size_t file, uint64_t chunk, bool is_last, uint8_t ret_nonce[AEAD_NONCE_BYTES])
{
    Buffer b = { ret_nonce, 0, AEAD_NONCE_BYTES };
    ASSERT(status_ok(buffer_put_u8(&b, 0)));
    ASSERT(status_ok(buffer_put_u16(&b, (uint16_t)file)));
    ASSERT(status_ok(buffer_put_u64(&b, chunk)));
    ASSERT(status_ok(buffer_put_u8(&b, is_last ? 1 : 0)));
}

Status archive_header(const Disk *from, ArchiveHeader *ret_header)
{
    uint8_t memory[ARCHIVE_HEADER_BYTES_MAX];
    uint64_t size = 0;
    ArchiveHeader header = { 0 };
    TRY(from->size(from->context, &size));
    const size_t head = size < sizeof(memory) ? (size_t)size : sizeof(memory);
    TRY(from->read(from->context, 0, memory, head));
    const Status s = take_header((Span) { memory, head }, &header);
    REQUIRE(!status_refused(s),
            REFUSED_ARCHIVE_FORMAT); /* one name for all of a parser's reasons */
    TRY(s);
    REQUIRE(file_offset(&header, header.manifest.file_count) == size, REFUSED_ARCHIVE_FORMAT);
    *ret_header = header;
    return OK;
}

/* --- bodies --- */

typedef struct Work { /* secret: wiped */
    uint8_t plain[ARCHIVE_CHUNK_BYTES];
    uint8_t sealed[SEALED_CHUNK_BYTES];
} Work;

static void work_free(Work **work)
{
    if (*work == NULL) return;
    bytes_wipe(*work, sizeof(**work));
    free(*work);
}

/* One file's way through the chunks: `here` in clear, `there` sealed and beginning at `offset`. */
typedef struct Passage {
    const ArchiveHeader *header;
    Span key;
    size_t file;
    uint64_t offset;
    Work *work;
} Passage;

static Status seal_chunk(const Passage *p, uint64_t chunk, const Disk *from, const Disk *to)
{
    const uint64_t size = p->header->manifest.files[p->file].size;
    const uint64_t at = chunk * ARCHIVE_CHUNK_BYTES;
    const size_t now = size - at < ARCHIVE_CHUNK_BYTES ? (size_t)(size - at) : ARCHIVE_CHUNK_BYTES;
    uint8_t nonce[AEAD_NONCE_BYTES];
    Buffer sealed = BUFFER_OF(p->work->sealed);
    make_nonce(p->file, chunk, chunk + 1 == chunk_count(size), nonce);
    TRY(from->read(from->context, at, p->work->plain, now));
    TRY(aead_close(AEAD_AES_256_GCM, p->key, nonce, SPAN_OF(p->header->digest),
            (Span) { p->work->plain, now }, &sealed));
    return to->write(to->context, p->offset + chunk * SEALED_CHUNK_BYTES, span_of_buffer(&sealed));
}

static Status open_chunk(const Passage *p, uint64_t chunk, const Disk *from, const Disk *to)
{
    const uint64_t size = p->header->manifest.files[p->file].size;
    const uint64_t at = chunk * ARCHIVE_CHUNK_BYTES;
    const size_t now = size - at < ARCHIVE_CHUNK_BYTES ? (size_t)(size - at) : ARCHIVE_CHUNK_BYTES;
    uint8_t nonce[AEAD_NONCE_BYTES];
    Buffer plain = BUFFER_OF(p->work->plain);
    make_nonce(p->file, chunk, chunk + 1 == chunk_count(size), nonce);
    TRY(from->read(from->context, p->offset + chunk * SEALED_CHUNK_BYTES, p->work->sealed,
            now + AEAD_TAG_BYTES));
    const Status s = aead_open(AEAD_AES_256_GCM, p->key, nonce, SPAN_OF(p->header->digest),
            (Span) { p->work->sealed, now + AEAD_TAG_BYTES }, &plain);
    REQUIRE(!status_refused(s), REFUSED_ARCHIVE_TAMPERED);
    TRY(s);
    return to->write(to->context, at, span_of_buffer(&plain));
}

static Status check_source(const ArchiveManifest *m, const Disk *files)
{
    for (size_t i = 0; i < m->file_count; i++) {
        uint64_t size = 0;
        TRY(files[i].size(files[i].context, &size));
        REQUIRE(size == m->files[i].size, REFUSED_ARCHIVE_FORMAT);
    }
    return OK;
}

/* The header is read back from what was written, so that a manifest which no reader would take is
 * refused here. */
static Status write_header(
        const Disk *to, const ArchiveManifest *manifest, Span wrapped, ArchiveHeader *ret_header)
{
    uint8_t memory[ARCHIVE_HEADER_BYTES_MAX];
    uint8_t manifest_memory[ARCHIVE_HEADER_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    Buffer body = BUFFER_OF(manifest_memory);
    REQUIRE(manifest->file_count <= ARCHIVE_FILES_MAX, REFUSED_ARCHIVE_FORMAT);
    TRY(put_manifest(manifest, &body));
    TRY(buffer_put(&b, magic));
    TRY(buffer_put_framed(&b, wrapped));
    TRY(buffer_put_framed(&b, span_of_buffer(&body)));
    const Status s = take_header(span_of_buffer(&b), ret_header);
    REQUIRE(!status_refused(s), REFUSED_ARCHIVE_FORMAT);
    TRY(s);
    return to->write(to->context, 0, span_of_buffer(&b));
}

Status archive_write(const Disk *to, const ArchiveManifest *manifest, Span wrapped, Span key,
        const Disk *files, uint8_t ret_digest[ARCHIVE_DIGEST_BYTES])
{
    ASSERT(key.size == ARCHIVE_KEY_BYTES);
    ArchiveHeader header = { 0 };
    TRY(write_header(to, manifest, wrapped, &header));
    TRY(check_source(manifest, files));
    CLEANUP(work_free) Work *work = malloc(sizeof(*work));
    CHECK(work != NULL, FAULT_MEMORY);
    for (size_t i = 0; i < manifest->file_count; i++) {
        const Passage passage = { &header, key, i, file_offset(&header, i), work };
        const uint64_t chunks = chunk_count(manifest->files[i].size);
        for (uint64_t k = 0; k < chunks; k++)
            TRY(seal_chunk(&passage, k, &files[i], to));
    }
    TRY(to->sync(to->context));
    memcpy(ret_digest, header.digest, ARCHIVE_DIGEST_BYTES);
    return OK;
}

Status archive_extract(
        const Disk *from, const ArchiveHeader *header, Span key, size_t index, const Disk *to)
{
    ASSERT(index < header->manifest.file_count);
    REQUIRE(key.size == ARCHIVE_KEY_BYTES, REFUSED_ARCHIVE_TAMPERED);
    CLEANUP(work_free) Work *work = malloc(sizeof(*work));
    CHECK(work != NULL, FAULT_MEMORY);
    const Passage passage = { header, key, index, file_offset(header, index), work };
    const uint64_t chunks = chunk_count(header->manifest.files[index].size);
    for (uint64_t k = 0; k < chunks; k++)
        TRY(open_chunk(&passage, k, from, to));
    return to->sync(to->context);
}
