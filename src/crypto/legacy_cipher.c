#include "crypto/legacy_cipher.h"

#include "base/secret.h"
#include "crypto/library_inside.h"

enum { DES_BYTES = 8, DES_KEYS = 3, PERIOD_MAX = 4 };

static void cipher_free(EVP_CIPHER_CTX **cipher) { EVP_CIPHER_CTX_free(*cipher); /* wipes */ }

static bool is_3des(LegacyCipher cipher)
{
    return cipher == LEGACY_CIPHER_3DES_CBC || cipher == LEGACY_CIPHER_3DES_ECB;
}

static bool is_known(LegacyCipher cipher)
{
    return cipher >= LEGACY_CIPHER_3DES_CBC && cipher <= LEGACY_CIPHER_AES_128_ECB;
}

size_t legacy_cipher_key_bytes(LegacyCipher cipher)
{
    if (!is_known(cipher)) return 0;
    return is_3des(cipher) ? 24 : 16;
}

size_t legacy_cipher_block_bytes(LegacyCipher cipher)
{
    if (!is_known(cipher)) return 0;
    return is_3des(cipher) ? 8 : 16;
}

/* --- keys --- */

/* Weak and semi-weak keys of DES (NIST SP 800-67, section 3.3.2), parity bits cleared. */
static const uint8_t weak_des[][DES_BYTES] = {
    { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },
    { 0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE },
    { 0xE0, 0xE0, 0xE0, 0xE0, 0xF0, 0xF0, 0xF0, 0xF0 },
    { 0x1E, 0x1E, 0x1E, 0x1E, 0x0E, 0x0E, 0x0E, 0x0E },
    { 0x00, 0xFE, 0x00, 0xFE, 0x00, 0xFE, 0x00, 0xFE },
    { 0xFE, 0x00, 0xFE, 0x00, 0xFE, 0x00, 0xFE, 0x00 },
    { 0x1E, 0xE0, 0x1E, 0xE0, 0x0E, 0xF0, 0x0E, 0xF0 },
    { 0xE0, 0x1E, 0xE0, 0x1E, 0xF0, 0x0E, 0xF0, 0x0E },
    { 0x00, 0xE0, 0x00, 0xE0, 0x00, 0xF0, 0x00, 0xF0 },
    { 0xE0, 0x00, 0xE0, 0x00, 0xF0, 0x00, 0xF0, 0x00 },
    { 0x1E, 0xFE, 0x1E, 0xFE, 0x0E, 0xFE, 0x0E, 0xFE },
    { 0xFE, 0x1E, 0xFE, 0x1E, 0xFE, 0x0E, 0xFE, 0x0E },
    { 0x00, 0x1E, 0x00, 0x1E, 0x00, 0x0E, 0x00, 0x0E },
    { 0x1E, 0x00, 0x1E, 0x00, 0x0E, 0x00, 0x0E, 0x00 },
    { 0xE0, 0xFE, 0xE0, 0xFE, 0xF0, 0xFE, 0xF0, 0xFE },
    { 0xFE, 0xE0, 0xFE, 0xE0, 0xFE, 0xF0, 0xFE, 0xF0 },
};

/* Equal but for the parity bits, which DES does not use. */
static bool same_des(const uint8_t *a, const uint8_t *b)
{
    uint8_t different = 0;
    for (size_t i = 0; i < DES_BYTES; i++)
        different |= (uint8_t)((a[i] ^ b[i]) & 0xFE);
    return different == 0;
}

static bool is_weak_des(const uint8_t *key)
{
    bool weak = false;
    for (size_t i = 0; i < sizeof(weak_des) / sizeof(weak_des[0]); i++)
        weak = same_des(key, weak_des[i]) || weak;
    return weak;
}

static bool is_weak_3des(const uint8_t *key)
{
    bool weak = same_des(key, key + DES_BYTES) || same_des(key + DES_BYTES, key + 2 * DES_BYTES)
            || same_des(key, key + 2 * DES_BYTES);
    for (size_t i = 0; i < DES_KEYS; i++)
        weak = is_weak_des(key + i * DES_BYTES) || weak;
    return weak;
}

static bool repeats(Span key, size_t period)
{
    for (size_t i = period; i < key.size; i++) {
        if (key.data[i] != key.data[i - period]) return false;
    }
    return true;
}

Status legacy_cipher_check_key(LegacyCipher cipher, Span key)
{
    REQUIRE(key.size > 0 && key.size == legacy_cipher_key_bytes(cipher), REFUSED_LEGACY_KEY_WEAK);
    for (size_t period = 1; period <= PERIOD_MAX; period++)
        REQUIRE(!repeats(key, period), REFUSED_LEGACY_KEY_WEAK);
    REQUIRE(!is_3des(cipher) || !is_weak_3des(key.data), REFUSED_LEGACY_KEY_WEAK);
    return OK;
}

/* --- ciphertext --- */

static const EVP_CIPHER *type_of(LegacyCipher cipher)
{
    const Library *l = library();
    switch (cipher) {
    case LEGACY_CIPHER_3DES_CBC: return l->des_ede3_cbc;
    case LEGACY_CIPHER_3DES_ECB: return l->des_ede3_ecb;
    case LEGACY_CIPHER_AES_128_CBC: return l->aes_128_cbc;
    case LEGACY_CIPHER_AES_128_ECB: return l->aes_128_ecb;
    }
    return NULL;
}

static bool has_iv(LegacyCipher cipher)
{
    return cipher == LEGACY_CIPHER_3DES_CBC || cipher == LEGACY_CIPHER_AES_128_CBC;
}

static Status decrypt(
        LegacyCipher cipher, Span key, Span iv, Span sealed, uint8_t *ret_plain, size_t *ret_size)
{
    CLEANUP(cipher_free) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    CHECK(context != NULL, FAULT_MEMORY);
    const uint8_t *nonce = has_iv(cipher) ? iv.data : NULL;
    int body = 0;
    int rest = 0;
    LIBRARY_CHECK(EVP_DecryptInit_ex2(context, type_of(cipher), key.data, nonce, NULL) == 1);
    LIBRARY_CHECK(EVP_DecryptUpdate(context, ret_plain, &body, sealed.data, (int)sealed.size) == 1);
    LIBRARY_REQUIRE(
            EVP_DecryptFinal_ex(context, ret_plain + body, &rest) == 1, REFUSED_LEGACY_FORMAT);
    *ret_size = (size_t)body + (size_t)rest;
    return OK;
}

Status legacy_cipher_open(LegacyCipher cipher, Span key, Span iv, Span sealed, Buffer *ret_plain)
{
    const size_t block = legacy_cipher_block_bytes(cipher);
    REQUIRE(block > 0 && key.size == legacy_cipher_key_bytes(cipher), REFUSED_LEGACY_FORMAT);
    REQUIRE(iv.size == (has_iv(cipher) ? block : 0), REFUSED_LEGACY_FORMAT);
    REQUIRE(sealed.size > 0 && sealed.size % block == 0, REFUSED_LEGACY_FORMAT);
    REQUIRE(sealed.size <= LEGACY_PLAIN_BYTES_MAX, REFUSED_LEGACY_FORMAT);
    uint8_t plain[LEGACY_PLAIN_BYTES_MAX + 16];
    size_t size = 0;
    Status s = decrypt(cipher, key, iv, sealed, plain, &size);
    if (status_ok(s)) s = buffer_put(ret_plain, (Span) { plain, size });
    bytes_wipe(plain, sizeof(plain));
    return s;
}
