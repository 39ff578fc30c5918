#pragma once
/*
 * archive: the file of `hufu backup`: named files in one encrypted stream.
 *
 *   file   = "HUFUBAK1" | wrapped key, framed | chunk...
 *   chunk  = size u32 | AES-256-GCM(key, nonce = 0 u32 | number u64, aad = "hufu backup 1" | last
 * u8) stream = (name, framed | size u64 | bytes)...            cut into chunks of
 * ARCHIVE_CHUNK_BYTES
 *
 * The data key is fresh for each backup (vaultd's WRAP_KEY), so numbers are enough as nonces. A
 * chunk that is changed, moved, left out or cut off does not open: the number and the mark of the
 * last one are authentic.
 */
#include "base/bytes.h"

enum {
    ARCHIVE_KEY_BYTES = 32,
    ARCHIVE_WRAPPED_BYTES_MAX = 1024,
    ARCHIVE_CHUNK_BYTES = 64 * 1024,
    ARCHIVE_NAME_BYTES_MAX = 64,
};

typedef struct Archive Archive;

/* A new file, mode 0600; refuses to overwrite. `key` is copied and wiped at closing. Faults
 * FAULT_DISK. */
MUST_USE Status archive_create(const char *path, Span wrapped, Span key, Archive **ret_archive);
/* Add one file under a name. */
MUST_USE Status archive_add(Archive *archive, const char *name, const char *path);
/* Write the last chunk and sync. Without it the file is not a backup. */
MUST_USE Status archive_finish(Archive *archive);

/* Open for reading, up to the wrapped key. Refuses BACKUP_FORMAT. */
MUST_USE Status archive_open(const char *path, Buffer *ret_wrapped, Archive **ret_archive);
/*
 * Write every file of the archive into `folder`; nothing there may have its name. Only names in
 * `names` are taken, each exactly once. Refuses BACKUP_FORMAT, BACKUP_TAMPERED; what was written
 * until then is for the caller to remove, and must not be used.
 */
MUST_USE Status archive_extract(Archive *archive, Span key, const char *folder,
        const char *const *names, size_t name_count);
/* For CLEANUP: wipes and frees. */
void archive_close(Archive **archive);
