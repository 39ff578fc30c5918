#pragma once
/*
 * archive: several files in one encrypted file: what `hufu backup` writes and `hufu restore` reads.
 *
 *   header   = magic "HUFUARC" and u8 version (1) | wrapped key framed | manifest framed
 *   manifest = origin framed | tree size i64 | root [32] | time i64, us | files u32 | file...
 *   file     = name framed | size u64
 *   body     = per file, chunks of ARCHIVE_CHUNK_BYTES (the last one what is left, perhaps nothing)
 *   chunk    = AES-256-GCM, tag behind it
 *              nonce 0x00 | file u16 | chunk u64 | last u8      AAD  SHA-256(header)
 *
 * The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015): a chunk opens only under its
 * own header, in its own file, at its own place, and knows whether it is the last. So a change, a
 * swap, a loss of chunks or files is refused, and nothing is handed on that was not authentic. One
 * key writes one archive: the vault makes a fresh one each time. Bounded: two chunks of memory.
 * Floor 2. No shared state.
 */
#include "base/seams.h"

enum {
    ARCHIVE_CHUNK_BYTES = 64 * 1024,
    ARCHIVE_KEY_BYTES = 32,
    ARCHIVE_DIGEST_BYTES = 32,
    ARCHIVE_ROOT_BYTES = 32,
    ARCHIVE_WRAPPED_BYTES_MAX = 256,
    ARCHIVE_ORIGIN_BYTES_MAX = 128,
    ARCHIVE_NAME_BYTES_MAX = 64,
    ARCHIVE_FILES_MAX = 8,
    ARCHIVE_HEADER_BYTES_MAX = 2048,
};
#define ARCHIVE_FILE_BYTES_MAX ((uint64_t)1 << 40)

typedef struct ArchiveFile {
    char name[ARCHIVE_NAME_BYTES_MAX + 1]; /* small letters, digits, '.', '-'; no path */
    uint64_t size;
} ArchiveFile;

typedef struct ArchiveManifest {
    char origin[ARCHIVE_ORIGIN_BYTES_MAX + 1]; /* of the log's checkpoints */
    int64_t tree_size; /* audit leaves */
    uint8_t root[ARCHIVE_ROOT_BYTES];
    int64_t time_us;
    ArchiveFile files[ARCHIVE_FILES_MAX];
    size_t file_count; /* 1..ARCHIVE_FILES_MAX */
} ArchiveManifest;

typedef struct ArchiveHeader {
    ArchiveManifest manifest;
    uint8_t wrapped[ARCHIVE_WRAPPED_BYTES_MAX];
    size_t wrapped_size;
    uint8_t digest[ARCHIVE_DIGEST_BYTES]; /* of the header: names the archive */
    uint64_t body_offset;
} ArchiveHeader;

/*
 * Write and sync an archive into an empty disk.
 *
 * wrapped     1..ARCHIVE_WRAPPED_BYTES_MAX bytes, stored in clear
 * key         ARCHIVE_KEY_BYTES, never used before (asserted: its size)
 * files       one a manifest file, holding exactly the size that the manifest says; they stand
 * still
 *
 * Refuses REFUSED_ARCHIVE_FORMAT (manifest or wrapped key out of range, a file has another size).
 * Faults FAULT_DISK, FAULT_CRYPTO, FAULT_MEMORY. Unless OK, what was written is to be thrown away.
 */
MUST_USE Status archive_write(const Disk *to, const ArchiveManifest *manifest, Span wrapped,
        Span key, const Disk *files, uint8_t ret_digest[ARCHIVE_DIGEST_BYTES]);

/* Read the header, and that the file has just the size that its manifest asks for; nothing of it is
 * authentic before a chunk opened under it. Refuses REFUSED_ARCHIVE_FORMAT. */
MUST_USE Status archive_header(const Disk *from, ArchiveHeader *ret_header);

/*
 * Decrypt one file of the archive into an empty disk, and sync it.
 *
 * index  < header->manifest.file_count (asserted)
 * Refuses REFUSED_ARCHIVE_TAMPERED (bytes or key differ; not told apart). Unless OK, what was
 * written is to be thrown away.
 */
MUST_USE Status archive_extract(
        const Disk *from, const ArchiveHeader *header, Span key, size_t index, const Disk *to);
