#pragma once
/*
 * folder: vaultd's directory as the Folder of keys/root_turn.h.
 */
#include "keys/root_turn.h"

enum { FOLDER_FILES_MAX = 8 };

typedef struct FolderFiles {
    int directory_fd; /* borrowed */
    int fds[FOLDER_FILES_MAX];
    size_t count;
} FolderFiles;

Folder folder_open(int directory_fd, FolderFiles *ret_files);
void folder_close(FolderFiles *files); /* for CLEANUP */
