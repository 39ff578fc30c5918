#pragma once
/* first_files: what hufud writes when it starts: whom clients trust, public keys for auditors,
 * "address port". */
#include "http/server.h"
#include "vaultclient/client.h"

/* Replace a file as a whole (written beside, synced, renamed). Faults FAULT_DISK. */
MUST_USE Status first_files_text(const char *path, Span text);
/* The keys that sign checkpoints, as PEM blocks: the first of each, then for each that came later
 * the note by which the one before it handed over (audit/key_change.h reads them). */
MUST_USE Status first_files_keys(const char *path, const WirePublicKey *keys, size_t count);
typedef struct FirstDoors { /* NULL: closed */
    const HttpServer *payments;
    const HttpServer *service; /* of the vault */
    const HttpServer *console;
    const HttpServer *metrics; /* always on 127.0.0.1 */
} FirstDoors;
/* "address port" of each, a line each in this order; port 0 is closed. */
MUST_USE Status first_files_ready(const char *path, const char *address, const FirstDoors *doors);
void first_files_remove(const char *path);
