/* Goal: an archive gives back its files, or says that it does not. Method: every byte changed,
 * every length cut, chunks and files swapped, a foreign header put before a body. */
#include "store/archive.h"

#include "base/expect.h"
#include "crypto/aead.h"

enum { MEMORY_BYTES_MAX = 512 * 1024 };

typedef struct MemoryFile {
    uint8_t bytes[MEMORY_BYTES_MAX];
    uint64_t size;
    int writes;
    int syncs;
} MemoryFile;

static Status memory_read(void *context, uint64_t offset, uint8_t *ret_bytes, size_t size)
{
    const MemoryFile *file = context;
    REQUIRE(offset <= file->size && size <= file->size - offset, REFUSED_BYTES_TRUNCATED);
    if (size > 0) memcpy(ret_bytes, file->bytes + offset, size);
    return OK;
}

static Status memory_write(void *context, uint64_t offset, Span bytes)
{
    MemoryFile *file = context;
    CHECK(offset <= MEMORY_BYTES_MAX && bytes.size <= MEMORY_BYTES_MAX - offset, FAULT_DISK);
    if (bytes.size > 0) memcpy(file->bytes + offset, bytes.data, bytes.size);
    if (offset + bytes.size > file->size) file->size = offset + bytes.size;
    file->writes++;
    return OK;
}

static Status memory_sync(void *context)
{
    ((MemoryFile *)context)->syncs++;
    return OK;
}

static Status memory_truncate(void *context, uint64_t size)
{
    ((MemoryFile *)context)->size = size;
    return OK;
}

static Status memory_size(void *context, uint64_t *ret_size)
{
    *ret_size = ((const MemoryFile *)context)->size;
    return OK;
}

static Disk disk_of(MemoryFile *file)
{
    return (Disk) { memory_read, memory_write, memory_sync, memory_truncate, memory_size, file };
}

static MemoryFile sources[3];
static MemoryFile archive;
static MemoryFile other;
static MemoryFile out;
static const uint8_t key[ARCHIVE_KEY_BYTES] = { 7, 1, 2 };

static void fill(MemoryFile *file, uint64_t size, uint64_t seed)
{
    SeededRandom state;
    const Random random = random_seeded(&state, seed);
    ASSERT(status_ok(random_fill(&random, file->bytes, (size_t)size)));
    file->size = size;
}

static ArchiveManifest manifest_of(const uint64_t *sizes, size_t count)
{
    ArchiveManifest m = {
        .origin = "hufu/00ff/0", .tree_size = 42, .time_us = 5, .file_count = count
    };
    static const char *const names[] = { "ledger.db", "domain.db", "third" };
    memset(m.root, 0xA5, sizeof(m.root));
    for (size_t i = 0; i < count; i++) {
        memcpy(m.files[i].name, names[i], strlen(names[i]) + 1);
        m.files[i].size = sizes[i];
        fill(&sources[i], sizes[i], sizes[i] + i);
    }
    return m;
}

static Status write_archive(const ArchiveManifest *m, Span wrapped, uint8_t ret_digest[32])
{
    const Disk files[] = { disk_of(&sources[0]), disk_of(&sources[1]), disk_of(&sources[2]) };
    archive = (MemoryFile) { .size = 0 };
    const Disk to = disk_of(&archive);
    return archive_write(&to, m, wrapped, SPAN_OF(key), files, ret_digest);
}

/* Header and all files; what the reader of a whole archive does. */
static Status read_all(const uint8_t *with_key)
{
    const Disk from = disk_of(&archive);
    ArchiveHeader header = { 0 };
    TRY(archive_header(&from, &header));
    for (size_t i = 0; i < header.manifest.file_count; i++) {
        out.size = 0;
        const Disk to = disk_of(&out);
        TRY(archive_extract(&from, &header, (Span) { with_key, ARCHIVE_KEY_BYTES }, i, &to));
    }
    return OK;
}

static bool is_refused(Status s)
{
    return status_is(s, (StatusCode)REFUSED_ARCHIVE_FORMAT)
            || status_is(s, (StatusCode)REFUSED_ARCHIVE_TAMPERED);
}

static void test_files_come_back(void)
{
    static const uint64_t sizes[][3] = { { 0, 1, ARCHIVE_CHUNK_BYTES },
        { ARCHIVE_CHUNK_BYTES - 1, ARCHIVE_CHUNK_BYTES + 1, 2 * ARCHIVE_CHUNK_BYTES },
        { 100000, 0, 3 } };
    for (size_t k = 0; k < 3; k++) {
        const ArchiveManifest m = manifest_of(sizes[k], 3);
        uint8_t digest[32];
        EXPECT_OK(write_archive(&m, SPAN("wrapped"), digest));
        EXPECT(archive.syncs == 1);
        ArchiveHeader header = { 0 };
        const Disk from = disk_of(&archive);
        EXPECT_OK(archive_header(&from, &header));
        EXPECT(bytes_equal_ct(header.digest, digest, sizeof(digest)));
        EXPECT(header.manifest.tree_size == 42 && header.manifest.file_count == 3);
        EXPECT(strcmp(header.manifest.origin, "hufu/00ff/0") == 0);
        EXPECT(span_equal((Span) { header.wrapped, header.wrapped_size }, SPAN("wrapped")));
        for (size_t i = 0; i < 3; i++) {
            out = (MemoryFile) { .size = 0 };
            const Disk to = disk_of(&out);
            EXPECT_OK(archive_extract(&from, &header, SPAN_OF(key), i, &to));
            EXPECT(out.syncs == 1);
            EXPECT(span_equal((Span) { out.bytes, (size_t)out.size },
                    (Span) { sources[i].bytes, (size_t)sources[i].size }));
        }
    }
}

/* Nothing of the files can be found in the archive. */
static void test_nothing_is_in_clear(void)
{
    const uint64_t sizes[] = { 4096 };
    const ArchiveManifest m = manifest_of(sizes, 1);
    uint8_t digest[32];
    EXPECT_OK(write_archive(&m, SPAN("wrapped"), digest));
    for (uint64_t at = 0; at + 16 <= archive.size; at++)
        EXPECT(!span_equal((Span) { archive.bytes + at, 16 }, (Span) { sources[0].bytes, 16 }));
}

static void test_every_flipped_bit_is_refused(void)
{
    const uint64_t sizes[] = { 150, 0, 33 };
    const ArchiveManifest m = manifest_of(sizes, 3);
    uint8_t digest[32];
    EXPECT_OK(write_archive(&m, SPAN("wrapped"), digest));
    EXPECT_OK(read_all(key));
    for (uint64_t bit = 0; bit < archive.size * 8; bit++) {
        archive.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        EXPECT(is_refused(read_all(key)));
        archive.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    EXPECT_OK(read_all(key));
}

static void test_every_cut_and_every_addition_is_refused(void)
{
    const uint64_t sizes[] = { 150, 0, 33 };
    const ArchiveManifest m = manifest_of(sizes, 3);
    uint8_t digest[32];
    EXPECT_OK(write_archive(&m, SPAN("wrapped"), digest));
    const uint64_t whole = archive.size;
    for (archive.size = 0; archive.size < whole; archive.size++)
        EXPECT_REFUSED(read_all(key), REFUSED_ARCHIVE_FORMAT);
    archive.size = whole + 1;
    EXPECT_REFUSED(read_all(key), REFUSED_ARCHIVE_FORMAT);
}

static void swap_bytes(uint64_t a, uint64_t b, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        const uint8_t kept = archive.bytes[a + i];
        archive.bytes[a + i] = archive.bytes[b + i];
        archive.bytes[b + i] = kept;
    }
}

static void test_swapped_chunks_and_files_are_refused(void)
{
    enum { CHUNK = ARCHIVE_CHUNK_BYTES + AEAD_TAG_BYTES };
    const uint64_t sizes[] = { 2 * ARCHIVE_CHUNK_BYTES, 2 * ARCHIVE_CHUNK_BYTES };
    const ArchiveManifest m = manifest_of(sizes, 2);
    uint8_t digest[32];
    ArchiveHeader header = { 0 };
    const Disk from = disk_of(&archive);
    EXPECT_OK(write_archive(&m, SPAN("wrapped"), digest));
    EXPECT_OK(archive_header(&from, &header));
    for (uint64_t a = 0; a < 4; a++) {
        for (uint64_t b = a + 1; b < 4; b++) {
            swap_bytes(header.body_offset + a * CHUNK, header.body_offset + b * CHUNK, CHUNK);
            EXPECT_REFUSED(read_all(key), REFUSED_ARCHIVE_TAMPERED);
            swap_bytes(header.body_offset + a * CHUNK, header.body_offset + b * CHUNK, CHUNK);
        }
    }
    EXPECT_OK(read_all(key));
}

/* Cut the file at a chunk and make the manifest say so: the chunk that is now the last was not. */
static void test_a_shorter_manifest_is_refused(void)
{
    uint64_t sizes[] = { 2 * ARCHIVE_CHUNK_BYTES };
    ArchiveManifest m = manifest_of(sizes, 1);
    uint8_t digest[32];
    EXPECT_OK(write_archive(&m, SPAN("wrapped"), digest));
    other = archive;
    m.files[0].size = ARCHIVE_CHUNK_BYTES;
    sources[0].size = ARCHIVE_CHUNK_BYTES;
    EXPECT_OK(write_archive(&m, SPAN("wrapped"), digest));
    ArchiveHeader header = { 0 };
    const Disk from = disk_of(&archive);
    EXPECT_OK(archive_header(&from, &header));
    memcpy(archive.bytes + header.body_offset, other.bytes + header.body_offset,
            ARCHIVE_CHUNK_BYTES + AEAD_TAG_BYTES);
    EXPECT_REFUSED(read_all(key), REFUSED_ARCHIVE_TAMPERED);
}

/* The body of one backup behind the header of another one with the same key and sizes. */
static void test_a_foreign_header_is_refused(void)
{
    const uint64_t sizes[] = { 150 };
    ArchiveManifest m = manifest_of(sizes, 1);
    uint8_t digest[32];
    EXPECT_OK(write_archive(&m, SPAN("wrapped"), digest));
    other = archive;
    m.tree_size = 43;
    EXPECT_OK(write_archive(&m, SPAN("wrapped"), digest));
    ArchiveHeader header = { 0 };
    const Disk from = disk_of(&archive);
    EXPECT_OK(archive_header(&from, &header));
    const size_t head = (size_t)header.body_offset;
    memcpy(archive.bytes + head, other.bytes + head, (size_t)archive.size - head);
    EXPECT_REFUSED(read_all(key), REFUSED_ARCHIVE_TAMPERED);
}

static void test_another_key_is_refused_and_nothing_is_written(void)
{
    const uint64_t sizes[] = { 150 };
    const ArchiveManifest m = manifest_of(sizes, 1);
    uint8_t digest[32];
    uint8_t wrong[ARCHIVE_KEY_BYTES] = { 8, 1, 2 };
    EXPECT_OK(write_archive(&m, SPAN("wrapped"), digest));
    out = (MemoryFile) { .size = 0 };
    EXPECT_REFUSED(read_all(wrong), REFUSED_ARCHIVE_TAMPERED);
    EXPECT(out.writes == 0 && out.size == 0);
}

static void test_what_no_reader_takes_is_not_written(void)
{
    const uint64_t sizes[] = { 10, 10 };
    const ArchiveManifest good = manifest_of(sizes, 2);
    uint8_t digest[32];
    static const char *const names[] = { "", "../ledger.db", "a/b", ".hidden", "Upper", "a b",
        "domain.db" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ArchiveManifest m = good;
        memcpy(m.files[0].name, names[i], strlen(names[i]) + 1);
        EXPECT_REFUSED(write_archive(&m, SPAN("wrapped"), digest), REFUSED_ARCHIVE_FORMAT);
    }
    ArchiveManifest m = good;
    m.file_count = 0;
    EXPECT_REFUSED(write_archive(&m, SPAN("wrapped"), digest), REFUSED_ARCHIVE_FORMAT);
    m.file_count = ARCHIVE_FILES_MAX + 1;
    EXPECT_REFUSED(write_archive(&m, SPAN("wrapped"), digest), REFUSED_ARCHIVE_FORMAT);
    m = good;
    m.files[0].size = ARCHIVE_FILE_BYTES_MAX + 1;
    EXPECT_REFUSED(write_archive(&m, SPAN("wrapped"), digest), REFUSED_ARCHIVE_FORMAT);
    EXPECT_REFUSED(write_archive(&good, SPAN(""), digest), REFUSED_ARCHIVE_FORMAT);
    sources[1].size = 11; /* it grew after the manifest was made */
    EXPECT_REFUSED(write_archive(&good, SPAN("wrapped"), digest), REFUSED_ARCHIVE_FORMAT);
}

TESTS(TEST(test_files_come_back), TEST(test_nothing_is_in_clear),
        TEST(test_every_flipped_bit_is_refused), TEST(test_every_cut_and_every_addition_is_refused),
        TEST(test_swapped_chunks_and_files_are_refused), TEST(test_a_shorter_manifest_is_refused),
        TEST(test_a_foreign_header_is_refused),
        TEST(test_another_key_is_refused_and_nothing_is_written),
        TEST(test_what_no_reader_takes_is_not_written))
