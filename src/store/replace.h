#pragma once
/*
 * replace: put another file in a database's place while its program is away, and tell that program
 * why.
 *
 *   hold   a lock on the database's folder, held by the program as long as it has the database open
 *   gate   the file <database>.restore, locked by who restores: the program ends in order and does
 *          not open the database again before the gate is open; what stands in it is the note
 *   note   who restored what and why; it stays until the program has put it into its audit log
 *
 * Locks are flock(): they end with their process, so a killed restore never shuts anybody out.
 * Floor 2. No shared state.
 */
#include "base/bytes.h"

enum {
    REPLACE_PATH_BYTES_MAX = 512,
    REPLACE_NAME_BYTES_MAX = 64,
    REPLACE_REASON_BYTES_MAX = 100,
    REPLACE_NOTE_BYTES_MAX = 512,
};

/* The program's side. Refuses REFUSED_STORE_BUSY (another one has it). Close *ret_fd to let go. */
MUST_USE Status store_hold(const char *database, int *ret_fd);
/* Somebody restores at this moment. */
bool store_gate_is_closed(const char *database);

typedef struct RestoreNote {
    char approvers[2][REPLACE_NAME_BYTES_MAX + 1];
    char reason[REPLACE_REASON_BYTES_MAX + 1];
    uint8_t archive[32]; /* SHA-256 of the wrapped key: what the approvers signed */
    int64_t old_size; /* audit leaves that the vault had confirmed before */
    int64_t size; /* and of the restored state */
    uint8_t root[32];
} RestoreNote;
/* *ret_found is false when there is none, or none that is whole (its writer was killed). Faults
 * FAULT_DISK. */
MUST_USE Status store_note_read(const char *database, RestoreNote *ret_note, bool *ret_found);
/* Remove note and gate; nothing happens while somebody restores. */
void store_note_clear(const char *database);

/* The restorer's side. */
typedef struct StoreGate {
    int fd; /* -1: open */
    char path[REPLACE_PATH_BYTES_MAX];
} StoreGate;
/* Refuses REFUSED_STORE_BUSY (somebody else restores), REFUSED_BUFFER_FULL (path). Faults
 * FAULT_DISK. */
MUST_USE Status store_gate_close(const char *database, StoreGate *ret_gate);
/* Write the note; durable. Texts over their _MAX are REFUSED_BUFFER_FULL. */
MUST_USE Status store_gate_note(const StoreGate *gate, const RestoreNote *note);
/* Let the program go on. Without `keep_note` it is as if nothing had been. */
void store_gate_open(StoreGate *gate, bool keep_note);

/*
 * Put `fresh` (same folder, whole and synced) in the place of `database`; what stood there, with
 * its write-ahead log, is kept as `kept`. Durable. A crash on the way leaves the old file, perhaps
 * without its last commits, or the fresh one: never none, never a mixture.
 *
 * database  may be missing
 * kept      must not exist
 * Faults FAULT_DISK.
 */
MUST_USE Status store_replace(const char *database, const char *fresh, const char *kept);
