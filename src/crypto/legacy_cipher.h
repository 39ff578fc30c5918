#pragma once
/*
 * legacy_cipher: open ciphertext of before Hufu, to migrate it: 3DES (192-bit keys) and bare
 * AES-128 as TP-13 names them, with PKCS#7 padding. Decrypts only: nothing new is made with it.
 *
 * These modes prove nothing about who made the bytes; what comes out is judged like any input.
 * Thread-safe. Floor 1.
 */
#include "base/bytes.h"

enum { LEGACY_KEY_BYTES_MAX = 24, LEGACY_PLAIN_BYTES_MAX = 2048 };

/* On the wire: append only. */
typedef enum LegacyCipher {
    LEGACY_CIPHER_3DES_CBC = 1,
    LEGACY_CIPHER_3DES_ECB = 2,
    LEGACY_CIPHER_AES_128_CBC = 3,
    LEGACY_CIPHER_AES_128_ECB = 4,
} LegacyCipher;

/* 24 or 16; 0 for an unknown cipher. */
size_t legacy_cipher_key_bytes(LegacyCipher cipher);
/* 8 or 16, which is the size of an IV, too; 0 for an unknown cipher. */
size_t legacy_cipher_block_bytes(LegacyCipher cipher);

/*
 * Would this key have hidden anything? Refuses REFUSED_LEGACY_KEY_WEAK: another size than the
 * cipher's, a single repeated byte, a period of up to four bytes, two equal thirds (3DES is single
 * DES then), one of DES's weak or semi-weak keys.
 */
MUST_USE Status legacy_cipher_check_key(LegacyCipher cipher, Span key);

/*
 * Append the plaintext.
 * iv  the cipher's block, or empty in ECB
 * Refuses REFUSED_LEGACY_FORMAT (cipher, sizes, padding), REFUSED_BUFFER_FULL. Faults FAULT_CRYPTO.
 */
MUST_USE Status legacy_cipher_open(
        LegacyCipher cipher, Span key, Span iv, Span sealed, Buffer *ret_plain);
