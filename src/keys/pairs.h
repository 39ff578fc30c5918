#pragma once
/*
 * pairs: key pairs in versions, which overlap (LL-4.3.9; NIST SP 800-57 part 1, section 5.3).
 *
 * Others know the public half of a pair, so a new one is shown before it is used:
 *
 *   rotate        `from`              `ends`
 *     |-- next ----|-- current ---------------------------------->   the new version
 *   -- current ----|-- old ------------|-- ended -- (destroyed)      the one before it
 *
 * next and old are shown beside the current one; only the current one signs. What others encrypted
 * to an old one still opens. An ended one is shown no more, and may be destroyed.
 *
 * A checkpoint key's new version signs at once. The one before it signs a note about that, which
 * names both public halves: whoever trusts the first key follows the notes to the newest
 * (audit/key_change.h). Notes and public halves stay when a private half is destroyed.
 */
#include "keys/keys.h"

enum {
    KEYS_PAIR_VERSIONS_MAX = 4, /* living, of one role */
    KEYS_TURNS_MAX = 64, /* of all roles, ever */
    KEYS_CHANGE_BYTES_MAX = 2048, /* of the note */
};
/* How long a signature of the version before is still made: a question may be on its way. */
#define KEYS_TURN_GRACE_US ((int64_t)60 * 1000000)

struct KeyEntry;

/* A version of a pair that is not destroyed while it is held. */
typedef struct KeyPair {
    const PrivateKey *private_key;
    const Certificate *certificate; /* or NULL */
    uint32_t version;
    struct KeyEntry *entry;
} KeyPair;

/*
 * version  0: the current one. Otherwise one that may sign still: the current one, or the one
 *          before it until KEYS_TURN_GRACE_US after the turn.
 * Refuses REFUSED_KEY_UNKNOWN, REFUSED_KEY_DESTROYED, REFUSED_KEY_NOT_CURRENT.
 */
MUST_USE Status keys_pair_hold(Keys *keys, KeyRole role, uint32_t version, KeyPair *ret_pair);
/* To open what was encrypted to this version: one that is shown to others still. Refuses
 * REFUSED_KEY_UNKNOWN, REFUSED_KEY_DESTROYED, REFUSED_KEY_NOT_CURRENT (its time is over). */
MUST_USE Status keys_pair_hold_to_open(
        Keys *keys, KeyRole role, uint32_t version, KeyPair *ret_pair);
/* The newest version that is shown still and signs no more, for what we say about ourselves: who
 * knows only that one must be able to read it. Refuses REFUSED_KEY_UNKNOWN: there is none. */
MUST_USE Status keys_pair_hold_old(Keys *keys, KeyRole role, KeyPair *ret_pair);
/* For CLEANUP(keys_pair_release); a zero one is fine. */
void keys_pair_release(KeyPair *pair);

typedef struct KeyTurnTimes {
    int64_t wait_us; /* from now until the new version protects; at most 366 days */
    int64_t overlap_us; /* from then until the one before it ends; the same */
} KeyTurnTimes;

/* Append the note that the versions current now sign: version `version` of `role` has this public
 * key, after that one. */
typedef struct KeyEndorse {
    Status (*put)(void *context, KeyRole role, uint32_t version, const PublicKey *before,
            const PublicKey *key, Buffer *ret_note);
    void *context;
} KeyEndorse;

/*
 * Make the next version of a pair, durably.
 *
 * times    a checkpoint key's: 0, 0
 * endorse  called for a checkpoint key, without any lock
 *
 * Refuses REFUSED_KEY_NOT_ROTATED (not such a pair), REFUSED_KEY_TURN_TIME (times out of
 * bounds), REFUSED_KEY_TURN_PENDING (another version has not begun yet), REFUSED_KEY_VERSIONS_FULL,
 * and what `endorse` refuses. One thread (the seal lane).
 */
MUST_USE Status keys_pair_rotate(Keys *keys, KeyRole role, const KeyTurnTimes *times,
        const KeyEndorse *endorse, uint32_t *ret_version);

/* What others may know of a version. */
typedef struct KeyPublic {
    const char *name; /* static storage */
    uint32_t version;
    KeyState state; /* of a checkpoint key: KEY_CURRENT or KEY_OLD */
    int64_t from_us;
    int64_t ends_us; /* 0: nobody knows yet */
    Span der; /* a certificate or a SubjectPublicKeyInfo */
    Span note; /* of a checkpoint key but the first: by which the one before it handed over */
} KeyPublic;
/*
 * Every version of platform and CA that is next, current or old; every version there ever was of
 * the checkpoint keys. By role, then version. Spans live during the visit, which must not come back
 * here. What it returns ends the walk unless OK.
 */
typedef Status (*KeyPublicVisit)(void *context, const KeyPublic *key);
MUST_USE Status keys_public_each(Keys *keys, KeyPublicVisit visit, void *context);
