#pragma once
/* first_files: what hufud writes when it starts: whom clients trust, public keys for auditors,
 * "address port". */
#include "vaultclient/client.h"

/* Replace a file as a whole (written beside, synced, renamed). Faults FAULT_DISK. */
MUST_USE Status first_files_text(const char *path, Span text);
/* The keys that sign checkpoints, as PEM blocks: the first of each, then for each that came later
 * the note by which the one before it handed over (audit/key_change.h reads them). */
MUST_USE Status first_files_keys(const char *path, const WirePublicKey *keys, size_t count);
typedef struct FirstPorts {
    uint16_t payments;
    uint16_t service; /* of the vault; 0: closed */
    uint16_t console; /* 0: closed */
    uint16_t metrics; /* 0: closed; always on 127.0.0.1 */
} FirstPorts;
/* "address port" of each, a line each in this order; port 0 is closed. */
MUST_USE Status first_files_ready(const char *path, const char *address, FirstPorts ports);
void first_files_remove(const char *path);
