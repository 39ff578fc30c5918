#pragma once
/*
 * root_turn: put the whole key store under another root, in another custody or the same, at once
 * (TP-10; PCI DSS 3.7.4, 3.7.5).
 *
 * Beside the files in use three are made and synced, each whole:
 *
 *   keys.next   the key store, every secret sealed anew under the new root
 *   root.next   what the new custody's file is to hold (custody.h)
 *   turn.next   version u8 (1) | new custody u8 | the signed act framed: two approvals
 *               | HMAC-SHA256(journal key, "hufu root turn 1" | act) [32]: no line of the audit log
 *               comes of a file that somebody else wrote
 *
 * Then one rename decides: turn.next becomes turn.made. Before it the old root opens the vault,
 * whatever lies about; after it the new one does. root_turn_settle(), called at every start before
 * anything is opened, finishes what was decided and takes back what was not, and may itself be cut
 * anywhere:
 *
 *   no turn.made  the three, and keys.spare, are removed
 *   turn.made     keys.b is removed, keys.next becomes keys.a; root.next becomes the new custody's
 *                 file, those of the others are removed
 *
 * Between any two steps that must keep their order the folder is synced; of steps between two syncs
 * any may be lost. turn.made stays until the act is told to the audit log: root_turn_end().
 */
#include "keys/custody.h"
#include "keys/keys.h"

enum { ROOT_TURN_ACT_BYTES_MAX = 8192, ROOT_CHECK_BYTES = 8 };

/* A folder of files. */
typedef struct Folder {
    /* Made when it is missing. The disk lives as long as the folder. */
    MUST_USE Status (*open)(void *context, const char *name, Disk *ret_disk);
    bool (*has)(void *context, const char *name);
    MUST_USE Status (*rename)(void *context, const char *from, const char *to);
    MUST_USE Status (*remove)(void *context, const char *name); /* gone already is fine */
    MUST_USE Status (*sync)(void *context); /* names; what is in a file its disk syncs */
    void *context;
} Folder;

typedef struct RootTurn {
    const Secret *root; /* the new one */
    Custody custody; /* its custody */
    Span file; /* what that custody's file is to hold */
    Span act; /* at most ROOT_TURN_ACT_BYTES_MAX */
} RootTurn;

/*
 * Do it. `keys` is open under the old root, and afterwards only signs: what it would write is lost.
 * Faults FAULT_DISK, FAULT_JOURNAL, FAULT_CRYPTO, FAULT_RANDOM, FAULT_MEMORY: then the next
 * root_turn_settle() says which root it is.
 */
MUST_USE Status root_turn_make(const Folder *folder, Keys *keys, const RootTurn *turn);

/* ret_made  a turn was made, and its act is not told yet
 * Refuses REFUSED_KEYSTORE_TAMPERED (turn.made is not ours). Faults FAULT_DISK. */
MUST_USE Status root_turn_settle(const Folder *folder, bool *ret_made);
/* The act of the turn that was made, appended. Refuses and faults as root_turn_settle(). */
MUST_USE Status root_turn_act(const Folder *folder, const Keys *keys, Buffer *ret_act);
/* It is told. Faults FAULT_DISK. */
MUST_USE Status root_turn_end(const Folder *folder);

/* By which a root is known again, and which helps nobody to guess it. */
void root_check_value(const Secret *root, uint8_t ret_value[ROOT_CHECK_BYTES]);
