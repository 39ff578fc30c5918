#include "crypto/key_file.h"

#include "base/seams.h"
#include "base/secret.h"
#include "crypto/key_inside.h"

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

enum { ROUNDS = 600000, SALT_BYTES = 16 };

#define LABEL "ENCRYPTED PRIVATE KEY"

static void envelope_free(X509_SIG **envelope) { X509_SIG_free(*envelope); }
static void pkcs8_free(PKCS8_PRIV_KEY_INFO **info) { PKCS8_PRIV_KEY_INFO_free(*info); }

bool key_file_is_encrypted(Span pem)
{
    CLEANUP(key_der_free) KeyDer der = { 0 };
    return status_ok(key_der_from_pem(pem, &der)) && strcmp(der.label, LABEL) == 0;
}

/* A wrong passphrase and changed bytes look alike: the padding does not come out right. */
static Status decrypt(const X509_SIG *envelope, Span passphrase, Buffer *ret_pkcs8)
{
    CLEANUP(pkcs8_free)
    PKCS8_PRIV_KEY_INFO *info =
            PKCS8_decrypt(envelope, (const char *)passphrase.data, (int)passphrase.size);
    LIBRARY_REQUIRE(info != NULL, REFUSED_KEY_PASSPHRASE);
    uint8_t *der = NULL;
    const int size = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    LIBRARY_CHECK(size > 0);
    const Status s = buffer_put(ret_pkcs8, (Span) { der, (size_t)size });
    OPENSSL_clear_free(der, (size_t)size);
    return s;
}

Status key_file_open(Span pem, Span passphrase, PrivateKey **ret_key)
{
    CLEANUP(key_der_free) KeyDer der = { 0 };
    REQUIRE(passphrase.size <= KEY_FILE_PASSPHRASE_BYTES_MAX, REFUSED_KEY_PASSPHRASE);
    TRY(key_der_from_pem(pem, &der));
    REQUIRE(strcmp(der.label, LABEL) == 0, REFUSED_KEY_FORMAT);
    const uint8_t *at = der.data;
    CLEANUP(envelope_free) X509_SIG *envelope = d2i_X509_SIG(NULL, &at, der.size);
    LIBRARY_REQUIRE(envelope != NULL && at == der.data + der.size, REFUSED_KEY_FORMAT);
    uint8_t bytes[SIGN_PKCS8_BYTES_MAX];
    Buffer pkcs8 = BUFFER_OF(bytes);
    Status s = decrypt(envelope, passphrase, &pkcs8);
    if (status_ok(s)) s = private_key_from_pkcs8(span_of_buffer(&pkcs8), ret_key);
    bytes_wipe(bytes, sizeof(bytes));
    return s;
}

static Status encrypt(const PrivateKey *key, Span passphrase, X509_SIG **ret_envelope)
{
    const Random random = random_system();
    uint8_t salt[SALT_BYTES];
    TRY(random_fill(&random, salt, sizeof(salt)));
    CLEANUP(pkcs8_free) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
    LIBRARY_CHECK(info != NULL);
    *ret_envelope = PKCS8_encrypt(-1, EVP_aes_256_cbc(), (const char *)passphrase.data,
            (int)passphrase.size, salt, sizeof(salt), ROUNDS, info);
    LIBRARY_CHECK(*ret_envelope != NULL);
    return OK;
}

Status key_file_write(const PrivateKey *key, Span passphrase, Buffer *ret_pem)
{
    const bool fits = passphrase.size >= KEY_FILE_PASSPHRASE_BYTES_MIN
            && passphrase.size <= KEY_FILE_PASSPHRASE_BYTES_MAX;
    REQUIRE(fits, REFUSED_KEY_PASSPHRASE);
    CLEANUP(envelope_free) X509_SIG *envelope = NULL;
    TRY(encrypt(key, passphrase, &envelope));
    uint8_t *der = NULL;
    const int size = i2d_X509_SIG(envelope, &der);
    LIBRARY_CHECK(size > 0);
    const Status s = key_pem_put(LABEL, (Span) { der, (size_t)size }, ret_pem);
    OPENSSL_free(der);
    return s;
}
