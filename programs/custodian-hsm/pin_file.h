#pragma once
/*
 * pin_file: the token's PIN in a file that only we read, and the memory of a refused one.
 */
#include "base/secret.h"

typedef struct PinFile { /* which file it was: another PIN is another file or another time */
    uint64_t inode;
    int64_t changed_ns;
} PinFile;

/* path  NULL: $CREDENTIALS_DIRECTORY/hsm-pin (systemd). One line feed at the end is not the PIN's.
 * Refuses REFUSED_HSM_PIN_FILE. */
MUST_USE Status pin_file_read(const char *path, PinFile *ret_file, Secret *ret_pin);
bool pin_file_was_refused(const char *refused_path, const PinFile *file);
/* Faults FAULT_DISK. */
MUST_USE Status pin_file_remember_refused(const char *refused_path, const PinFile *file);
