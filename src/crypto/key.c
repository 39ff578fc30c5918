#include "crypto/key_inside.h"

#include "base/secret.h"
#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { SPKI_PREFIX_BYTES = 26 };

static void pkey_free(EVP_PKEY **pkey) { EVP_PKEY_free(*pkey); }
static void number_free(BIGNUM **number) { BN_clear_free(*number); }
static void bio_free(BIO **bio) { BIO_free(*bio); }
static void memory_free(uint8_t **memory) { OPENSSL_free(*memory); }

/* --- PEM --- */

void key_der_free(KeyDer *der) { OPENSSL_clear_free(der->data, (size_t)der->size); }

Status key_der_from_pem(Span pem, KeyDer *ret_der)
{
    TRY(library_start());
    REQUIRE(pem.size > 0 && pem.size <= SIGN_KEY_PEM_BYTES_MAX, REFUSED_KEY_FORMAT);
    CLEANUP(bio_free) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    LIBRARY_CHECK(bio != NULL);
    char *label = NULL;
    char *header = NULL;
    KeyDer der = { 0 };
    LIBRARY_REQUIRE(
            PEM_read_bio(bio, &label, &header, &der.data, &der.size) == 1, REFUSED_KEY_FORMAT);
    const size_t label_size = strlen(label);
    const bool fits = label_size < sizeof(der.label) && header[0] == '\0'; /* no encrypted PEM */
    if (fits) memcpy(der.label, label, label_size);
    OPENSSL_free(label);
    OPENSSL_free(header);
    if (!fits) {
        key_der_free(&der);
        return REFUSE(REFUSED_KEY_FORMAT);
    }
    *ret_der = der;
    return OK;
}

/* libcrypto's i2d_re_*_tbs encodes anew and writes to a shared object; the signer signed these
 * bytes. */
Status key_signed_part(Span der, Span *ret_part)
{
    const uint8_t *at = der.data;
    long size = 0;
    int tag = 0;
    int class = 0;
    LIBRARY_REQUIRE(ASN1_get_object(&at, &size, &tag, &class, (long)der.size) == V_ASN1_CONSTRUCTED,
            REFUSED_KEY_FORMAT);
    const uint8_t *part = at;
    LIBRARY_REQUIRE(ASN1_get_object(&at, &size, &tag, &class, size) == V_ASN1_CONSTRUCTED,
            REFUSED_KEY_FORMAT);
    *ret_part = (Span) { part, (size_t)(at - part) + (size_t)size };
    return OK;
}

Status key_signature_bytes(const ASN1_BIT_STRING *bits, Span *ret_signature)
{
    static const long unused_bits = 0x07;
    REQUIRE(bits != NULL && (bits->flags & unused_bits) == 0, REFUSED_SIGNATURE_FORMAT);
    *ret_signature = (Span) { ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits) };
    return OK;
}

Status key_pem_put(const char *label, Span der, Buffer *ret_pem)
{
    CLEANUP(bio_free) BIO *bio = BIO_new(BIO_s_secmem()); /* it may be a private key: wiped */
    LIBRARY_CHECK(bio != NULL);
    LIBRARY_CHECK(PEM_write_bio(bio, label, "", der.data, (long)der.size) > 0);
    char *text = NULL;
    const long size = BIO_get_mem_data(bio, &text);
    LIBRARY_CHECK(size > 0);
    return buffer_put(ret_pem, (Span) { (const uint8_t *)text, (size_t)size });
}

int key_signature_nid(KeyAlgorithm algorithm)
{
    switch (algorithm) {
    case KEY_RSA: return NID_sha256WithRSAEncryption;
    case KEY_SM2: return NID_SM2_with_SM3;
    case KEY_ED25519: return NID_ED25519;
    case KEY_P256: return NID_ecdsa_with_SHA256;
    }
    return NID_undef;
}

/* --- SM2's Z --- */

/* a | b | Gx | Gy of the curve of GB/T 32918.5. */
static const uint8_t sm2_parameters[128] = {
    0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, //
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFC, //
    0x28, 0xE9, 0xFA, 0x9E, 0x9D, 0x9F, 0x5E, 0x34, 0x4D, 0x5A, 0x9E, 0x4B, 0xCF, 0x65, 0x09,
    0xA7, //
    0xF3, 0x97, 0x89, 0xF5, 0x15, 0xAB, 0x8F, 0x92, 0xDD, 0xBC, 0xBD, 0x41, 0x4D, 0x94, 0x0E,
    0x93, //
    0x32, 0xC4, 0xAE, 0x2C, 0x1F, 0x19, 0x81, 0x19, 0x5F, 0x99, 0x04, 0x46, 0x6A, 0x39, 0xC9,
    0x94, //
    0x8F, 0xE3, 0x0B, 0xBF, 0xF2, 0x66, 0x0B, 0xE1, 0x71, 0x5A, 0x45, 0x89, 0x33, 0x4C, 0x74,
    0xC7, //
    0xBC, 0x37, 0x36, 0xA2, 0xF4, 0xF6, 0x77, 0x9C, 0x59, 0xBD, 0xCE, 0xE3, 0x6B, 0x69, 0x21,
    0x53, //
    0xD0, 0xA9, 0x87, 0x7C, 0xC6, 0x2A, 0x47, 0x40, 0x02, 0xDF, 0x32, 0xE5, 0x21, 0x39, 0xF0,
    0xA0, //
};

void key_sm2_z(const uint8_t *point, Span id, uint8_t ret_z[KEY_SM2_Z_BYTES])
{
    ASSERT(id.size > 0 && id.size <= SIGN_SM2_ID_BYTES_MAX);
    const size_t bits = id.size * 8;
    const uint8_t length[2] = { (uint8_t)(bits >> 8), (uint8_t)bits };
    const Span parts[] = { SPAN_OF(length), id, SPAN_OF(sm2_parameters),
        { point + 1, KEY_POINT_BYTES - 1 } };
    digest_parts(DIGEST_SM3, parts, 4, ret_z);
}

/* --- public keys --- */

static Status algorithm_of(const EVP_PKEY *pkey, KeyAlgorithm *ret_algorithm)
{
    char group[32] = "";
    *ret_algorithm = KEY_RSA;
    if (EVP_PKEY_is_a(pkey, "RSA")) return OK;
    *ret_algorithm = KEY_ED25519;
    if (EVP_PKEY_is_a(pkey, "ED25519")) return OK;
    *ret_algorithm = KEY_SM2;
    if (EVP_PKEY_is_a(pkey, "SM2")) return OK;
    *ret_algorithm = KEY_P256;
    LIBRARY_REQUIRE(EVP_PKEY_is_a(pkey, "EC"), REFUSED_KEY_FORMAT);
    LIBRARY_REQUIRE(
            EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1, REFUSED_KEY_FORMAT);
    REQUIRE(strcmp(group, "prime256v1") == 0, REFUSED_KEY_FORMAT);
    return OK;
}

static Status require_strong_rsa(const EVP_PKEY *pkey)
{
    const int bits = EVP_PKEY_get_bits(pkey);
    REQUIRE(bits >= SIGN_RSA_BITS_MIN && bits <= SIGN_RSA_BITS_MAX, REFUSED_KEY_WEAK);
    CLEANUP(number_free) BIGNUM *e = NULL;
    CLEANUP(number_free) BIGNUM *n = NULL;
    LIBRARY_CHECK(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1);
    LIBRARY_CHECK(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1);
    REQUIRE(BN_is_word(e, RSA_F4) && BN_is_odd(n), REFUSED_KEY_WEAK);
    return OK;
}

/* Asks for x and y, so that a key given in compressed form has the same point. */
static Status read_point(const EVP_PKEY *pkey, uint8_t ret_point[KEY_POINT_BYTES])
{
    CLEANUP(number_free) BIGNUM *x = NULL;
    CLEANUP(number_free) BIGNUM *y = NULL;
    LIBRARY_REQUIRE(
            EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1, REFUSED_KEY_FORMAT);
    LIBRARY_REQUIRE(
            EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1, REFUSED_KEY_FORMAT);
    ret_point[0] = 0x04;
    LIBRARY_CHECK(BN_bn2binpad(x, ret_point + 1, 32) == 32);
    LIBRARY_CHECK(BN_bn2binpad(y, ret_point + 33, 32) == 32);
    return OK;
}

static Status prepare_verify(PublicKey *key)
{
    if (key->algorithm == KEY_ED25519) return OK;
    key->verify = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    LIBRARY_CHECK(key->verify != NULL);
    LIBRARY_CHECK(EVP_PKEY_verify_init(key->verify) == 1);
    if (key->algorithm == KEY_RSA)
        LIBRARY_CHECK(EVP_PKEY_CTX_set_rsa_padding(key->verify, RSA_PKCS1_PADDING) == 1);
    const EVP_MD *digest = key->algorithm == KEY_SM2 ? library()->sm3 : library()->sha256;
    LIBRARY_CHECK(EVP_PKEY_CTX_set_signature_md(key->verify, digest) == 1);
    return OK;
}

/* SubjectPublicKeyInfo up to the point: SEQUENCE { SEQUENCE { ecPublicKey, curve }, BIT STRING. */
static const uint8_t sm2_prefix[SPKI_PREFIX_BYTES] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A,
    0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D,
    0x03, 0x42, 0x00 };
static const uint8_t p256_prefix[SPKI_PREFIX_BYTES] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A,
    0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07,
    0x03, 0x42, 0x00 };

static Status spki_of_point(KeyAlgorithm algorithm, Span point, Buffer *ret_der)
{
    TRY(buffer_put(ret_der, algorithm == KEY_SM2 ? SPAN_OF(sm2_prefix) : SPAN_OF(p256_prefix)));
    return buffer_put(ret_der, point);
}

/* libcrypto keeps a compressed point compressed and explicit parameters explicit: one key with
 * several encodings, and so several fingerprints. We keep the key that its bare point makes;
 * reading it checks that the point is on the curve. */
static Status normalize_curve_key(PublicKey *key)
{
    TRY(read_point(key->pkey, key->point));
    uint8_t bytes[SPKI_PREFIX_BYTES + KEY_POINT_BYTES];
    Buffer der = BUFFER_OF(bytes);
    TRY(spki_of_point(key->algorithm, SPAN_OF(key->point), &der));
    const uint8_t *at = bytes;
    EVP_PKEY *same = d2i_PUBKEY(NULL, &at, (long)der.size);
    LIBRARY_REQUIRE(same != NULL, REFUSED_KEY_FORMAT);
    EVP_PKEY_free(key->pkey);
    key->pkey = same;
    return OK;
}

static Status fill_public(PublicKey *key)
{
    TRY(algorithm_of(key->pkey, &key->algorithm));
    if (key->algorithm == KEY_RSA) TRY(require_strong_rsa(key->pkey));
    if (key->algorithm == KEY_SM2 || key->algorithm == KEY_P256) TRY(normalize_curve_key(key));
    if (key->algorithm == KEY_SM2) key_sm2_z(key->point, SPAN("1234567812345678"), key->z);
    return prepare_verify(key);
}

Status key_public_wrap(EVP_PKEY *pkey, PublicKey **ret_key)
{
    CLEANUP(public_key_free) PublicKey *key = OPENSSL_zalloc(sizeof(*key));
    CHECK(key != NULL, FAULT_MEMORY);
    LIBRARY_CHECK(EVP_PKEY_up_ref(pkey) == 1);
    key->pkey = pkey;
    TRY(fill_public(key));
    *ret_key = key;
    key = NULL;
    return OK;
}

Status public_key_from_spki(Span der, PublicKey **ret_key)
{
    TRY(library_start());
    REQUIRE(der.size > 0 && der.size <= SIGN_SPKI_BYTES_MAX, REFUSED_KEY_FORMAT);
    const uint8_t *at = der.data;
    CLEANUP(pkey_free) EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der.size);
    LIBRARY_REQUIRE(pkey != NULL && at == der.data + der.size, REFUSED_KEY_FORMAT);
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(key_public_wrap(pkey, &key));
    /* libcrypto reads BER too. What we would write ourselves is all that we read. */
    uint8_t bytes[SIGN_SPKI_BYTES_MAX];
    Buffer again = BUFFER_OF(bytes);
    TRY(public_key_to_spki(key, &again));
    REQUIRE(span_equal(der, span_of_buffer(&again)), REFUSED_KEY_FORMAT);
    *ret_key = key;
    key = NULL;
    return OK;
}

static Status request_key(const KeyDer *der, X509_REQ *request, PublicKey **ret_key)
{
    EVP_PKEY *pkey = X509_REQ_get0_pubkey(request);
    const ASN1_BIT_STRING *bits = NULL;
    X509_REQ_get0_signature(request, &bits, NULL);
    LIBRARY_REQUIRE(pkey != NULL, REFUSED_KEY_FORMAT);
    Span signed_part = { 0 };
    Span signature = { 0 };
    TRY(key_signature_bytes(bits, &signature));
    TRY(key_signed_part((Span) { der->data, (size_t)der->size }, &signed_part));
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(key_public_wrap(pkey, &key));
    REQUIRE(X509_REQ_get_signature_nid(request) == key_signature_nid(key->algorithm),
            REFUSED_SIGNATURE_INVALID);
    const Status s = sign_verify(key, signed_part, signature);
    if (status_refused(s)) return REFUSE(REFUSED_SIGNATURE_INVALID);
    TRY(s);
    *ret_key = key;
    key = NULL;
    return OK;
}

static Status key_of_request(const KeyDer *der, PublicKey **ret_key)
{
    const uint8_t *at = der->data;
    X509_REQ *request = d2i_X509_REQ(NULL, &at, der->size);
    LIBRARY_REQUIRE(request != NULL, REFUSED_KEY_FORMAT);
    const Status s = request_key(der, request, ret_key);
    X509_REQ_free(request);
    return s;
}

static Status key_of_certificate(const KeyDer *der, PublicKey **ret_key)
{
    const uint8_t *at = der->data;
    X509 *certificate = d2i_X509(NULL, &at, der->size);
    LIBRARY_REQUIRE(certificate != NULL, REFUSED_KEY_FORMAT);
    EVP_PKEY *pkey = X509_get0_pubkey(certificate);
    const Status s = pkey == NULL ? REFUSE(REFUSED_KEY_FORMAT) : key_public_wrap(pkey, ret_key);
    X509_free(certificate);
    return library_failed(s);
}

Status public_key_from_pem(Span pem, PublicKey **ret_key)
{
    CLEANUP(key_der_free) KeyDer der = { 0 };
    TRY(key_der_from_pem(pem, &der));
    if (strcmp(der.label, "PUBLIC KEY") == 0)
        return public_key_from_spki((Span) { der.data, (size_t)der.size }, ret_key);
    if (strcmp(der.label, "CERTIFICATE REQUEST") == 0
            || strcmp(der.label, "NEW CERTIFICATE REQUEST") == 0)
        return key_of_request(&der, ret_key);
    REQUIRE(strcmp(der.label, "CERTIFICATE") == 0, REFUSED_KEY_FORMAT);
    return key_of_certificate(&der, ret_key);
}

Status public_key_from_point(KeyAlgorithm algorithm, Span point, PublicKey **ret_key)
{
    REQUIRE(algorithm == KEY_SM2 || algorithm == KEY_P256, REFUSED_KEY_FORMAT);
    REQUIRE(point.size == KEY_POINT_BYTES && point.data[0] == 0x04, REFUSED_KEY_FORMAT);
    uint8_t bytes[SPKI_PREFIX_BYTES + KEY_POINT_BYTES];
    Buffer der = BUFFER_OF(bytes);
    TRY(spki_of_point(algorithm, point, &der));
    return public_key_from_spki(span_of_buffer(&der), ret_key);
}

Status public_key_to_spki(const PublicKey *key, Buffer *ret_der)
{
    CLEANUP(memory_free) uint8_t *der = NULL;
    const int size = i2d_PUBKEY(key->pkey, &der);
    LIBRARY_CHECK(size > 0);
    return buffer_put(ret_der, (Span) { der, (size_t)size });
}

Status public_key_to_pem(const PublicKey *key, Buffer *ret_pem)
{
    uint8_t bytes[SIGN_SPKI_BYTES_MAX];
    Buffer der = BUFFER_OF(bytes);
    TRY(public_key_to_spki(key, &der));
    return key_pem_put("PUBLIC KEY", span_of_buffer(&der), ret_pem);
}

KeyAlgorithm public_key_algorithm(const PublicKey *key) { return key->algorithm; }

void public_key_fingerprint(const PublicKey *key, uint8_t ret_digest[32])
{
    uint8_t bytes[SIGN_SPKI_BYTES_MAX];
    Buffer der = BUFFER_OF(bytes);
    ASSERT(status_ok(public_key_to_spki(key, &der)));
    sha256(span_of_buffer(&der), ret_digest);
}

void public_key_free(PublicKey **key)
{
    if (*key == NULL) return;
    EVP_PKEY_CTX_free((*key)->verify);
    EVP_PKEY_free((*key)->pkey);
    OPENSSL_free(*key);
    *key = NULL;
}
