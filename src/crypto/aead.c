#include "crypto/aead.h"

#include "base/secret.h"
#include "crypto/ghash.h"
#include "crypto/library_inside.h"

enum {
    BLOCK_BYTES = 16,
    BLOCKS_AT_ONCE = 32, /* what one call into libcrypto encrypts: hides the call's price */
};

static void cipher_free(EVP_CIPHER_CTX **cipher) { EVP_CIPHER_CTX_free(*cipher); /* wipes */ }

size_t aead_key_bytes(AeadSuite suite)
{
    switch (suite) {
    case AEAD_AES_256_GCM: return 32;
    case AEAD_SM4_GCM: return 16;
    case AEAD_AES_128_GCM: return 16;
    }
    return 0;
}

/* --- AES-GCM: libcrypto's --- */

static Status aes_begin(EVP_CIPHER_CTX *cipher, AeadSuite suite, Span key,
        const uint8_t nonce[AEAD_NONCE_BYTES], Span aad, int encrypt)
{
    CHECK(cipher != NULL, FAULT_MEMORY);
    const EVP_CIPHER *type =
            suite == AEAD_AES_256_GCM ? library()->aes_256_gcm : library()->aes_128_gcm;
    /* 12 bytes is libcrypto's nonce size unless told otherwise. */
    LIBRARY_CHECK(EVP_CipherInit_ex2(cipher, type, key.data, nonce, encrypt, NULL) == 1);
    int n = 0;
    if (aad.size > 0)
        LIBRARY_CHECK(EVP_CipherUpdate(cipher, NULL, &n, aad.data, (int)aad.size) == 1);
    return OK;
}

static Status aes_close(AeadSuite suite, Span key, const uint8_t nonce[AEAD_NONCE_BYTES], Span aad,
        Span plain, uint8_t *ret_sealed)
{
    CLEANUP(cipher_free) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    TRY(aes_begin(cipher, suite, key, nonce, aad, 1));
    int n = 0;
    if (plain.size > 0)
        LIBRARY_CHECK(EVP_EncryptUpdate(cipher, ret_sealed, &n, plain.data, (int)plain.size) == 1);
    LIBRARY_CHECK(EVP_EncryptFinal_ex(cipher, ret_sealed + n, &n) == 1);
    uint8_t *tag = ret_sealed + plain.size;
    LIBRARY_CHECK(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, tag) == 1);
    return OK;
}

static Status aes_open(AeadSuite suite, Span key, const uint8_t nonce[AEAD_NONCE_BYTES], Span aad,
        Span cipher_bytes, const uint8_t *tag, uint8_t *ret_plain)
{
    CLEANUP(cipher_free) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    TRY(aes_begin(cipher, suite, key, nonce, aad, 0));
    uint8_t wanted[AEAD_TAG_BYTES];
    memcpy(wanted, tag, sizeof(wanted)); /* the library asks for a writable one */
    LIBRARY_CHECK(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, wanted) == 1);
    int n = 0;
    if (cipher_bytes.size > 0)
        LIBRARY_CHECK(
                EVP_DecryptUpdate(cipher, ret_plain, &n, cipher_bytes.data, (int)cipher_bytes.size)
                == 1);
    LIBRARY_REQUIRE(EVP_DecryptFinal_ex(cipher, ret_plain + n, &n) == 1, REFUSED_AEAD_TAMPERED);
    return OK;
}

/* --- SM4-GCM: SM4 by libcrypto, counters and GHASH by us --- */

typedef struct Sm4Gcm { /* secret */
    EVP_CIPHER_CTX *cipher;
    Ghash hash;
    uint8_t tag_mask[BLOCK_BYTES];
    uint8_t blocks[BLOCKS_AT_ONCE * BLOCK_BYTES];
} Sm4Gcm;

static void sm4_gcm_free(Sm4Gcm *gcm)
{
    EVP_CIPHER_CTX_free(gcm->cipher);
    bytes_wipe(gcm, sizeof(*gcm));
}

static Status encrypt_blocks(Sm4Gcm *gcm, size_t count)
{
    int n = 0;
    LIBRARY_CHECK(
            EVP_EncryptUpdate(gcm->cipher, gcm->blocks, &n, gcm->blocks, (int)(count * BLOCK_BYTES))
            == 1);
    CHECK((size_t)n == count * BLOCK_BYTES, FAULT_CRYPTO);
    return OK;
}

static void put_counter(uint8_t *block, const uint8_t nonce[AEAD_NONCE_BYTES], uint32_t counter)
{
    memcpy(block, nonce, AEAD_NONCE_BYTES);
    for (size_t i = 0; i < 4; i++)
        block[AEAD_NONCE_BYTES + i] = (uint8_t)(counter >> (24 - 8 * i));
}

/* H = E(0) and the mask of the tag E(nonce | 1), in one call. */
static Status sm4_gcm_begin(Sm4Gcm *gcm, Span key, const uint8_t nonce[AEAD_NONCE_BYTES])
{
    gcm->cipher = EVP_CIPHER_CTX_new();
    CHECK(gcm->cipher != NULL, FAULT_MEMORY);
    LIBRARY_CHECK(EVP_EncryptInit_ex2(gcm->cipher, library()->sm4_ecb, key.data, NULL, NULL) == 1);
    LIBRARY_CHECK(EVP_CIPHER_CTX_set_padding(gcm->cipher, 0) == 1);
    memset(gcm->blocks, 0, BLOCK_BYTES);
    put_counter(gcm->blocks + BLOCK_BYTES, nonce, 1);
    TRY(encrypt_blocks(gcm, 2));
    ghash_begin(&gcm->hash, gcm->blocks);
    memcpy(gcm->tag_mask, gcm->blocks + BLOCK_BYTES, BLOCK_BYTES);
    return OK;
}

static Status sm4_gcm_stream(
        Sm4Gcm *gcm, const uint8_t nonce[AEAD_NONCE_BYTES], Span in, uint8_t *ret_out)
{
    uint32_t counter = 2;
    for (size_t done = 0; done < in.size;) {
        const size_t left = in.size - done;
        const size_t now = left < sizeof(gcm->blocks) ? left : sizeof(gcm->blocks);
        const size_t count = (now + BLOCK_BYTES - 1) / BLOCK_BYTES;
        for (size_t i = 0; i < count; i++)
            put_counter(gcm->blocks + i * BLOCK_BYTES, nonce, counter++);
        TRY(encrypt_blocks(gcm, count));
        for (size_t i = 0; i < now; i++)
            ret_out[done + i] = in.data[done + i] ^ gcm->blocks[i];
        done += now;
    }
    return OK;
}

static void sm4_gcm_tag(Sm4Gcm *gcm, Span aad, Span cipher_bytes, uint8_t ret_tag[BLOCK_BYTES])
{
    uint8_t lengths[BLOCK_BYTES];
    for (size_t i = 0; i < 8; i++) {
        lengths[i] = (uint8_t)((uint64_t)aad.size * 8 >> (56 - 8 * i));
        lengths[8 + i] = (uint8_t)((uint64_t)cipher_bytes.size * 8 >> (56 - 8 * i));
    }
    ghash_update(&gcm->hash, aad);
    ghash_update(&gcm->hash, cipher_bytes);
    ghash_update(&gcm->hash, SPAN_OF(lengths));
    ghash_end(&gcm->hash, ret_tag);
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        ret_tag[i] ^= gcm->tag_mask[i];
}

static Status sm4_close(
        Span key, const uint8_t nonce[AEAD_NONCE_BYTES], Span aad, Span plain, uint8_t *ret_sealed)
{
    CLEANUP(sm4_gcm_free) Sm4Gcm gcm = { 0 };
    TRY(sm4_gcm_begin(&gcm, key, nonce));
    TRY(sm4_gcm_stream(&gcm, nonce, plain, ret_sealed));
    sm4_gcm_tag(&gcm, aad, (Span) { ret_sealed, plain.size }, ret_sealed + plain.size);
    return OK;
}

static Status sm4_open(Span key, const uint8_t nonce[AEAD_NONCE_BYTES], Span aad, Span cipher_bytes,
        const uint8_t *tag, uint8_t *ret_plain)
{
    CLEANUP(sm4_gcm_free) Sm4Gcm gcm = { 0 };
    TRY(sm4_gcm_begin(&gcm, key, nonce));
    uint8_t wanted[BLOCK_BYTES];
    sm4_gcm_tag(&gcm, aad, cipher_bytes, wanted);
    REQUIRE(bytes_equal_ct(wanted, tag, sizeof(wanted)), REFUSED_AEAD_TAMPERED);
    return sm4_gcm_stream(&gcm, nonce, cipher_bytes, ret_plain);
}

/* --- both --- */

Status aead_close(AeadSuite suite, Span key, const uint8_t nonce[AEAD_NONCE_BYTES], Span aad,
        Span plain, Buffer *ret_sealed)
{
    ASSERT(key.size > 0 && key.size == aead_key_bytes(suite));
    REQUIRE(plain.size <= AEAD_BYTES_MAX && aad.size <= AEAD_BYTES_MAX, REFUSED_BUFFER_FULL);
    Buffer out = *ret_sealed;
    uint8_t *to = NULL;
    TRY(buffer_reserve(&out, plain.size + AEAD_TAG_BYTES, &to));
    if (suite == AEAD_SM4_GCM) TRY(sm4_close(key, nonce, aad, plain, to));
    if (suite != AEAD_SM4_GCM) TRY(aes_close(suite, key, nonce, aad, plain, to));
    *ret_sealed = out;
    return OK;
}

Status aead_open(AeadSuite suite, Span key, const uint8_t nonce[AEAD_NONCE_BYTES], Span aad,
        Span sealed, Buffer *ret_plain)
{
    ASSERT(key.size > 0 && key.size == aead_key_bytes(suite));
    REQUIRE(sealed.size >= AEAD_TAG_BYTES, REFUSED_AEAD_TAMPERED);
    REQUIRE(sealed.size <= AEAD_BYTES_MAX && aad.size <= AEAD_BYTES_MAX, REFUSED_BUFFER_FULL);
    const Span cipher_bytes = { sealed.data, sealed.size - AEAD_TAG_BYTES };
    const uint8_t *tag = sealed.data + cipher_bytes.size;
    Buffer out = *ret_plain;
    uint8_t *to = NULL;
    TRY(buffer_reserve(&out, cipher_bytes.size, &to));
    const Status s = suite == AEAD_SM4_GCM
            ? sm4_open(key, nonce, aad, cipher_bytes, tag, to)
            : aes_open(suite, key, nonce, aad, cipher_bytes, tag, to);
    if (!status_ok(s)) {
        bytes_wipe(to, cipher_bytes.size);
        return s;
    }
    *ret_plain = out;
    return OK;
}
