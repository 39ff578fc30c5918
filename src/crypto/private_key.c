#include "crypto/key_inside.h"

#include "base/secret.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static void pkey_free(EVP_PKEY **pkey) { EVP_PKEY_free(*pkey); }
static void number_free(BIGNUM **number) { BN_clear_free(*number); }
static void pkcs8_free(PKCS8_PRIV_KEY_INFO **info) { PKCS8_PRIV_KEY_INFO_free(*info); }

static Status read_scalar(const EVP_PKEY *pkey, uint8_t ret_scalar[KEY_SCALAR_BYTES])
{
    CLEANUP(number_free) BIGNUM *d = NULL;
    LIBRARY_REQUIRE(
            EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1, REFUSED_KEY_FORMAT);
    LIBRARY_REQUIRE(
            BN_bn2binpad(d, ret_scalar, KEY_SCALAR_BYTES) == KEY_SCALAR_BYTES, REFUSED_KEY_FORMAT);
    return OK;
}

static Status prepare_sign(PrivateKey *key)
{
    if (key->algorithm == KEY_ED25519) return OK;
    key->sign = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    LIBRARY_CHECK(key->sign != NULL);
    LIBRARY_CHECK(EVP_PKEY_sign_init(key->sign) == 1);
    if (key->algorithm == KEY_RSA)
        LIBRARY_CHECK(EVP_PKEY_CTX_set_rsa_padding(key->sign, RSA_PKCS1_PADDING) == 1);
    const EVP_MD *digest = key->algorithm == KEY_SM2 ? library()->sm3 : library()->sha256;
    LIBRARY_CHECK(EVP_PKEY_CTX_set_signature_md(key->sign, digest) == 1);
    return OK;
}

/* A key whose halves do not belong together signs what nobody can verify, and may leak itself. */
static Status require_pair(const PrivateKey *key)
{
    uint8_t bytes[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(bytes);
    const Span message = SPAN("hufu: do these two halves belong together?");
    Status s = sign_make(key, message, &signature);
    if (status_ok(s)) s = sign_verify(key->public_half, message, span_of_buffer(&signature));
    REQUIRE(status_ok(s), REFUSED_KEY_FORMAT);
    return OK;
}

static Status wrap(EVP_PKEY *pkey, PrivateKey **ret_key)
{
    CLEANUP(private_key_free) PrivateKey *key = OPENSSL_zalloc(sizeof(*key));
    CHECK(key != NULL, FAULT_MEMORY);
    LIBRARY_CHECK(EVP_PKEY_up_ref(pkey) == 1);
    key->pkey = pkey;
    TRY(key_public_wrap(pkey, &key->public_half));
    key->algorithm = key->public_half->algorithm;
    if (key->algorithm == KEY_SM2 || key->algorithm == KEY_P256)
        TRY(read_scalar(pkey, key->scalar));
    TRY(prepare_sign(key));
    TRY(require_pair(key));
    *ret_key = key;
    key = NULL;
    return OK;
}

Status private_key_generate_rsa(int bits, PrivateKey **ret_key)
{
    TRY(library_start());
    REQUIRE(bits >= SIGN_RSA_BITS_MIN && bits <= SIGN_RSA_BITS_MAX, REFUSED_KEY_WEAK);
    CLEANUP(pkey_free) EVP_PKEY *pkey = EVP_RSA_gen((unsigned)bits);
    LIBRARY_CHECK(pkey != NULL);
    return wrap(pkey, ret_key);
}

static EVP_PKEY *generate(KeyAlgorithm algorithm)
{
    switch (algorithm) {
    case KEY_RSA: return EVP_RSA_gen(SIGN_RSA_BITS_MIN);
    case KEY_SM2: return EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    case KEY_ED25519: return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case KEY_P256: return EVP_EC_gen("prime256v1");
    }
    return NULL;
}

Status private_key_generate(KeyAlgorithm algorithm, PrivateKey **ret_key)
{
    TRY(library_start());
    CLEANUP(pkey_free) EVP_PKEY *pkey = generate(algorithm);
    LIBRARY_CHECK(pkey != NULL);
    return wrap(pkey, ret_key);
}

Status private_key_from_pkcs8(Span der, PrivateKey **ret_key)
{
    TRY(library_start());
    REQUIRE(der.size > 0 && der.size <= SIGN_PKCS8_BYTES_MAX, REFUSED_KEY_FORMAT);
    const uint8_t *at = der.data;
    CLEANUP(pkcs8_free)
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.size);
    LIBRARY_REQUIRE(info != NULL && at == der.data + der.size, REFUSED_KEY_FORMAT);
    CLEANUP(pkey_free) EVP_PKEY *pkey = EVP_PKCS82PKEY(info);
    LIBRARY_REQUIRE(pkey != NULL, REFUSED_KEY_FORMAT);
    return wrap(pkey, ret_key);
}

Status private_key_from_pem(Span pem, PrivateKey **ret_key)
{
    CLEANUP(key_der_free) KeyDer der = { 0 };
    TRY(key_der_from_pem(pem, &der));
    REQUIRE(strcmp(der.label, "PRIVATE KEY") == 0, REFUSED_KEY_FORMAT);
    return private_key_from_pkcs8((Span) { der.data, (size_t)der.size }, ret_key);
}

Status private_key_to_pkcs8(const PrivateKey *key, Buffer *ret_der)
{
    CLEANUP(pkcs8_free) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
    LIBRARY_CHECK(info != NULL);
    uint8_t *der = NULL;
    const int size = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    LIBRARY_CHECK(size > 0);
    const Status s = buffer_put(ret_der, (Span) { der, (size_t)size });
    OPENSSL_clear_free(der, (size_t)size);
    return s;
}

Status private_key_to_pem(const PrivateKey *key, Buffer *ret_pem)
{
    uint8_t bytes[SIGN_PKCS8_BYTES_MAX];
    Buffer der = BUFFER_OF(bytes);
    Status s = private_key_to_pkcs8(key, &der);
    if (status_ok(s)) s = key_pem_put("PRIVATE KEY", span_of_buffer(&der), ret_pem);
    bytes_wipe(bytes, sizeof(bytes));
    return s;
}

KeyAlgorithm private_key_algorithm(const PrivateKey *key) { return key->algorithm; }

const PublicKey *private_key_public(const PrivateKey *key) { return key->public_half; }

void private_key_free(PrivateKey **key)
{
    if (*key == NULL) return;
    EVP_PKEY_CTX_free((*key)->sign);
    EVP_PKEY_free((*key)->pkey); /* wipes its numbers */
    public_key_free(&(*key)->public_half);
    OPENSSL_clear_free(*key, sizeof(**key));
    *key = NULL;
}
