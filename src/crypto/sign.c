#include "crypto/sign.h"

#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/key_inside.h"

#include <openssl/rsa.h>

enum { ED25519_SIGNATURE_BYTES = 64, PREHASH_BYTES = 32 };

static void context_free(EVP_PKEY_CTX **context) { EVP_PKEY_CTX_free(*context); }
static void digest_context_free(EVP_MD_CTX **context) { EVP_MD_CTX_free(*context); }

/* e = SM3(Z | M), GB/T 32918.2 section 6.1. */
static void sm2_prehash(const PublicKey *key, Span id, Span message, uint8_t ret[PREHASH_BYTES])
{
    uint8_t z[KEY_SM2_Z_BYTES];
    memcpy(z, key->z, sizeof(z));
    if (id.size > 0) key_sm2_z(key->point, id, z);
    const Span parts[] = { SPAN_OF(z), message };
    digest_parts(DIGEST_SM3, parts, 2, ret);
}

/* An empty id stands for the default one, whose Z the key has. */
static void prehash(const PublicKey *key, Span id, Span message, uint8_t ret[PREHASH_BYTES])
{
    if (key->algorithm == KEY_SM2)
        sm2_prehash(key, id, message, ret);
    else
        sha256(message, ret);
}

/* --- make --- */

static Status make_ed25519(const PrivateKey *key, Span message, Buffer *ret_signature)
{
    CLEANUP(digest_context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(context != NULL, FAULT_MEMORY);
    LIBRARY_CHECK(EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) == 1);
    uint8_t bytes[ED25519_SIGNATURE_BYTES];
    size_t size = sizeof(bytes);
    LIBRARY_CHECK(EVP_DigestSign(context, bytes, &size, message.data, message.size) == 1);
    return buffer_put(ret_signature, (Span) { bytes, size });
}

static Status make_prehashed(const PrivateKey *key, Span id, Span message, Buffer *ret_signature)
{
    uint8_t digest[PREHASH_BYTES];
    prehash(key->public_half, id, message, digest);
    /* The prepared context is shared; an operation may write to its own copy only. */
    CLEANUP(context_free) EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(key->sign);
    LIBRARY_CHECK(context != NULL);
    uint8_t bytes[SIGN_BYTES_MAX];
    size_t size = sizeof(bytes);
    LIBRARY_CHECK(EVP_PKEY_sign(context, bytes, &size, digest, sizeof(digest)) == 1);
    return buffer_put(ret_signature, (Span) { bytes, size });
}

Status sign_make(const PrivateKey *key, Span message, Buffer *ret_signature)
{
    if (key->algorithm == KEY_ED25519) return make_ed25519(key, message, ret_signature);
    return make_prehashed(key, (Span) { 0 }, message, ret_signature);
}

Status sign_make_sm2(const PrivateKey *key, Span id, Span message, Buffer *ret_signature)
{
    ASSERT(key->algorithm == KEY_SM2 && id.size > 0);
    return make_prehashed(key, id, message, ret_signature);
}

/* --- verify --- */

static Status verify_ed25519(const PublicKey *key, Span message, Span signature)
{
    REQUIRE(signature.size == ED25519_SIGNATURE_BYTES, REFUSED_SIGNATURE_FORMAT);
    CLEANUP(digest_context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(context != NULL, FAULT_MEMORY);
    LIBRARY_CHECK(EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) == 1);
    LIBRARY_REQUIRE(
            EVP_DigestVerify(context, signature.data, signature.size, message.data, message.size)
                    == 1,
            REFUSED_SIGNATURE_INVALID);
    return OK;
}

static Status require_form(const PublicKey *key, Span signature)
{
    uint8_t r[32];
    uint8_t s[32];
    if (key->algorithm != KEY_RSA) return sign_der_parse(key->algorithm, signature, r, s);
    REQUIRE(signature.size == (size_t)EVP_PKEY_get_size(key->pkey), REFUSED_SIGNATURE_FORMAT);
    return OK;
}

static Status verify_prehashed(const PublicKey *key, Span id, Span message, Span signature)
{
    TRY(require_form(key, signature));
    uint8_t digest[PREHASH_BYTES];
    prehash(key, id, message, digest);
    CLEANUP(context_free) EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(key->verify);
    LIBRARY_CHECK(context != NULL);
    LIBRARY_REQUIRE(
            EVP_PKEY_verify(context, signature.data, signature.size, digest, sizeof(digest)) == 1,
            REFUSED_SIGNATURE_INVALID);
    return OK;
}

Status sign_verify(const PublicKey *key, Span message, Span signature)
{
    if (key->algorithm == KEY_ED25519) return verify_ed25519(key, message, signature);
    return verify_prehashed(key, (Span) { 0 }, message, signature);
}

Status sign_verify_raw(const PublicKey *key, Span message, Span signature)
{
    const bool has_raw = key->algorithm == KEY_SM2 || key->algorithm == KEY_P256;
    REQUIRE(has_raw && signature.size == SIGN_RAW_BYTES, REFUSED_SIGNATURE_FORMAT);
    uint8_t memory[SIGN_DER_BYTES_MAX];
    Buffer der = BUFFER_OF(memory);
    TRY(sign_der_write(signature.data, signature.data + SIGN_RAW_BYTES / 2, &der));
    return sign_verify(key, message, span_of_buffer(&der));
}

Status sign_verify_sm2(const PublicKey *key, Span id, Span message, Span signature)
{
    ASSERT(key->algorithm == KEY_SM2 && id.size > 0);
    return verify_prehashed(key, id, message, signature);
}

/* --- RSA-OAEP of the v3 profile: SHA-1 is the default of libcrypto's OAEP as of the wire --- */

static Status oaep_context(EVP_PKEY *pkey, bool encrypt, EVP_PKEY_CTX **ret_context)
{
    CLEANUP(context_free) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    CHECK(context != NULL, FAULT_MEMORY);
    LIBRARY_CHECK((encrypt ? EVP_PKEY_encrypt_init(context) : EVP_PKEY_decrypt_init(context)) == 1);
    LIBRARY_CHECK(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1);
    LIBRARY_CHECK(EVP_PKEY_CTX_set_rsa_oaep_md(context, library()->sha1) == 1);
    LIBRARY_CHECK(EVP_PKEY_CTX_set_rsa_mgf1_md(context, library()->sha1) == 1);
    *ret_context = context;
    context = NULL;
    return OK;
}

Status public_key_encrypt_oaep(const PublicKey *key, Span plain, Buffer *ret_sealed)
{
    REQUIRE(key->algorithm == KEY_RSA, REFUSED_KEY_FORMAT);
    CLEANUP(context_free) EVP_PKEY_CTX *context = NULL;
    TRY(oaep_context(key->pkey, true, &context));
    uint8_t bytes[SIGN_RSA_OAEP_BYTES_MAX];
    size_t size = sizeof(bytes);
    LIBRARY_REQUIRE(EVP_PKEY_encrypt(context, bytes, &size, plain.data, plain.size) == 1,
            REFUSED_BUFFER_FULL);
    return buffer_put(ret_sealed, (Span) { bytes, size });
}

Status private_key_decrypt_oaep(const PrivateKey *key, Span sealed, Buffer *ret_plain)
{
    REQUIRE(key->algorithm == KEY_RSA, REFUSED_KEY_FORMAT);
    CLEANUP(context_free) EVP_PKEY_CTX *context = NULL;
    TRY(oaep_context(key->pkey, false, &context));
    uint8_t bytes[SIGN_RSA_OAEP_BYTES_MAX];
    size_t size = sizeof(bytes);
    LIBRARY_REQUIRE(EVP_PKEY_decrypt(context, bytes, &size, sealed.data, sealed.size) == 1,
            REFUSED_BOX_TAMPERED);
    const Status s = buffer_put(ret_plain, (Span) { bytes, size });
    bytes_wipe(bytes, sizeof(bytes));
    return s;
}
