#pragma once
/* backup_files: what a backup consists of, shared by backup.c and restore.c. */
#include "archive.h"
#include "layout.h"

enum { BACKUP_FILES = 2 };

/* Names inside the archive, in order: "ledger.db", "domain.db". */
extern const char *const backup_names[BACKUP_FILES];
/* The same under the directory of `up`. */
extern const char *const backup_paths[BACKUP_FILES];
