#pragma once
/*
 * password: slow salted hashes, which can only be checked (TP-6, TP-10, DESIGN section 5.3).
 *
 *     record = version u8 (1) | algorithm u8 | cost u8 | salt u8[16] | digest u8[32]     (51 bytes)
 *
 * The record is a secret too: vault seals it under the pepper. Costs are ids, never free
 * parameters, so a forged record cannot ask for a gigabyte.
 *
 *                         PASSWORD_COST_PIN (~1 ms)        PASSWORD_COST_PASSWORD
 *   PASSWORD_ARGON2ID     m = 2.5 MiB, t = 1, p = 1        m = 19 MiB, t = 2, p = 1
 *   PASSWORD_PBKDF2_SM3   3,000 rounds                     100,000 rounds
 *
 * Sources: RFC 9106 (Argon2id v1.3), RFC 8018 with HMAC-SM3. Thread-safe. Floor 1.
 */
#include "base/seams.h"

enum {
    PASSWORD_SALT_BYTES = 16,
    PASSWORD_DIGEST_BYTES = 32,
    PASSWORD_RECORD_BYTES = 3 + PASSWORD_SALT_BYTES + PASSWORD_DIGEST_BYTES,
    PASSWORD_BYTES_MAX = 128,
};

/* Stored: append only. */
typedef enum PasswordAlgorithm {
    PASSWORD_ARGON2ID = 1,
    PASSWORD_PBKDF2_SM3 = 2,
} PasswordAlgorithm;

typedef enum PasswordCost {
    PASSWORD_COST_PIN = 1,
    PASSWORD_COST_PASSWORD = 2,
} PasswordCost;

typedef struct PasswordRecord {
    PasswordAlgorithm algorithm;
    PasswordCost cost;
    uint8_t salt[PASSWORD_SALT_BYTES];
    uint8_t digest[PASSWORD_DIGEST_BYTES];
} PasswordRecord;

/*
 * Hash `password` (1..PASSWORD_BYTES_MAX bytes) under a fresh salt.
 * Refuses REFUSED_BUFFER_FULL (password size). Faults FAULT_RANDOM, FAULT_MEMORY.
 */
MUST_USE Status password_make(const Random *random, PasswordAlgorithm algorithm, PasswordCost cost,
        Span password, PasswordRecord *ret_record);

/* Hash and compare in constant time. A wrong password is OK with *ret_right false. */
MUST_USE Status password_check(const PasswordRecord *record, Span password, bool *ret_right);

/* Append PASSWORD_RECORD_BYTES. */
MUST_USE Status password_record_put(const PasswordRecord *record, Buffer *ret_bytes);
/* Refuses REFUSED_PASSWORD_RECORD_FORMAT unless `bytes` is exactly one record. */
MUST_USE Status password_record_parse(Span bytes, PasswordRecord *ret_record);
/* PBKDF2-HMAC-SM3 (RFC 8018 section 5.2) of one block, for the published comparison. rounds >= 1.
 */
void password_pbkdf2_sm3(
        Span password, Span salt, uint32_t rounds, uint8_t ret_digest[PASSWORD_DIGEST_BYTES]);
/* For CLEANUP. */
void password_record_wipe(PasswordRecord *record);
