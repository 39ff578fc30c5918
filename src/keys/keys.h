#pragma once
/*
 * keys: every key of the house, under one root.
 *
 * The key store is a file in journal format: append-only, chained by a MAC under the root; each
 * secret is sealed under the root for its own place. The first start is the *ceremony*: it makes
 * all keys. A store in which the ceremony was finished and a key of it is missing is
 * REFUSED_KEYSTORE_TAMPERED; roles that a later release of this program has added are made at its
 * first start.
 *
 *   symmetric (roles.h says which, in versions)      32 secret bytes a version
 *   platform RSA and SM2 (5 years), TLS CA (P-256)   X.509, self-signed; in versions (pairs.h)
 *   merchants' CA (P-256 or SM2)                     the same
 *   checkpoint Ed25519 and SM2, box (one a day)      bare public keys; the first two in versions
 *
 * A symmetric role has a current version, which protects, and older ones, which only open and
 * verify. A version is due when its period is over or nine tenths of its uses are spent: then
 * keys_rotate_due() or the next look-up of it makes another. Old versions go by keys_destroy().
 *
 * Symmetric keys live in the memory that the caller gives (its locked arena) and are wiped at
 * close; private keys live in libcrypto's heap, which it wipes when it frees. Nothing is opened
 * after keys_open(). Thread-safe.
 */
#include "base/seams.h"
#include "base/secret.h"
#include "crypto/box.h"
#include "crypto/certificate.h"
#include "crypto/seal.h"

enum {
    KEYS_VERSIONS_MAX = 96, /* living versions of all symmetric roles together */
    KEYS_DESTROYED_MAX = 1024, /* remembered: number and dates, no key */
    KEYS_BOX_MAX = 8, /* daily keys that can still open something */
    KEYS_INSTANCE_BYTES = 16,
    KEYS_NAME_BYTES_MAX = 32,
    KEYS_SECRET_BYTES = 96 * 1024, /* of the caller's locked memory */
    KEYS_FACTS_MAX = 160, /* the newest of the destroyed ones are told, as far as there is room */
    KEYS_USE_STEP = 1 << 20, /* uses are durable in steps: a restart forgets none, it adds some */
};
#define KEYS_CERTIFICATE_YEARS 5
/* A box may be used this long after the day of its key: a payer who typed before midnight. */
#define KEYS_BOX_GRACE_US ((int64_t)2 * 3600 * 1000000)

/* Stored: append only. Chosen at the ceremony, for everything inside the house. */
typedef enum KeysSuite {
    KEYS_INTERNATIONAL = 1, /* HMAC-SHA256, AES-256-GCM, Argon2id, P-256 boxes */
    KEYS_SM = 2, /* HMAC-SM3, SM4-GCM, PBKDF2-HMAC-SM3, SM2 boxes */
} KeysSuite;

/* Stored: append only. */
typedef enum KeyRole {
    KEY_ROW_SEAL = 1,
    KEY_DIGEST = 2,
    KEY_JOURNAL = 3,
    KEY_PEPPER = 4,
    KEY_FIELD = 5,
    KEY_BACKUP = 6,
    KEY_MAP = 7,
    KEY_PLATFORM_RSA = 8,
    KEY_PLATFORM_SM2 = 9,
    KEY_TLS_CA = 10,
    KEY_CHECKPOINT_ED25519 = 11,
    KEY_CHECKPOINT_SM2 = 12,
    KEY_BOX = 13,
    KEY_CARD = 14,
    KEY_BINDING = 15,
    KEY_IDENTITY = 16,
    KEY_INDEX = 17, /* MAC: blind indexes */
    KEY_SHRED = 18, /* one a month; wraps subject keys, and is destroyed when they have moved on */
    KEY_ONE_TIME = 19,
    KEY_BIOMETRIC = 20,
    KEY_PSEUDONYM = 21, /* by which payers are named to merchants */
    KEY_MERCHANT_CA = 22, /* certifies merchants' signing keys, and nothing that TLS believes */
    KEY_ATTACHED = 24, /* MAC: row seals of other people's tables */
    KEY_ROLE_COUNT = 25,
} KeyRole;

/* How long a version protects, and how often; 0: as the role has it (roles.h). */
typedef struct KeyLimit {
    int64_t period_us;
    uint64_t uses_max;
} KeyLimit;

typedef struct KeysConfig {
    Disk segments[2]; /* open, exclusively ours */
    const Secret *root; /* borrowed during keys_open() */
    KeysSuite suite; /* 0: whatever the store has; for a new store KEYS_INTERNATIONAL */
    Random random;
    Clock clock;
    void *secrets; /* KEYS_SECRET_BYTES of the caller's memory, aligned to 16 */
    KeyLimit limits[KEY_ROLE_COUNT];
} KeysConfig;

typedef struct Keys Keys;

/*
 * Open the store, or hold the ceremony when it is empty or the ceremony was cut short.
 * ret_ceremony  true when keys were made
 * Refuses REFUSED_KEYSTORE_TAMPERED (another root, or changed bytes), REFUSED_KEYSTORE_SUITE (the
 * store has another suite). Faults FAULT_CRYPTO, FAULT_RANDOM, FAULT_DISK, FAULT_JOURNAL,
 * FAULT_MEMORY.
 */
MUST_USE Status keys_open(const KeysConfig *config, Keys **ret_keys, bool *ret_ceremony);
void keys_close(Keys *keys); /* wipes; NULL is fine */
/*
 * Write the whole store, with every secret sealed anew, under another root (32 bytes) into two
 * empty segments; durable in the second one on return, the first is empty. The old segments are not
 * touched. It is one generation on. Afterwards `keys` signs, and writes into the new segments.
 * Faults as keys_open(): then `keys` is only good to be closed.
 */
MUST_USE Status keys_reseal(Keys *keys, const Secret *root, const Disk segments[2]);

KeysSuite keys_suite(const Keys *keys);
/* KEYS_INSTANCE_BYTES random bytes that name this ledger. */
Span keys_instance(const Keys *keys);

/* --- symmetric keys that never change: borrowed, live as long as `keys` --- */
const MacKey *keys_digest(const Keys *keys); /* HMAC-SHA512, for digest_set.h */
/* KEY_JOURNAL, KEY_MAP or KEY_PSEUDONYM (asserted): 32 bytes. */
const Secret *keys_secret(const Keys *keys, KeyRole role);

/* --- symmetric keys in versions --- */
/*
 * Copy a version into the caller's memory, which wipes it (CLEANUP(seal_key_wipe)): the original
 * may be destroyed meanwhile.
 *
 * role     one that seals, or one that makes MACs (asserted)
 * version  0: the current one, to protect with; counts one use. An old one only opens.
 *
 * Refuses REFUSED_KEY_UNKNOWN (never made), REFUSED_KEY_DESTROYED, REFUSED_KEY_BUDGET_SPENT (the
 * current one, when no successor could be made in time). Faults as keys_open().
 */
MUST_USE Status keys_seal_copy(Keys *keys, KeyRole role, uint32_t version, SealKey *ret_key);
/* ret_version  may be NULL */
MUST_USE Status keys_mac_copy(
        Keys *keys, KeyRole role, uint32_t version, MacKey *ret_key, uint32_t *ret_version);
/* The version that sealed this field. Refuses REFUSED_SEAL_FORMAT too, also for another role's. */
MUST_USE Status keys_seal_copy_for(Keys *keys, KeyRole role, Span sealed, SealKey *ret_key);
/* Count further uses of the current version: who copied it once for many. */
MUST_USE Status keys_count_uses(Keys *keys, KeyRole role, uint64_t uses);

/* The row seal, borrowed, for the one thread that also calls keys_destroy() for KEY_ROW_SEAL (the
 * seal lane). NULL for a version that is not there. Version 0 is the current one; ret_version (may
 * be NULL) tells which. Counts nothing. */
const MacKey *keys_row_seal(Keys *keys, uint32_t version, uint32_t *ret_version);

/* Make the next version, durably; it is current from here on, and the one before it only opens.
 * Refuses REFUSED_KEY_NOT_ROTATED (a role without versions, or a key pair: keys_pair_rotate()),
 * REFUSED_KEY_VERSIONS_FULL (destroy old ones). Faults as keys_open(). */
MUST_USE Status keys_rotate(Keys *keys, KeyRole role);
/* Rotate what is due by the clock: at start, and once a day. Goes on after a role that fails, and
 * returns the first failure. ret_rotated (may be NULL): how many. */
MUST_USE Status keys_rotate_due(Keys *keys, uint32_t *ret_rotated);
/*
 * Destroy an old version, also of a key pair: durably remembered as destroyed, its sealed record
 * gone from both files of the store, its bytes wiped in memory. On a fault after the first of these
 * the version is destroyed for everybody, and the next start finishes the rest.
 *
 * Refuses REFUSED_KEY_UNKNOWN, REFUSED_KEY_DESTROYED, REFUSED_KEY_IN_USE (the current version; of a
 * pair also one that has not ended, or is held),
 * REFUSED_KEY_NOT_ROTATED, REFUSED_KEY_VERSIONS_FULL (no more destroyed ones can be remembered).
 */
MUST_USE Status keys_destroy(Keys *keys, KeyRole role, uint32_t version);

/* Of any role but KEY_BOX (asserted). */
uint32_t keys_current_version(Keys *keys, KeyRole role);
/* Refuses REFUSED_KEY_UNKNOWN, REFUSED_KEY_DESTROYED, REFUSED_KEY_NOT_ROTATED. */
MUST_USE Status keys_version_created(
        Keys *keys, KeyRole role, uint32_t version, int64_t *ret_created_us);

/* Counts every change of the store: who keeps it elsewhere notices an older copy of the files. */
uint64_t keys_generation(Keys *keys);

/* --- key pairs: the current version, borrowed until it is destroyed; for the thread that also
 * calls keys_destroy() (the seal lane). Others hold it: pairs.h. --- */
/* KEY_PLATFORM_RSA .. KEY_CHECKPOINT_SM2 (asserted). */
const PrivateKey *keys_private(Keys *keys, KeyRole role);
/* KEY_PLATFORM_RSA, KEY_PLATFORM_SM2, KEY_TLS_CA (asserted). */
const Certificate *keys_certificate(Keys *keys, KeyRole role);

/* --- the box key of the day --- */
/* Somebody sits before the field that makes it (TP-19). */
#define KEYS_SPELLED_LIFE_US ((int64_t)5 * 60 * 1000000)
typedef struct KeysBox {
    uint32_t key_id;
    BoxSuite suite;
    int64_t expires_us; /* end of its business day */
    uint8_t point[BOX_POINT_BYTES];
} KeysBox;
/* Today's key; made, and durable, when the day has none yet. Faults as keys_open(). */
MUST_USE Status keys_box_today(Keys *keys, KeysBox *ret_box);
/* Open a parsed box with the key it names, as box_open(). Refuses REFUSED_BOX_KEY_UNKNOWN, also for
 * a key whose day and grace are over; a spelled box that lives longer than KEYS_SPELLED_LIFE_US
 * from now on (REFUSED_BOX_CONTEXT) or no more (REFUSED_BOX_EXPIRED). */
MUST_USE Status keys_box_open(Keys *keys, const Box *box, Buffer *ret_plain);
/* The pad of this encapsulated key, as box_pad(). Refuses REFUSED_BOX_KEY_UNKNOWN. */
MUST_USE Status keys_box_pad(
        Keys *keys, uint32_t key_id, Span encapsulated, uint8_t ret_digits[BOX_PAD_KEYS]);
/* The same for the opening of a session, as box_session_accept(). */
MUST_USE Status keys_box_accept(Keys *keys, const Box *box, BoxSession *ret_session);

/* --- what is told about keys (KEY_LIST); never the keys --- */
typedef enum KeyState { /* on the wire: append only */
    KEY_CURRENT = 1, /* protects and opens */
    KEY_OLD = 2, /* opens only; of a pair: still shown to others */
    KEY_GONE = 3, /* destroyed */
    KEY_NEXT = 4, /* of a pair: shown to others already, protects from its date on */
    KEY_ENDED = 5, /* of a pair: shown no more; may be destroyed */
} KeyState;

typedef struct KeyFacts {
    char name[KEYS_NAME_BYTES_MAX];
    const char *algorithm; /* static storage */
    KeyState state;
    uint32_t version;
    int64_t created_us;
    int64_t expires_us; /* 0: none; of a current version: when it is rotated or ends; of a
                           destroyed one: when that was; of a next one: from when it protects */
    uint64_t uses;
    uint64_t uses_max; /* 0: not counted */
    char serial[CERTIFICATE_SERIAL_TEXT_MAX + 1];
} KeyFacts;
/* Fills at most KEYS_FACTS_MAX; returns how many. */
size_t keys_facts(Keys *keys, KeyFacts ret_facts[KEYS_FACTS_MAX]);
