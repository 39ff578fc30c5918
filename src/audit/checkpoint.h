#pragma once
/*
 * checkpoint: what vaultd signed about the log: its size and root, as a C2SP signed note
 * (c2sp.org/signed-note, tlog-checkpoint), checked with public keys alone, and kept in two places.
 *
 *   origin \n size \n base64 root \n  \n  — name base64(key hash [4] | signature) \n ...
 *
 *   key hash = SHA-256(name | 0x0A | type | public key)[0..3]
 *     Ed25519: type 0x01, the raw 32 bytes.  SM2: type 0xFF | "sm2-with-sm3", the 65-byte point
 *
 * Floor 3. No shared state.
 */
#include "crypto/merkle.h"
#include "crypto/sign.h"

enum {
    AUDIT_NOTE_BYTES_MAX = 4096,
    AUDIT_NOTE_LINES_MAX = 16, /* signatures */
    AUDIT_KEYS_MAX = 72,
    AUDIT_KEYS_BYTES_MAX = 64 * 1024,
    AUDIT_ORIGIN_BYTES_MAX = 128,
    AUDIT_PATH_BYTES_MAX = 512,
};

/* How far the log was: after each restore that was accepted its sizes count anew. */
typedef struct AuditPosition {
    uint64_t epoch;
    uint64_t size;
} AuditPosition;
bool audit_position_less(const AuditPosition *a, const AuditPosition *b);

/* What a key signs: checkpoints of these positions, both included. */
typedef struct AuditTerm {
    uint32_t version; /* 0: the first that is known */
    bool ended; /* `until` holds */
    AuditPosition from;
    AuditPosition until;
} AuditTerm;

/* Public keys that may sign the log: Ed25519 and SM2, past ones too (key_change.h). */
typedef struct AuditKeys {
    PublicKey *keys[AUDIT_KEYS_MAX];
    size_t count;
    AuditTerm terms[AUDIT_KEYS_MAX];
} AuditKeys;

/* From PEM blocks one after another: keys, and notes of their changes; keys of other algorithms are
 * passed over. Refuses REFUSED_KEY_FORMAT (broken PEM, or no key that could sign a note),
 * REFUSED_KEY_CHANGE. The caller frees. */
MUST_USE Status audit_keys_parse(Span pems, AuditKeys *ret_keys);
/* The same from a file. Refuses also REFUSED_BYTES_TRUNCATED (no such file). */
MUST_USE Status audit_keys_load(const char *path, AuditKeys *ret_keys);
void audit_keys_free(AuditKeys *keys);

typedef struct AuditCheckpoint {
    char origin[AUDIT_ORIGIN_BYTES_MAX + 1];
    uint64_t size;
    MerkleHash root;
    bool by_ed25519; /* a line of each algorithm verified; set by audit_checkpoint_verify() */
    bool by_sm2;
} AuditCheckpoint;

/* Read without believing. Refuses REFUSED_CHECKPOINT_FORMAT. */
MUST_USE Status audit_checkpoint_parse(Span note, AuditCheckpoint *ret_checkpoint);
/*
 * The note must carry a good line for each algorithm that `keys` has, by a key whose term it is;
 * lines of unknown keys are passed over, a bad line of a known key refuses the note. Refuses
 * REFUSED_CHECKPOINT_FORMAT, REFUSED_CHECKPOINT_SIGNATURE.
 */
MUST_USE Status audit_checkpoint_verify(
        Span note, const AuditKeys *keys, AuditCheckpoint *ret_checkpoint);

/* --- places: <dir>/checkpoint is the newest, <dir>/checkpoints/<origin digest>-<size> the history
 * --- */

/*
 * Keep a note in `dir` and, unless NULL, in `second`: durable, each file whole or not there at all.
 * Makes the folders. Refuses REFUSED_CHECKPOINT_FORMAT; REFUSED_AUDIT_ROOT_DIFFERS when another
 * root was kept for this origin and size, or the newest is larger. Faults FAULT_DISK (a place that
 * fails does not keep the other from its copy).
 */
MUST_USE Status audit_checkpoint_keep(const char *dir, const char *second, Span note);
/* The newest note of a place, appended to ret_note. Refuses REFUSED_BYTES_TRUNCATED when there is
 * none. */
MUST_USE Status audit_checkpoint_newest(const char *dir, Buffer *ret_note);
/* Each note of the history, in no order. What `visit` returns ends the walk unless OK. Faults
 * FAULT_DISK. */
typedef Status (*AuditNoteVisit)(void *context, const char *name, Span note);
MUST_USE Status audit_checkpoint_each(const char *dir, AuditNoteVisit visit, void *context);
