#pragma once
/*
 * files: every file that vaultd will ever use, opened before the sandbox closes.
 *
 *   DIR/keys.a keys.b          key store segments
 *   DIR/journal.a journal.b    journal segments
 *   DIR/attached.a attached.b  journal segments of attached tables
 */
#include "base/seams.h"

typedef struct Files {
    int directory_fd;
    int fds[6];
    Disk keys[2];
    Disk journal[2];
    Disk attached[2]; /* the journal of attached tables */
    bool is_new; /* the key store is empty */
} Files;

/*
 * Open them, creating what is missing, and lock the directory: one vaultd a directory.
 * Refuses REFUSED_CUSTODY_FILE (the directory is missing, not ours, or open to others),
 * REFUSED_VAULT_BUSY (another vaultd has it). Faults FAULT_DISK.
 */
MUST_USE Status files_open(const char *directory, Files *ret_files);
void files_close(Files *files);
