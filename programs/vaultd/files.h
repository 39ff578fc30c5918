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
    bool turned; /* the root was turned, and the log does not know (turn_mode.h) */
} Files;

/*
 * Lock the directory (one vaultd a directory), finish a turn of the root that was cut short, and
 * open the files, creating what is missing.
 * Refuses REFUSED_CUSTODY_FILE (the directory is missing, not ours, or open to others),
 * REFUSED_VAULT_BUSY (another vaultd has it). As root_turn_settle().
 * Faults FAULT_DISK.
 */
MUST_USE Status files_open(const char *directory, Files *ret_files);
void files_close(Files *files);
