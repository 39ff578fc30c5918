#pragma once
/*
 * keys_inside: what the files of this room share: the opened keys and their records.
 *
 *   INSTANCE  version u8 (1) | suite u8 | instance [16] | created i64
 *   KEY       role u8 | algorithm u8 | version u32 | key id u32 | created i64 | expires i64
 *             | certificate DER framed (or empty) | secret framed, a sealed field (crypto/seal.h)
 * whose place is "hufu key" and everything before it: no field of a record can be exchanged
 *   TURN      role u8 | version u32 | from i64 | ends i64 | SPKI before framed | SPKI framed
 *             | note framed, of a key pair's second and later versions; stands before their KEY.
 *             The last three are empty but for the checkpoint keys (pairs.h)
 *   COMPLETE  nothing: the ceremony is over
 *   DESTROYED role u8 | version u32 | created i64 | destroyed i64
 *   USES      role u8 | version u32 | uses u64: not more than these were made before the next one
 *   CHANGES   generation u64 at the beginning of a segment; every record after it adds one
 */
#include <pthread.h>
#include <stdatomic.h>

#include "journal/journal.h"
#include "keys/keys.h"
#include "keys/pairs.h"
#include "keys/roles.h"

enum {
    KEYS_PAIR_ROLES = 6,
    KEYS_ENTRIES_MAX = KEYS_PAIR_ROLES * KEYS_PAIR_VERSIONS_MAX + KEYS_BOX_MAX + 1,
    KEYS_SYMMETRIC_BYTES = 32,
    KEYS_SEGMENT_BYTES = 256 * 1024, /* small: the record of an old box key is gone after a turn */
    KEYS_RECORD_VERSION = 1,
    KEYS_TURN_BYTES_MAX = 64 + 2 * 128 + KEYS_CHANGE_BYTES_MAX,
    KEYS_VERSION_RECORD_BYTES = 192, /* of a symmetric key: 30 + 4 + 32 + SEAL_OVERHEAD_BYTES */
};

typedef enum KeysKind {
    KEYS_INSTANCE = 1,
    KEYS_KEY = 2,
    KEYS_COMPLETE = 3,
    KEYS_DESTROYED = 4,
    KEYS_USES = 5,
    KEYS_CHANGES = 6,
    KEYS_TURN = 7,
} KeysKind;

/* In a record: append only; 1..4 are KeyAlgorithm. */
enum { ALGORITHM_SECRET = 100 };

/* What a KEY record says, before its secret. */
typedef struct KeyHead {
    KeyRole role;
    uint8_t algorithm; /* KeyAlgorithm or ALGORITHM_SECRET */
    uint32_t version;
    uint32_t key_id;
    int64_t created_us;
    int64_t expires_us;
} KeyHead;

/* A key pair. */
typedef struct KeyEntry {
    KeyHead head;
    PrivateKey *private_key;
    Certificate *certificate; /* or NULL */
    _Atomic uint32_t holders; /* keys_pair_hold() */
    size_t payload_bytes; /* the record as it stands in the store, for snapshots */
    uint8_t payload[JOURNAL_RECORD_BYTES_MAX];
} KeyEntry;

/* When a pair's later version begins, and the one before it ends. */
typedef struct KeyTurn {
    KeyRole role; /* 0: a free place */
    uint32_t version;
    int64_t from_us;
    int64_t ends_us;
    Span before; /* into payload; empty but for checkpoint keys, as the two that follow */
    Span key;
    Span note;
    size_t payload_bytes;
    uint8_t payload[KEYS_TURN_BYTES_MAX];
} KeyTurn;

/* One version of a symmetric key. Its place never changes while it lives. */
typedef struct KeyVersion {
    KeyRole role; /* 0: a free place */
    uint32_t version;
    int64_t created_us;
    _Atomic uint64_t uses;
    _Atomic uint64_t uses_durable; /* the store says that there may have been so many */
    union {
        MacKey mac;
        SealKey seal;
        Secret raw;
    } key;
    size_t payload_bytes;
    uint8_t payload[KEYS_VERSION_RECORD_BYTES];
} KeyVersion;

typedef struct KeyRemains { /* of a destroyed version */
    KeyRole role;
    uint32_t version;
    int64_t created_us;
    int64_t destroyed_us;
} KeyRemains;

/* In the caller's locked memory. */
typedef struct KeysSecrets {
    SealKey store; /* seals the records */
    KeyVersion versions[KEYS_VERSIONS_MAX];
} KeysSecrets;
_Static_assert(sizeof(KeysSecrets) <= KEYS_SECRET_BYTES, "the caller's memory is large enough");

struct Keys {
    pthread_rwlock_t lock;
    Journal *journal;
    Clock clock;
    Random random;
    KeysSuite suite;
    KeyLimit limits[KEY_ROLE_COUNT];
    uint8_t instance[KEYS_INSTANCE_BYTES];
    int64_t created_us;
    bool has_instance;
    bool complete;
    bool withhold; /* a version that is not durable yet is not current yet */
    bool buried; /* a version was destroyed whose record may still stand in this segment */
    uint64_t generation;
    uint8_t store_key[KEYS_SYMMETRIC_BYTES]; /* until the suite is known; then wiped */
    KeysSecrets *secrets;
    KeyVersion *_Atomic current[KEY_ROLE_COUNT]; /* read without the lock */
    size_t remains_count;
    KeyRemains *remains; /* KEYS_DESTROYED_MAX */
    size_t entry_count;
    KeyEntry **entries; /* KEYS_ENTRIES_MAX; each stays where it is while it lives */
    KeyTurn *turns; /* KEYS_TURNS_MAX */
};

static inline void keys_unlock(Keys **keys) { pthread_rwlock_unlock(&(*keys)->lock); }

/* keys.c: append one record and count the change. The lock is held for writing. */
MUST_USE Status keys_append(Keys *keys, KeysKind kind, Span payload);
/* Make durable what was appended. */
MUST_USE Status keys_make_durable(Keys *keys);

/* key_record.c: a record becomes a key in its place. Refuses REFUSED_KEYSTORE_TAMPERED. */
MUST_USE Status key_record_load(Keys *keys, Span payload);
/* Seal a fresh secret into a record, append it (not durable yet) and load it.
 * certificate  may be NULL; borrowed */
MUST_USE Status key_record_add(
        Keys *keys, const KeyHead *head, const Certificate *certificate, Span secret);
/* The same record with its secret sealed under another store key, in its place. */
MUST_USE Status key_record_reseal(Keys *keys, const SealKey *next, uint8_t *payload, size_t size);
/* Wipe and forget a pair. */
void key_entry_drop(Keys *keys, size_t index);

/* versions.c */
/* Take a place and fill it. Refuses REFUSED_KEYSTORE_TAMPERED (not 32 bytes, made or destroyed
 * before, or an unknown role), REFUSED_KEY_VERSIONS_FULL. */
MUST_USE Status version_load(Keys *keys, const KeyHead *head, Span payload, Span secret);
/* A fresh secret of getrandom or HSM as the next version of a role. Not durable yet. */
MUST_USE Status version_make(Keys *keys, KeyRole role);
/* The same with a secret of the caller's. */
MUST_USE Status version_add(Keys *keys, KeyRole role, const Secret *secret);
MUST_USE Status version_replay_destroyed(Keys *keys, Span payload);
MUST_USE Status version_replay_uses(Keys *keys, Span payload);
MUST_USE Status versions_snapshot(const Keys *keys, Journal *journal);
/* Write the store anew when a destroyed version's record may still stand in it. */
MUST_USE Status versions_bury(Keys *keys);
/* NULL: it was not. */
const KeyRemains *version_remains(const Keys *keys, KeyRole role, uint32_t version);
/* Durably remember that it was destroyed. Refuses REFUSED_KEY_VERSIONS_FULL. */
MUST_USE Status version_note_destroyed(Keys *keys, const KeyRemains *remains);
/* When this version, being current, is due; 0: never. */
int64_t version_due_us(const Keys *keys, const KeyVersion *version);
uint64_t version_uses_max(const Keys *keys, KeyRole role);

/* pairs.c; the lock is held */
/* NULL: there is none, or it was destroyed. */
KeyEntry *pair_find(const Keys *keys, KeyRole role, uint32_t version);
/* The version that protects now; NULL only during the ceremony. */
KeyEntry *pair_current(const Keys *keys, KeyRole role);
/* NULL: a first version. */
const KeyTurn *pair_turn(const Keys *keys, KeyRole role, uint32_t version);
/* Also one whose key was not made yet. */
bool pair_has_turn(const Keys *keys, KeyRole role, uint32_t version);
KeyState pair_state(const Keys *keys, const KeyEntry *entry);
/* When it is (or was) shown for the last time; 0: nobody knows yet. */
int64_t pair_ends_us(const Keys *keys, const KeyEntry *entry);
MUST_USE Status pair_load_turn(Keys *keys, Span payload);
MUST_USE Status pairs_snapshot(const Keys *keys, Journal *journal);
MUST_USE Status pair_destroy(Keys *keys, KeyRole role, uint32_t version);
/* A version that the journal says was destroyed. Refuses REFUSED_KEYSTORE_TAMPERED. */
MUST_USE Status pair_replay_destroyed(Keys *keys, const KeyRemains *remains);

/* ceremony.c */
/* Make every key that the store lacks, and close the ceremony. Durable. */
MUST_USE Status ceremony_hold(Keys *keys);
/* Every key that the first release's ceremony makes is there. */
bool ceremony_is_whole(const Keys *keys);
/* Nothing is missing that this release has. */
bool ceremony_is_up_to_date(const Keys *keys);
/* A pair in the making, not in the store yet. */
typedef struct FreshPair {
    KeyHead head;
    PrivateKey *key;
    Certificate *certificate; /* or NULL */
} FreshPair;
void fresh_pair_done(FreshPair *fresh);
/* A key pair of this role and, for the platform and the CA, its certificate. */
MUST_USE Status ceremony_make(Keys *keys, KeyRole role, uint32_t version, FreshPair *ret_fresh);
MUST_USE Status ceremony_make_box(
        Keys *keys, KeyAlgorithm algorithm, uint32_t key_id, int64_t expires_us, FreshPair *ret);
/* Into the store; not durable yet. The lock is held for writing. */
MUST_USE Status ceremony_put(Keys *keys, const FreshPair *fresh);
