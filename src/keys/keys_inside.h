#pragma once
/*
 * keys_inside: what the files of this room share: the opened keys and their records.
 *
 *   INSTANCE  version u8 (1) | suite u8 | instance [16] | created i64
 *   KEY       role u8 | algorithm u8 | version u32 | key id u32 | created i64 | expires i64
 *             | certificate DER framed (or empty) | secret framed, a sealed field (crypto/seal.h)
 * whose place is "hufu key" and everything before it: no field of a record can be exchanged
 *   COMPLETE  nothing: the ceremony is over
 */
#include <pthread.h>

#include "journal/journal.h"
#include "keys/keys.h"

enum {
    KEYS_ENTRIES_MAX = KEYS_FACTS_MAX,
    KEYS_SYMMETRIC_BYTES = 32,
    KEYS_SEGMENT_BYTES = 256 * 1024, /* small: the record of an old box key is gone after a turn */
    KEYS_RECORD_VERSION = 1,
};

typedef enum KeysKind { KEYS_INSTANCE = 1, KEYS_KEY = 2, KEYS_COMPLETE = 3 } KeysKind;

/* In a record: append only; 1..4 are KeyAlgorithm. */
enum { ALGORITHM_SECRET = 100 };

typedef struct KeyEntry {
    KeyRole role;
    uint8_t algorithm; /* KeyAlgorithm or ALGORITHM_SECRET */
    uint32_t version;
    uint32_t key_id;
    int64_t created_us;
    int64_t expires_us;
    PrivateKey *private_key; /* NULL for a symmetric key */
    Certificate *certificate; /* or NULL */
    size_t payload_bytes; /* the record as it stands in the store, for snapshots */
    uint8_t payload[JOURNAL_RECORD_BYTES_MAX];
} KeyEntry;

/* In the caller's locked memory. */
typedef struct KeysSecrets {
    SealKey store; /* seals the records */
    MacKey row_seals[KEYS_SEAL_VERSIONS_MAX]; /* index = version - 1 */
    MacKey digest;
    SealKey pepper, field, backup;
    Secret journal, map;
} KeysSecrets;
_Static_assert(sizeof(KeysSecrets) <= KEYS_SECRET_BYTES, "the caller's memory is large enough");

struct Keys {
    pthread_rwlock_t lock; /* of the box keys; all else is constant after open */
    Journal *journal;
    Clock clock;
    Random random;
    KeysSuite suite;
    uint8_t instance[KEYS_INSTANCE_BYTES];
    int64_t created_us;
    bool has_instance;
    bool complete;
    uint32_t row_seal_version; /* current; versions before it are kept */
    uint8_t store_key[KEYS_SYMMETRIC_BYTES]; /* until the suite is known; then wiped */
    KeysSecrets *secrets;
    size_t entry_count;
    KeyEntry *entries; /* KEYS_ENTRIES_MAX */
    const KeyEntry *by_role[KEY_ROLE_COUNT]; /* all but the box keys; constant after open */
};

/* key_record.c: a record becomes an entry, and its key is in place. Refuses
 * REFUSED_KEYSTORE_TAMPERED. */
MUST_USE Status key_record_load(Keys *keys, Span payload);
/* Seal a fresh secret into a record, append it (not durable yet) and load it. */
MUST_USE Status key_record_add(Keys *keys, const KeyEntry *facts, Span secret);
void key_entry_close(KeyEntry *entry);
/* Forget a box key. The entries of the ceremony stand before all box keys and never move. */
void key_entry_drop(Keys *keys, size_t index);

/* ceremony.c */
/* Make every key that the store lacks, and close the ceremony. Durable. */
MUST_USE Status ceremony_hold(Keys *keys);
/* Every key that the ceremony makes is there. */
bool ceremony_is_whole(const Keys *keys);
/* A key pair and, for the platform and the CA, its certificate. Not durable yet. */
MUST_USE Status ceremony_pair(Keys *keys, KeyRole role, KeyAlgorithm algorithm, uint32_t key_id,
        int64_t expires_us, const char *certificate_name);
const KeyEntry *keys_entry(const Keys *keys, KeyRole role);
