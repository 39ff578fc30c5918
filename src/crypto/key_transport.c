#include "crypto/key_transport.h"

#include "base/secret.h"
#include "crypto/key_inside.h"

#include <openssl/rsa.h>

static void context_free(EVP_PKEY_CTX **context) { EVP_PKEY_CTX_free(*context); }

static Status begin(EVP_PKEY *pkey, KeyAlgorithm algorithm, bool closes, EVP_PKEY_CTX **ret_context)
{
    REQUIRE(algorithm == KEY_RSA || algorithm == KEY_SM2, REFUSED_KEY_FORMAT);
    CLEANUP(context_free) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    CHECK(context != NULL, FAULT_MEMORY);
    LIBRARY_CHECK((closes ? EVP_PKEY_encrypt_init(context) : EVP_PKEY_decrypt_init(context)) == 1);
    if (algorithm == KEY_RSA) {
        LIBRARY_CHECK(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1);
        LIBRARY_CHECK(EVP_PKEY_CTX_set_rsa_oaep_md(context, library()->sha256) == 1);
        LIBRARY_CHECK(EVP_PKEY_CTX_set_rsa_mgf1_md(context, library()->sha256) == 1);
    } /* SM2: SM3 is the library's own choice */
    *ret_context = context;
    context = NULL;
    return OK;
}

Status key_transport_close(const PublicKey *key, Span plain, Buffer *ret_cipher)
{
    uint8_t bytes[KEY_TRANSPORT_BYTES_MAX];
    size_t size = sizeof(bytes);
    REQUIRE(plain.size > 0 && plain.size <= KEY_TRANSPORT_PLAIN_BYTES_MAX, REFUSED_BUFFER_FULL);
    CLEANUP(context_free) EVP_PKEY_CTX *context = NULL;
    TRY(begin(key->pkey, key->algorithm, true, &context));
    LIBRARY_CHECK(EVP_PKEY_encrypt(context, bytes, &size, plain.data, plain.size) == 1);
    return buffer_put(ret_cipher, (Span) { bytes, size });
}

Status key_transport_open(const PrivateKey *key, Span cipher, Buffer *ret_plain)
{
    uint8_t bytes[KEY_TRANSPORT_BYTES_MAX];
    size_t size = sizeof(bytes);
    REQUIRE(cipher.size > 0 && cipher.size <= KEY_TRANSPORT_BYTES_MAX, REFUSED_BOX_TAMPERED);
    CLEANUP(context_free) EVP_PKEY_CTX *context = NULL;
    TRY(begin(key->pkey, key->algorithm, false, &context));
    LIBRARY_REQUIRE(EVP_PKEY_decrypt(context, bytes, &size, cipher.data, cipher.size) == 1,
            REFUSED_BOX_TAMPERED);
    const Status s = buffer_put(ret_plain, (Span) { bytes, size });
    bytes_wipe(bytes, sizeof(bytes));
    return s;
}
