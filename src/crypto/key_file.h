#pragma once
/*
 * key_file: private keys that rest under a passphrase: PKCS#8 EncryptedPrivateKeyInfo in PEM
 * ("ENCRYPTED PRIVATE KEY", RFC 5958), as openssl writes and reads it. Floor 1.
 *
 *   what we write  PBES2 (RFC 8018): PBKDF2-HMAC-SHA256, 600,000 rounds, 16 bytes of salt;
 *                  AES-256-CBC
 *   what we read   any PBES2 that libcrypto's default provider knows
 */
#include "crypto/sign.h"

enum { KEY_FILE_PASSPHRASE_BYTES_MIN = 12, KEY_FILE_PASSPHRASE_BYTES_MAX = 256 };

/* Does this PEM need a passphrase? */
bool key_file_is_encrypted(Span pem);
/* Refuses REFUSED_KEY_PASSPHRASE (another one), and as private_key_from_pem(). */
MUST_USE Status key_file_open(Span pem, Span passphrase, PrivateKey **ret_key);
/* Append. Refuses REFUSED_KEY_PASSPHRASE (too short or long), REFUSED_BUFFER_FULL. Faults
 * FAULT_CRYPTO, FAULT_RANDOM. */
MUST_USE Status key_file_write(const PrivateKey *key, Span passphrase, Buffer *ret_pem);
