#pragma once
/*
 * directory: (mchid, serial) -> public key in memory, for checking a request's signature before the
 * batch.
 *
 * It holds only what verified rows said: directory_refresh() finds keys with a plain read and loads
 * the rows through units, so a key swapped in the database is noticed, not believed. Thread-safe. A
 * key handed out stays valid until directory_close(): entries are retired, never freed (at most
 * DIRECTORY_KEYS_MAX, retired ones included).
 */
#include "access/merchant.h"

enum { DIRECTORY_KEYS_MAX = 16384, DIRECTORY_GROUP_MAX = 32 };

typedef struct MerchantDirectory MerchantDirectory;

typedef struct DirectoryKey {
    const PublicKey *key;
    KeyAlgorithm algorithm;
    MerchantSuite suite;
} DirectoryKey;

MUST_USE Status directory_open(MerchantDirectory **ret_directory);
void directory_close(MerchantDirectory **directory);

/* Refuses MERCHANT_UNKNOWN, MERCHANT_CLOSED, MERCHANT_KEY_UNKNOWN, MERCHANT_KEY_EXPIRED: told
 * apart. */
MUST_USE Status directory_find(MerchantDirectory *directory, Span mchid, Span serial,
        int64_t now_us, DirectoryKey *ret_key);

/* What the merchant is answered and told with. Refuses MERCHANT_UNKNOWN. */
MUST_USE Status directory_suite(MerchantDirectory *directory, Span mchid, MerchantSuite *ret_suite);

/* Put or replace one, from rows that a unit read or committed. Refuses DIRECTORY_FULL, KEY_FORMAT,
 * KEY_WEAK. */
MUST_USE Status directory_put(
        MerchantDirectory *directory, const Merchant *merchant, const MerchantKey *key);

/* One key as verified rows said, for lists and alerts. */
typedef struct DirectoryEntry {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1];
    KeyAlgorithm algorithm;
    RegisterStatus status;
    int64_t expires_us;
} DirectoryEntry;
/* "live", "expired" or "revoked". */
const char *directory_state_name(const DirectoryEntry *entry, int64_t now_us);
/* The `number`th key that is known, in no order that means anything; false behind the last. */
bool directory_at(MerchantDirectory *directory, size_t number, DirectoryEntry *ret_entry);

/* Load everything through the batch, waiting. Never from the batch thread. A row that does not
 * verify is left out (its alarm has been raised) and counted. */
MUST_USE Status directory_refresh(
        MerchantDirectory *directory, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out);
