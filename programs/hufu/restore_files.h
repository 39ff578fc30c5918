#pragma once
/*
 * restore_files: the files of `hufu restore`: out of the archive, beside the live ones, into their
 * place.
 */
#include "layout.h"
#include "store/archive.h"

enum { RESTORE_LEDGER = 0, RESTORE_DOMAIN = 1, RESTORE_FILES = 2 };

typedef struct RestoreFiles {
    char live[RESTORE_FILES][PATH_BYTES_MAX];
    char fresh[RESTORE_FILES][PATH_BYTES_MAX]; /* in the same folders */
    char kept[RESTORE_FILES][PATH_BYTES_MAX];
    bool with_domain; /* replace the domain store too */
} RestoreFiles;

/* Where they are. Without `with_domain` a domain store that exists stays as it is: its records
 * prove themselves to the vault, whose journal wants the newest of each. */
void restore_files_name(const Layout *layout, bool with_domain, RestoreFiles *ret_files);

/*
 * Decrypt what will be replaced into the fresh files, and check that the ledger's log is the one
 * that the manifest names. They get the owner of their folder. Refuses ARCHIVE_TAMPERED,
 * AUDIT_ROOT_DIFFERS. Faults FAULT_DISK, FAULT_STORE.
 */
MUST_USE Status restore_files_unpack(
        const RestoreFiles *files, const Disk *archive, const ArchiveHeader *header, Span key);
/* Put them into their place, the ledger last; hufud is away. The log of reveals is not taken back:
 * its lines since the backup go with the domain store. Faults FAULT_DISK. */
MUST_USE Status restore_files_replace(const RestoreFiles *files);
/* Remove fresh files that were not put into place. */
void restore_files_remove(const RestoreFiles *files);
