#pragma once
/*
 * keys: every key of the house, under one root.
 *
 * The key store is a file in journal format: append-only, chained by a MAC under the root; each
 * secret is sealed under the root for its own place. The first start is the *ceremony*: it makes
 * all keys. A store in which the ceremony was finished and a key is missing is
 * REFUSED_KEYSTORE_TAMPERED.
 *
 *   row seal (versions), digest, journal, pepper, field, backup, map   32 secret bytes each
 *   platform RSA and SM2 (5 years), TLS CA (P-256)                     X.509, self-signed
 *   checkpoint Ed25519 and SM2, box (one a day)                        bare public keys
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
    KEYS_SEAL_VERSIONS_MAX = 8,
    KEYS_BOX_MAX = 8, /* daily keys that can still open something */
    KEYS_INSTANCE_BYTES = 16,
    KEYS_NAME_BYTES_MAX = 32,
    KEYS_SECRET_BYTES = 16384, /* of the caller's locked memory */
    KEYS_FACTS_MAX = 32,
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
    KEY_ROLE_COUNT = 14,
} KeyRole;

typedef struct KeysConfig {
    Disk segments[2]; /* open, exclusively ours */
    const Secret *root; /* borrowed during keys_open() */
    KeysSuite suite; /* 0: whatever the store has; for a new store KEYS_INTERNATIONAL */
    Random random;
    Clock clock;
    void *secrets; /* KEYS_SECRET_BYTES of the caller's memory, aligned to 16 */
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

KeysSuite keys_suite(const Keys *keys);
/* KEYS_INSTANCE_BYTES random bytes that name this ledger. */
Span keys_instance(const Keys *keys);

/* --- symmetric keys: borrowed, constant, live as long as `keys` --- */
/* NULL for an unknown version. Version 0 is the current one; ret_version (may be NULL) tells which.
 */
const MacKey *keys_row_seal(const Keys *keys, uint32_t version, uint32_t *ret_version);
const MacKey *keys_digest(const Keys *keys); /* HMAC-SHA512, for digest_set.h */
/* KEY_PEPPER, KEY_FIELD or KEY_BACKUP (asserted). */
const SealKey *keys_seal_key(const Keys *keys, KeyRole role);
/* KEY_JOURNAL or KEY_MAP (asserted): 32 bytes. */
const Secret *keys_secret(const Keys *keys, KeyRole role);

/* --- key pairs: borrowed, live as long as `keys` --- */
/* KEY_PLATFORM_RSA .. KEY_CHECKPOINT_SM2 (asserted). */
const PrivateKey *keys_private(const Keys *keys, KeyRole role);
/* KEY_PLATFORM_RSA, KEY_PLATFORM_SM2, KEY_TLS_CA (asserted). */
const Certificate *keys_certificate(const Keys *keys, KeyRole role);

/* --- the box key of the day --- */
typedef struct KeysBox {
    uint32_t key_id;
    BoxSuite suite;
    int64_t expires_us; /* end of its business day */
    uint8_t point[BOX_POINT_BYTES];
} KeysBox;
/* Today's key; made, and durable, when the day has none yet. Faults as keys_open(). */
MUST_USE Status keys_box_today(Keys *keys, KeysBox *ret_box);
/* Open a parsed box with the key it names, as box_open(). Refuses REFUSED_BOX_KEY_UNKNOWN, also for
 * a key whose day and grace are over. */
MUST_USE Status keys_box_open(Keys *keys, const Box *box, Buffer *ret_plain);

/* --- what is told about keys (KEY_LIST); never the keys --- */
typedef struct KeyFacts {
    char name[KEYS_NAME_BYTES_MAX];
    const char *algorithm; /* static storage */
    uint32_t version;
    int64_t created_us;
    int64_t expires_us; /* 0: none */
    char serial[CERTIFICATE_SERIAL_TEXT_MAX + 1];
} KeyFacts;
/* Fills at most KEYS_FACTS_MAX; returns how many. */
size_t keys_facts(Keys *keys, KeyFacts ret_facts[KEYS_FACTS_MAX]);
